"""Reads the blocks ``si`` and ``sauf`` into conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from router.decision import Nature, Urgency
from rules import scalars
from rules.conditions import facts, place, time, words
from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.fields import Fields
from rules.names import Names
from rules.problems import Problems
from rules.read_words import Unless, groups, one_group
from rules.vocabulary import (
    CHANNELS,
    COUNTED_BY,
    NATURES,
    SENDERS,
    URGENCIES,
)
from rules.yaml_tree import Mapping as MappingNode
from rules.yaml_tree import Node, Scalar, Sequence

DEEPEST_LOGIC = 3
URGENCY = {
    "basse": Urgency.LOW,
    "normale": Urgency.NORMAL,
    "haute": Urgency.HIGH,
    "immediate": Urgency.IMMEDIATE,
}


def show(node: Node) -> str:
    """Write a value back on one line, for people."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return f"[{', '.join(show(item) for item in node.items)}]"
    return "{" + ", ".join(f"{key.text}: {show(value)}" for key, value in node.entries) + "}"


class ConditionReader:
    """Reads the conditions of one file."""

    def __init__(self, names: Names, problems: Problems, language: str) -> None:
        self.names = names
        self.problems = problems
        self.language = language
        self._readers: Mapping[str, Callable[[Fields, str, str], Condition | None]] = {
            "contient": self._contains,
            "contient_tous": self._contains_all,
            "categorie": self._category,
            "canal": self._channel,
            "langue": self._language,
            "urgence": self._urgency,
            "desordre": self._annoyance,
            "commune": self._commune,
            "dans": self._inside,
            "code_postal": self._postcode,
            "sur": self._on,
            "pres_de": self._near,
            "rue": self._street,
            "recu": self._received,
            "recurrence": self._recurrence,
            "confirmations": self._confirmations,
            "afflux": self._surge,
            "piece_jointe": self._attachment,
            "expediteur": self._sender,
            "nature": self._nature,
            "regle": self._rule,
        }
        self._unless = Unless()

    def blocks(self, node: Node, unless_negated: bool) -> tuple[Block, ...]:
        """Read a block, or a list of blocks of which one is enough."""
        self._unless = Unless(unless_negated)
        return self._blocks(node, 0)

    def _blocks(self, node: Node, depth: int) -> tuple[Block, ...]:
        nodes = node.items if isinstance(node, Sequence) else (node,)
        if isinstance(node, Sequence) and not node.items:
            self._empty(node)
        return tuple(self._block(one, depth) for one in nodes)

    def _empty(self, node: Node) -> None:
        self.problems.error(
            node.at,
            "bloc-vide",
            "Ce bloc de conditions est vide",
            "Écrivez au moins une condition.",
        )

    def _block(self, node: Node, depth: int) -> Block:
        fields = Fields(node, "condition", self.problems, self.language)
        if isinstance(node, MappingNode) and not node.entries:
            self._empty(node)
        found: list[Condition] = []
        for key in fields.values:
            if key in {"un_de", "tous", "aucun_de"}:
                condition: Condition | None = self._combined(fields, key, depth)
            else:
                condition = self._readers[key](fields, key, show(fields.values[key]))
            if condition is not None:
                found.append(condition)
        return Block(tuple(found))

    def _combined(self, fields: Fields, key: str, depth: int) -> Condition | None:
        node = fields.values[key]
        at = fields.keys[key].at
        if depth >= DEEPEST_LOGIC:
            self.problems.error(
                at,
                "trop-imbrique",
                f"« {fields.said(key)} » est imbriqué sur plus de {DEEPEST_LOGIC} niveaux",
                "Séparez en plusieurs règles.",
            )
            return None
        if not isinstance(node, Sequence):
            self.problems.error(
                node.at,
                "liste-attendue",
                f"« {fields.said(key)} » attend une liste de blocs",
                f"Écrivez « {fields.said(key)}: [{{…}}, {{…}}] ».",
            )
            return None
        blocks = self._blocks(node, depth + 1)
        return Combined(key=key, written=show(node), at=at, blocks=blocks)

    # --- words -----------------------------------------------------------------------------------

    def _contains(self, fields: Fields, key: str, written: str) -> Condition | None:
        group = one_group(fields.values[key], fields, key, self.names, self._unless)
        if group is None:
            return None
        return words.Contains(key=key, written=written, at=fields.keys[key].at, groups=(group,))

    def _contains_all(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = groups(fields.values[key], fields, key, self.names, self._unless)
        if not found:
            return None
        return words.Contains(key=key, written=written, at=fields.keys[key].at, groups=found)

    # --- place -----------------------------------------------------------------------------------

    def _commune(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(filter(None, map(self.names.commune, fields.scalars(key))))
        at = fields.where(key)
        return place.Inside(key=key, written=written, at=at, territories=found) if found else None

    def _inside(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(filter(None, map(self.names.territory, fields.scalars(key))))
        at = fields.where(key)
        return place.Inside(key=key, written=written, at=at, territories=found) if found else None

    def _postcode(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = []
        for scalar in fields.scalars(key):
            code = scalar.text.strip().replace(" ", "")
            if len(code) != 5 or not code.isdigit():
                self.problems.error(
                    scalar.at,
                    "valeur-illisible",
                    f"« {scalar.text} » n'est pas un code postal",
                    "Écrivez cinq chiffres.",
                )
            else:
                found.append(code)
        communes = frozenset(c for code in found for c in self.names.postcodes.get(code, ()))
        if not found:
            return None
        return place.HasPostcode(
            key=key,
            written=written,
            at=fields.where(key),
            postcodes=frozenset(found),
            communes=communes,
        )

    def _on(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = [self.names.layer(scalar) for scalar in fields.scalars(key)]
        layers = tuple((name, self.names.layers.get(name, 0.0)) for name in found if name)
        if not layers:
            return None
        return place.NearObject(key=key, written=written, at=fields.where(key), layers=layers)

    def _near(self, fields: Fields, key: str, written: str) -> Condition | None:
        inner = Fields(fields.values[key], "pres_de", self.problems, self.language)
        inner.require("quoi", "a_moins_de")
        metres = inner.read("a_moins_de", scalars.metres)
        found = [self.names.layer(scalar) for scalar in inner.scalars("quoi")]
        layers = tuple((name, metres) for name in found if name and metres is not None)
        if not layers:
            return None
        return place.NearObject(key=key, written=written, at=fields.where(key), layers=layers)

    def _street(self, fields: Fields, key: str, written: str) -> Condition | None:
        streets = tuple(filter(None, map(place.street_tokens, fields.texts(key))))
        if not streets:
            return None
        return place.OnStreet(key=key, written=written, at=fields.where(key), streets=streets)

    # --- facts -----------------------------------------------------------------------------------

    def _category(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(filter(None, map(self.names.category, fields.scalars(key))))
        if not found:
            return None
        return facts.CategoryIs(key=key, written=written, at=fields.where(key), categories=found)

    def _channel(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(fields.some_of(key, CHANNELS))
        at = fields.where(key)
        return facts.ChannelIs(key=key, written=written, at=at, channels=found) if found else None

    def _language(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(language_codes(fields, key))
        if not found:
            return None
        return facts.LanguageIs(key=key, written=written, at=fields.where(key), languages=found)

    def _urgency(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(URGENCY[name] for name in fields.some_of(key, URGENCIES))
        if not found:
            return None
        return facts.UrgencyIs(key=key, written=written, at=fields.where(key), urgencies=found)

    def _annoyance(self, fields: Fields, key: str, written: str) -> Condition | None:
        least, most = self._bounds(fields, key)
        values: frozenset[int] = frozenset()
        if not isinstance(fields.values[key], MappingNode):
            values = frozenset(fields.read_all(key, scalars.whole))
        if least is None and most is None and not values:
            return None
        for bound in (least, most, *values):
            if bound is not None and not 1 <= bound <= 10:
                self.problems.error(
                    fields.where(key),
                    "valeur-illisible",
                    f"« {bound} » sort de l'échelle de 1 à 10",
                    "Écrivez un nombre de 1 à 10.",
                )
        at = fields.where(key)
        return facts.Annoyance(
            key=key, written=written, at=at, values=values, least=least, most=most
        )

    def _bounds(self, fields: Fields, key: str) -> tuple[int | None, int | None]:
        node = fields.values[key]
        if not isinstance(node, MappingNode):
            return None, None
        inner = Fields(node, "bornes", self.problems, self.language)
        if not inner.values:
            inner.require("min")
        least, most = inner.read("min", scalars.whole), inner.read("max", scalars.whole)
        if least is not None and most is not None and least > most:
            self.problems.error(
                inner.where("max"),
                "contradiction",
                f"Le maximum {most} est plus petit que le minimum {least}",
                "Échangez les deux nombres.",
            )
        return least, most

    def _received(self, fields: Fields, key: str, written: str) -> Condition | None:
        inner = Fields(fields.values[key], "recu", self.problems, self.language)
        if not inner.values:
            inner.require("heures")
            return None
        days = inner.read_all("jours", scalars.weekdays)
        calendars = {
            name: tuple(filter(None, map(self.names.calendar, inner.scalars(name))))
            for name in ("dans", "sauf")
        }
        return time.Received(
            key=key,
            written=written,
            at=fields.where(key),
            hours=inner.read_all("heures", scalars.hours),
            days=frozenset(day for some in days for day in some),
            season=inner.season(),
            within=calendars["dans"],
            unless=calendars["sauf"],
        )

    def _recurrence(self, fields: Fields, key: str, written: str) -> Condition | None:
        inner = Fields(fields.values[key], "recurrence", self.problems, self.language)
        inner.require("fois")
        inner.read("en", scalars.duration)
        inner.some_of("par", COUNTED_BY)
        return self._count(fields, key, written, inner.read("fois", scalars.whole))

    def _confirmations(self, fields: Fields, key: str, written: str) -> Condition | None:
        least, most = self._bounds(fields, key)
        if not isinstance(fields.values[key], MappingNode):
            least = fields.read(key, scalars.whole)
        return self._count(fields, key, written, least, most)

    def _surge(self, fields: Fields, key: str, written: str) -> Condition | None:
        inner = Fields(fields.values[key], "afflux", self.problems, self.language)
        inner.require("fois")
        for scalar in inner.scalars("categorie"):
            self.names.category(scalar)
        for scalar in inner.scalars("dans"):
            self.names.territory(scalar)
        inner.read("en", scalars.duration)
        return self._count(fields, key, written, inner.read("fois", scalars.whole))

    def _count(
        self, fields: Fields, key: str, written: str, least: int | None, most: int | None = None
    ) -> Condition | None:
        if least is None and most is None:
            return None
        at = fields.where(key)
        return facts.Count(key=key, written=written, at=at, least=least, most=most)

    def _attachment(self, fields: Fields, key: str, written: str) -> Condition | None:
        wanted = fields.read(key, scalars.yes)
        if wanted is None:
            return None
        return facts.HasAttachment(key=key, written=written, at=fields.where(key), wanted=wanted)

    def _sender(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(fields.some_of(key, SENDERS))
        at = fields.where(key)
        return facts.SenderIs(key=key, written=written, at=at, kinds=found) if found else None

    def _nature(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = frozenset(Nature(name) for name in fields.some_of(key, NATURES))
        at = fields.where(key)
        return facts.NatureIs(key=key, written=written, at=at, natures=found) if found else None

    def _rule(self, fields: Fields, key: str, written: str) -> Condition | None:
        found = []
        for scalar in fields.scalars(key):
            word = scalar.text.strip()
            if self.names.rules is None or word in self.names.rules:
                found.append(word)
            else:
                self.names.unknown_rule(scalar)
        if not found:
            return None
        return facts.RuleHolds(key=key, written=written, at=fields.where(key), rules=tuple(found))


def language_codes(fields: Fields, key: str) -> list[str]:
    """Read language codes: two or three letters."""
    found = []
    for scalar in fields.scalars(key):
        code = scalar.text.strip().lower()
        if code.isascii() and code.isalpha() and 2 <= len(code) <= 3:
            found.append(code)
        else:
            fields.problems.error(
                scalar.at,
                "langue-inconnue",
                f"« {scalar.text} » n'est pas un code de langue",
                "Écrivez deux lettres : fr, en, ar…",
            )
    return found
