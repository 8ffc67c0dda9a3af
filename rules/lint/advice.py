"""Warns of what is allowed but probably not meant."""

from __future__ import annotations

from datetime import date

from rules.compile import RuleSet
from rules.coverage import rules_expected
from rules.lint.absences import advise_absences
from rules.lint.borders import advise_borders
from rules.lint.dangers import advise_dangers
from rules.lint.hours import advise_hours
from rules.lint.law import advise_law
from rules.lint.layers import advise_layers
from rules.lint.near import advise_near
from rules.lint.places import advise_places
from rules.lint.sms import advise_sms
from rules.lint.texts import advise_texts
from rules.lint.times import advise_times
from rules.lint.ways import advise_ways
from rules.lint.words import advise_words
from rules.problems import Problems

_LONGEST_ALWAYS = 20
_WHO = frozenset({"responsable", "regle", "parts", "priorite"})
"""What a test may expect that tells who is in charge, or by which rank."""


def advise(ruleset: RuleSet, problems: Problems, today: date | None) -> None:
    """Report all warnings but conflicts."""
    advise_words(ruleset, problems)
    advise_near(ruleset, problems)
    advise_places(ruleset, problems)
    advise_borders(ruleset, problems)
    advise_layers(ruleset, problems)
    advise_texts(ruleset, problems)
    advise_sms(ruleset, problems)
    advise_law(ruleset, problems)
    advise_times(ruleset, problems, today)
    advise_hours(ruleset, problems)
    advise_dangers(ruleset, problems)
    advise_ways(ruleset, problems)
    advise_absences(ruleset, problems, today)
    _untested(ruleset, problems)
    if today is not None and not problems.errors:  # somebody works on them: it costs their tests
        _without_effect(ruleset, problems)
    _without_owner(ruleset, problems)
    _unconditional(ruleset, problems)
    _always(ruleset, problems)


def _untested(ruleset: RuleSet, problems: Problems) -> None:
    tested = {
        str(trial.expected["regle"])
        for file in ruleset.configuration.files
        for trial in file.trials
        if "regle" in trial.expected
    }
    for one in ruleset.rules:
        if one.rule.owners and one.rule.id not in tested:
            problems.warning(
                one.rule.at,
                "regle-sans-essai",
                f"Aucun essai n'attend la règle « {one.rule.id} »",
                f"Ajoutez un essai avec « regle: {one.rule.id} ».",
            )


def _without_effect(ruleset: RuleSet, problems: Problems) -> None:
    """Report rules without an owner of which no test expects anything."""
    expected = rules_expected(ruleset)
    for one in ruleset.rules:
        if not one.rule.owners and one.rule.id not in expected:
            problems.warning(
                one.rule.at,
                "regle-sans-essai",
                f"Aucun essai n'attend un effet de la règle « {one.rule.id} »",
                "Ajoutez un essai où elle est vraie, qui attend l'un de ses effets.",
            )


def _without_owner(ruleset: RuleSet, problems: Problems) -> None:
    """Report tests that would pass whoever was in charge."""
    for file in ruleset.configuration.files:
        for trial in file.trials:
            if _WHO.isdisjoint(trial.expected):
                problems.warning(
                    trial.at,
                    "essai-sans-responsable",
                    f"L'essai « {trial.name} » ne dit pas qui est responsable",
                    "Ajoutez « responsable: … » ou « regle: … » à « attendu ».",
                )


def _unconditional(ruleset: RuleSet, problems: Problems) -> None:
    """Report rules that nothing but their territory, their dates or an exception holds back."""
    for one in ruleset.rules:
        rule = one.rule
        if rule.when:
            continue
        does = "prend" if rule.owners else "vaut pour"
        where = ruleset.geography.commune_name(rule.territory)
        but = ", sauf ce que dit « sauf »" if rule.unless else ""
        during = ", à ses dates" if rule.season is not None else ""
        problems.warning(
            rule.at,
            "regle-sans-condition",
            f"La règle « {rule.id} » n'a pas de « si » : elle {does} toutes les demandes de "
            f"« {where} »{but}{during}",
            "Écrivez par exemple « si: {contient: [un mot]} » ou « si: {categorie: une catégorie} ».",
        )


def _always(ruleset: RuleSet, problems: Problems) -> None:
    always = ruleset.index.always
    if len(always) > _LONGEST_ALWAYS:
        problems.warning(
            ruleset.rules[always[0]].rule.at,
            "regles-sans-acces",
            f"{len(always)} règles n'ont ni mot, ni lieu, ni catégorie, ni canal, "
            "et sont examinées pour chaque message",
            "Ajoutez-leur un mot, un lieu ou une catégorie.",
        )
