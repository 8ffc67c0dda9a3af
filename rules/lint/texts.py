"""Warns of texts and names that are missing."""

from __future__ import annotations

from collections.abc import Iterable

from rules.compile import RuleSet
from rules.problems import At, Problems


def advise_texts(ruleset: RuleSet, problems: Problems) -> None:
    """Report what people would read in another language, or not at all."""
    _french(ruleset, problems)
    _names(ruleset, problems)
    _translations(ruleset, problems)


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


def _offered(ruleset: RuleSet) -> list[str]:
    """List the languages in which counters receive."""
    return sorted({one.language for one in ruleset.configuration.counters if one.language})


def _names(ruleset: RuleSet, problems: Problems) -> None:
    configuration = ruleset.configuration
    for language in sorted({"fr", *_offered(ruleset)}):
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
                f"Il manque un nom {_in(language)} à {first}{more(nameless)}",
                f"Ajoutez « {language}: … » à leurs noms.",
            )


def _in(language: str) -> str:
    return "en français" if language == "fr" else f"en « {language} », langue d'un compteur,"


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
                f"{more(missing)}",
                f"Ajoutez « {language}: … » ; sinon la personne lit l'anglais ou le français.",
            )


def more(found: Iterable[tuple[At, str]]) -> str:
    """Say how many there are beside the first."""
    others = len(list(found)) - 1
    if not others:
        return ""
    return f" et {others} autres" if others > 1 else " et un autre"
