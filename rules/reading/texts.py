"""Reads textes/*.yaml and calendriers.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rules import scalars
from rules.calendars import BUILT_IN, Calendar
from rules.languages import is_language
from rules.problems import At, Problems, proposal
from rules.reading.commas import cut_texts, tell_of_cut
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.services import take
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar
from rules.vocabulary import plain

TEXT_FIELDS = ("numero", "service", "delai", "lieu")
_FIELD = re.compile(r"\{([^{}\s]*)\}")
_STRAY = re.compile(r"[{}]+")


@dataclass(slots=True)
class Written:
    """Texts by id and language, the long ones and those for SMS."""

    long: dict[str, dict[str, str]] = field(default_factory=dict)
    short: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, At] = field(default_factory=dict)


def read_texts(fields: Fields, problems: Problems, written: Written) -> None:
    """Read one file of texts into ``written``; ids are unique over the folder."""
    fields.require("textes")
    for key, node in fields.entries("textes"):
        name = key.text.strip()
        take(written.places, name, key.at, "le texte", problems)
        if not isinstance(node, MappingNode) or not node.entries:
            problems.error(
                key.at,
                "valeur-vide",
                f"Le texte « {name} » n'a aucune langue",
                f"Écrivez « {name}: {{fr: …}} ».",
            )
            continue
        long = written.long.setdefault(name, {})
        short = written.short.setdefault(name, {})
        cuts = cut_texts(node)
        for language, value in node.entries:
            if language.at in cuts:
                tell_of_cut(language, cuts[language.at], problems)
            elif plain(language.text) in {"court", "short"}:
                for inner, text in getattr(value, "entries", ()):
                    _translation(inner, text, short, problems)
            else:
                _translation(language, value, long, problems)


def _translation(key: Scalar, node: Node, into: dict[str, str], problems: Problems) -> None:
    code = key.text.strip().lower()
    if not is_language(code):
        problems.error(
            key.at,
            "langue-inconnue",
            f"« {key.text} » n'est pas un code de langue",
            "Écrivez deux lettres (fr, en, ar…), ou « court ».",
        )
        return
    if not isinstance(node, Scalar) or node.empty:
        problems.error(
            node.at,
            "valeur-simple",
            f"Le texte en « {code} » manque",
            f"Écrivez « {code}: texte ».",
        )
        return
    for found in _FIELD.findall(node.text):
        if found not in TEXT_FIELDS:
            problems.error(
                node.at,
                "champ-inconnu",
                f"Le champ « {{{found}}} » n'existe pas dans les textes",
                proposal(found, TEXT_FIELDS),
            )
    if stray := _STRAY.search(_FIELD.sub("", node.text)):
        problems.error(
            node.at,
            "champ-inconnu",
            f"Dans ce texte, l'accolade « {stray[0]} » n'entoure aucun champ",
            "Écrivez « {numero} », avec une seule accolade de chaque côté et sans espace.",
        )
    into[code] = node.text.strip()


def calendar_ids(fields: Fields) -> list[str]:
    return [key.text.strip() for key, _ in fields.entries("calendriers")]


def read_calendars(fields: Fields, names: Names, problems: Problems) -> dict[str, Calendar]:
    found: dict[str, Calendar] = {}
    for key, node in fields.entries("calendriers"):
        name = key.text.strip()
        if name in BUILT_IN:
            problems.error(
                key.at,
                "id-en-double",
                f"Le calendrier « {name} » existe déjà, il est fourni",
                "Choisissez un autre nom.",
            )
            continue
        inner = Fields(node, "calendrier", problems, fields.language)
        days = inner.read_all("jours", scalars.weekdays)
        found[name] = Calendar(
            id=name,
            days=frozenset(day for some in days for day in some),
            hours=inner.read_all("heures", scalars.hours),
            season=inner.season(),
            within=tuple(filter(None, map(names.calendar, inner.scalars("dans")))),
            unless=tuple(filter(None, map(names.calendar, inner.scalars("sauf")))),
        )
        for scalar in (*inner.scalars("dans"), *inner.scalars("sauf")):
            if scalar.text.strip() == name or _cites(found, scalar.text.strip(), name):
                problems.error(
                    scalar.at,
                    "cycle",
                    f"Le calendrier « {name} » se cite lui-même",
                    "Enlevez cette citation.",
                )
                found.pop(name, None)
                break
    return found


def _cites(found: dict[str, Calendar], start: str, target: str) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == target:
            return True
        if name in found and name not in seen:
            seen.add(name)
            waiting += [*found[name].within, *found[name].unless]
    return False
