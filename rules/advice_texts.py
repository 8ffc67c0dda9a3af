"""Warns of texts and names that are missing, too long, or say less than the law wants."""

from __future__ import annotations

from collections.abc import Iterable

from router.rights import Silence
from rules.compile import RuleSet
from rules.problems import At, Problems
from rules.scalars import Unreadable
from rules.silence import read_silence

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
_RECEIPTS = ("acknowledgement",)
"""Ids of a supervisor's own text in the place of the built-in receipt."""
_RECEIPT_FIELDS = ("numero", "service")


def advise_texts(ruleset: RuleSet, problems: Problems) -> None:
    """Report what people would read in another language, in pieces, or not at all."""
    _french(ruleset, problems)
    _sms(ruleset, problems)
    _names(ruleset, problems)
    _translations(ruleset, problems)
    _receipts(ruleset, problems)
    _contacts(ruleset, problems)
    _silence(ruleset, problems)
    _court(ruleset, problems)


def _french(ruleset: RuleSet, problems: Problems) -> None:
    configuration = ruleset.configuration
    for name, at in configuration.text_places.items():
        if "fr" not in configuration.texts.get(name, {}):
            problems.warning(
                at,
                "langue-manquante",
                f"Le texte « {name} » n'existe pas en français",
                "Ajoutez « fr: … ».",
            )


def _sms(ruleset: RuleSet, problems: Problems) -> None:
    """Report short texts over one SMS, and long ones that go out by SMS for want of a short one."""
    configuration = ruleset.configuration
    spoken = {one.language for one in configuration.counters if one.channel == "sms"}
    for name, at in configuration.text_places.items():
        short = configuration.short_texts.get(name, {})
        long = configuration.texts.get(name, {})
        sent = [(language, text, "texte court") for language, text in short.items()]
        sent += [
            (language, text, "texte sans version courte")
            for language, text in long.items()
            if language in spoken - short.keys()
        ]
        for language, text, what in sent:
            longest = 160 if set(text) <= _GSM else 70
            if len(text) > longest:
                problems.warning(
                    at,
                    "sms-trop-long",
                    f"Le {what} « {name} » en « {language} » dépasse un SMS "
                    f"({len(text)} caractères sur {longest})",
                    "Écrivez une version courte, sans lettres hors de l'alphabet des SMS.",
                )


def _offered(ruleset: RuleSet) -> list[str]:
    """List the languages in which counters receive."""
    return sorted({one.language for one in ruleset.configuration.counters if one.language})


def _names(ruleset: RuleSet, problems: Problems) -> None:
    configuration = ruleset.configuration
    for language in _offered(ruleset):
        nameless = [
            (one.at, f"la catégorie « {one.id} »")
            for one in configuration.categories.values()
            if language not in one.names
        ]
        nameless += [
            (entry.at, f"le service « {name} »")
            for name, entry in configuration.services.items()
            if language not in entry.service.names
        ]
        if nameless:
            at, first = nameless[0]
            problems.warning(
                at,
                "nom-manquant",
                f"Il manque un nom en « {language} », langue d'un compteur, à {first}"
                f"{_more(nameless)}",
                f"Ajoutez « {language}: … » à leurs noms.",
            )


def _translations(ruleset: RuleSet, problems: Problems) -> None:
    """Report texts that are missing in a language in which a counter receives, French excepted."""
    configuration = ruleset.configuration
    for language in _offered(ruleset):
        missing = [
            (at, name)
            for name, at in configuration.text_places.items()
            if language not in {"fr", *configuration.texts.get(name, {})}
        ]
        if missing:
            at, first = missing[0]
            problems.warning(
                at,
                "langue-manquante",
                f"Il manque en « {language} », langue d'un compteur, le texte « {first} »"
                f"{_more(missing)}",
                f"Ajoutez « {language}: … » ; sinon la personne lit l'anglais ou le français.",
            )


# --- what a receipt owes (code des relations entre le public et l'administration, R112-5) ------------


def _receipts(ruleset: RuleSet, problems: Problems) -> None:
    """Report a receipt of one's own that does not name the case, or the service in charge of it."""
    configuration = ruleset.configuration
    for name in _RECEIPTS:
        long, short = configuration.texts.get(name, {}), configuration.short_texts.get(name, {})
        versions = [
            *long.items(),
            *((f"{language}, court", text) for language, text in short.items()),
        ]
        for language, text in versions:
            lacking = [field for field in _RECEIPT_FIELDS if f"{{{field}}}" not in text]
            if lacking:
                fields = " ni ".join(f"{{{field}}}" for field in lacking)
                problems.warning(
                    configuration.text_places[name],
                    "accuse-incomplet",
                    f"L'accusé de réception « {name} » en « {language} » ne donne pas {fields}",
                    "Ajoutez-les : la personne doit savoir quel service traite sa demande "
                    "(code des relations entre le public et l'administration, R112-5).",
                )


def _contacts(ruleset: RuleSet, problems: Problems) -> None:
    """Report public services in charge of cases that nobody could write to or call."""
    services = ruleset.configuration.services
    named = {ref.id for one in ruleset.rules for ref in one.rule.owners}
    named |= {cell.owner.id for cell in ruleset.configuration.cells}
    for role in ruleset.configuration.roles.values():
        if role.id in named:
            named |= {value.service for value in role.values}
    unreachable = [
        (entry.at, name)
        for name, entry in services.items()
        if name in named and not (entry.service.contact.address or entry.service.contact.phone)
    ]
    if unreachable:
        at, first = unreachable[0]
        have = "n'ont" if unreachable[1:] else "n'a"
        problems.warning(
            at,
            "contact-manquant",
            f"Le service « {first} »{_more(unreachable)} {have} ni adresse postale ni téléphone",
            "Ajoutez-les à « contact » : un accusé de réception les doit à la personne (R112-5).",
        )


def _silence(ruleset: RuleSet, problems: Problems) -> None:
    """Report categories that do not say what silence means, by themselves or a parent."""
    configuration = ruleset.configuration
    categories = configuration.categories
    mute = [
        (one.at, f"la catégorie « {one.id} »")
        for one in categories.values()
        if not any(categories[name].silence for name in configuration.ancestry(one.id))
    ]
    if mute:
        at, first = mute[0]
        problems.warning(
            at,
            "silence-non-dit",
            f"Ce que vaut le silence de l'administration n'est pas dit pour {first}{_more(mute)}",
            "Ajoutez « silence: … » (R112-5), ou « silence: sans objet » pour un signalement.",
        )


def _court(ruleset: RuleSet, problems: Problems) -> None:
    """Report refusals by silence that no receipt could tell how to contest."""
    configuration = ruleset.configuration
    refused = [
        (one.at, f"la catégorie « {one.id} »")
        for one in configuration.categories.values()
        if _refuses(one.silence)
    ]
    if refused and not configuration.court:
        at, first = refused[0]
        problems.warning(
            at,
            "tribunal-manquant",
            f"Le silence vaut rejet pour {first}{_more(refused)}, et aucun tribunal n'est nommé",
            "Ajoutez « tribunal: … » en tête du fichier : un accusé de réception le doit (R112-5).",
        )


def _refuses(silence: str) -> bool:
    try:
        said = read_silence(silence) if silence else None
    except Unreadable:
        return False
    return said is not None and said.meaning is Silence.REFUSED


def _more(found: Iterable[tuple[At, str]]) -> str:
    others = len(list(found)) - 1
    if not others:
        return ""
    return f" et {others} autres" if others > 1 else " et un autre"
