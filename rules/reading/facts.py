"""Reads the conditions on one fact: category, channel, language, time, counts, sender, nature."""

from __future__ import annotations

from router.decision import Nature, Urgency
from rules import scalars
from rules.conditions import facts, time
from rules.conditions.counts import Counted, Tally
from rules.conditions.source import Condition
from rules.languages import is_language
from rules.reading.fields import Fields
from rules.reading.value import Value
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.scalars import Duration
from rules.vocabulary import CHANNELS, COUNTED_BY, NATURES, SENDERS, URGENCIES

URGENCY = {
    "basse": Urgency.LOW,
    "normale": Urgency.NORMAL,
    "haute": Urgency.HIGH,
    "immediate": Urgency.IMMEDIATE,
}


def category(value: Value) -> Condition | None:
    found = frozenset(filter(None, map(value.names.category, value.scalars())))
    return facts.CategoryIs(**value.origin, categories=found) if found else None


def channel(value: Value) -> Condition | None:
    found = frozenset(value.fields.some_of(value.key, CHANNELS))
    return facts.ChannelIs(**value.origin, channels=found) if found else None


def language(value: Value) -> Condition | None:
    found = frozenset(language_codes(value.fields, value.key))
    return facts.LanguageIs(**value.origin, languages=found) if found else None


def urgency(value: Value) -> Condition | None:
    found = frozenset(URGENCY[name] for name in value.fields.some_of(value.key, URGENCIES))
    return facts.UrgencyIs(**value.origin, urgencies=found) if found else None


def sender(value: Value) -> Condition | None:
    found = frozenset(value.fields.some_of(value.key, SENDERS))
    return facts.SenderIs(**value.origin, kinds=found) if found else None


def nature(value: Value) -> Condition | None:
    found = frozenset(Nature(name) for name in value.fields.some_of(value.key, NATURES))
    return facts.NatureIs(**value.origin, natures=found) if found else None


def attachment(value: Value) -> Condition | None:
    wanted = value.scalar(scalars.yes)
    return None if wanted is None else facts.HasAttachment(**value.origin, wanted=wanted)


def rule(value: Value) -> Condition | None:
    found = []
    for scalar in value.scalars():
        word = scalar.text.strip()
        if value.names.rules is None or word in value.names.rules:
            found.append(word)
        else:
            value.names.unknown_rule(scalar)
    return facts.RuleHolds(**value.origin, rules=tuple(found)) if found else None


def annoyance(value: Value) -> Condition | None:
    least, most = _bounds(value)
    exact = None if isinstance(value.node, MappingNode) else value.scalar(scalars.whole)
    values = frozenset() if exact is None else frozenset({exact})
    if least is None and most is None and not values:
        return None
    for bound in (least, most, exact):
        if bound is not None and not 1 <= bound <= 10:
            value.problems.error(
                value.at,
                "valeur-illisible",
                f"« {bound} » sort de l'échelle de 1 à 10",
                "Écrivez un nombre de 1 à 10.",
            )
    return facts.Annoyance(**value.origin, values=values, least=least, most=most)


def _bounds(value: Value) -> tuple[int | None, int | None]:
    if not isinstance(value.node, MappingNode):
        return None, None
    inner = value.block("bornes")
    if not inner.values:
        inner.require("min")
    least, most = inner.read("min", scalars.whole), inner.read("max", scalars.whole)
    if least is not None and most is not None and least > most:
        value.problems.error(
            inner.where("max"),
            "contradiction",
            f"Le maximum {most} est plus petit que le minimum {least}",
            "Échangez les deux nombres.",
        )
    return least, most


def received(value: Value) -> Condition | None:
    inner = value.block("recu")
    if not inner.values:
        inner.require("heures")
        return None
    days = inner.read_all("jours", scalars.weekdays)
    within, unless = (
        tuple(filter(None, map(value.names.calendar, inner.scalars(name))))
        for name in ("dans", "sauf")
    )
    return time.Received(
        **value.origin,
        hours=inner.read_all("heures", scalars.hours),
        days=frozenset(day for some in days for day in some),
        season=inner.season(),
        within=within,
        unless=unless,
    )


def recurrence(value: Value) -> Condition | None:
    """Read how often the same was said before; without « par » at the place, within 30 days."""
    inner = value.block("recurrence")
    inner.require("fois")
    window = inner.read("en", scalars.duration) or Duration(30, "jours")
    same = inner.some_of("par", COUNTED_BY) or ("lieu",)
    if "lieu" in same and "categorie" not in same:
        same = (*same, "categorie")  # the same thing, at the same place
    here = (value.territory,) if same == ("categorie",) and value.territory else ()
    least = inner.read("fois", scalars.at_least_once)
    return _counted(value, least, Tally(window, tuple(sorted(same)), territories=here))


def confirmations(value: Value) -> Condition | None:
    least, most = _bounds(value)
    if not isinstance(value.node, MappingNode):
        least = value.scalar(scalars.whole)
    if least is None and most is None:
        return None
    return facts.Confirmations(**value.origin, least=least, most=most)


def surge(value: Value) -> Condition | None:
    """Read how many came; without « categorie » of the same, without « en » within a day."""
    inner = value.block("afflux")
    inner.require("fois")
    categories = filter(None, map(value.names.category, inner.scalars("categorie")))
    places = filter(None, map(value.names.territory, inner.scalars("dans")))
    tally = Tally(
        inner.read("en", scalars.duration) or Duration(1, "jours"),
        same=() if "categorie" in inner else ("categorie",),
        categories=tuple(categories),
        territories=tuple(places) or ((value.territory,) if value.territory else ()),
        itself=True,
    )
    return _counted(value, inner.read("fois", scalars.at_least_once), tally)


def _counted(value: Value, least: int | None, tally: Tally) -> Condition | None:
    return None if least is None else Counted(**value.origin, least=least, tally=tally)


def language_codes(fields: Fields, key: str) -> list[str]:
    """Read language codes: two or three letters."""
    found = []
    for scalar in fields.scalars(key):
        code = scalar.text.strip().lower()
        if is_language(code):
            found.append(code)
        else:
            fields.problems.error(
                scalar.at,
                "langue-inconnue",
                f"« {scalar.text} » n'est pas un code de langue",
                "Écrivez deux lettres : fr, en, ar…",
            )
    return found
