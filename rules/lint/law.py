"""Warns where a receipt would say less than the law wants.

The code des relations entre le public et l'administration, R112-5, lists what it owes.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.directory import Statute
from router.rights import Silence
from rules.compile import RuleSet
from rules.lint.texts import more
from rules.model import Configuration, ServiceEntry
from rules.problems import Problems
from rules.scalars import Unreadable
from rules.silence import read_silence

_RECEIPTS = ("acknowledgement",)
"""Ids of a supervisor's own text in the place of the built-in receipt."""
_RECEIPT_FIELDS = ("numero", "service")


def advise_law(ruleset: RuleSet, problems: Problems) -> None:
    """Report what receipts lack: the number, the service, its contact, and what silence means."""
    _receipts(ruleset, problems)
    _contacts(ruleset, problems)
    _relays(ruleset, problems)
    _reachable(ruleset, problems)
    _silence(ruleset, problems)
    _court(ruleset, problems)


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


def _in_charge(ruleset: RuleSet) -> list[ServiceEntry]:
    """List the services that rules, competences and roles put in charge of cases."""
    named = {ref.id for one in ruleset.rules for ref in one.rule.owners}
    named |= {cell.owner.id for cell in ruleset.configuration.cells}
    return _meant(ruleset.configuration, named)


def _meant(configuration: Configuration, names: Iterable[str]) -> list[ServiceEntry]:
    """List the services that names mean, in the order of their file."""
    meant = {entry.service.id for name in names for entry in configuration.services_of(name)}
    return [entry for name, entry in configuration.services.items() if name in meant]


def _contacts(ruleset: RuleSet, problems: Problems) -> None:
    """Report services in charge of cases that nobody could write to or call."""
    unreachable = [
        (entry.at, entry.service.id)
        for entry in _in_charge(ruleset)
        if not (entry.service.contact.address or entry.service.contact.phone)
    ]
    if unreachable:
        at, first = unreachable[0]
        have = "n'ont" if unreachable[1:] else "n'a"
        problems.warning(
            at,
            "contact-manquant",
            f"Le service « {first} »{more(unreachable)} {have} ni adresse postale ni téléphone",
            "Ajoutez-les à « contact » : un accusé de réception les doit à la personne (R112-5).",
        )


def _relays(ruleset: RuleSet, problems: Problems) -> None:
    """Report public services that can be rung, but not by deaf and aphasic people."""
    unheard = [
        (entry.at, entry.service.id)
        for entry in _in_charge(ruleset)
        if entry.service.statute is not Statute.PRIVATE
        and entry.service.contact.phone
        and not entry.service.contact.deaf_relay
    ]
    if unheard:
        at, first = unheard[0]
        problems.warning(
            at,
            "relais-manquant",
            f"Le téléphone du service « {first} »{more(unheard)} est donné sans son relais pour "
            "les personnes sourdes ou aphasiques",
            "Ajoutez « relais_sourds: … » à « contact » : les services publics que l'on appelle "
            "doivent être joints ainsi (loi du 7 octobre 2016, article 105).",
        )


def _reachable(ruleset: RuleSet, problems: Problems) -> None:
    """Report services in charge of requests that silence decides, with half of a contact."""
    configuration = ruleset.configuration
    families = {one.family for one in configuration.categories.values() if _decides(one.silence)}
    named = {cell.owner.id for cell in configuration.cells if cell.family in families}
    half = [
        (
            entry.at,
            entry.service.id,
            "téléphone" if entry.service.contact.address else "adresse postale",
        )
        for entry in _meant(configuration, named)
        if bool(entry.service.contact.address) is not bool(entry.service.contact.phone)
    ]
    if half:
        at, first, lacking = half[0]
        others = more((at, name) for at, name, _ in half)
        problems.warning(
            at,
            "contact-incomplet",
            f"Le service « {first} »{others} reçoit des demandes que le silence décide : "
            f"il lui manque « {lacking} »",
            "Complétez « contact » : l'accusé de réception doit l'adresse postale et le "
            "téléphone (R112-5).",
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
            f"Ce que vaut le silence de l'administration n'est pas dit pour {first}{more(mute)}",
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
            f"Le silence vaut rejet pour {first}{more(refused)}, et aucun tribunal n'est nommé",
            "Ajoutez « tribunal: … » en tête du fichier : un accusé de réception le doit (R112-5).",
        )


def _refuses(silence: str) -> bool:
    return _meaning(silence) is Silence.REFUSED


def _decides(silence: str) -> bool:
    return _meaning(silence) is not None


def _meaning(silence: str) -> Silence | None:
    try:
        said = read_silence(silence) if silence else None
    except Unreadable:
        return None
    return said.meaning if said else None
