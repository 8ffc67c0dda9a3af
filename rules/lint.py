"""Checks a configuration against its map: what breaks the law, and what no case could reach."""

from __future__ import annotations

from datetime import date

from router.geography import Geography
from rules.advice import advise
from rules.compile import RuleSet, compile_rules
from rules.conflicts import Conflicts
from rules.dnf import TooManyTerms, terms
from rules.entitlement import Entitlement
from rules.model import Configuration
from rules.overlap import Comparison
from rules.problems import Problem, Problems


def lint(
    configuration: Configuration, geography: Geography, today: date | None = None
) -> tuple[Problem, ...]:
    """List errors and warnings; ``today`` tells which agreements have ended."""
    problems = Problems()
    _sizes(configuration, problems)
    if not problems.errors:
        ruleset = compile_rules(configuration, geography)
        Entitlement(ruleset, problems, today).report()
        _contradictions(ruleset, problems)
        Conflicts(ruleset, problems).report()
        advise(ruleset, problems, today)
    return problems.sorted()


def _sizes(configuration: Configuration, problems: Problems) -> None:
    for file in configuration.files:
        for rule in file.rules:
            try:
                terms(rule)
            except TooManyTerms:
                problems.error(
                    rule.at,
                    "trop-de-combinaisons",
                    f"La règle « {rule.id} » a trop de combinaisons",
                    "Séparez-la en plusieurs règles.",
                )


def _contradictions(ruleset: RuleSet, problems: Problems) -> None:
    """Report a rule none of whose alternatives can ever hold."""
    compare = Comparison.of(ruleset.configuration, ruleset.geography)
    for one in ruleset.rules:
        clashes = [compare.clash(term) for term in one.terms]
        if not all(clashes) or not clashes[0]:
            continue
        first, second = clashes[0]
        problems.error(
            second.condition.at,
            "contradiction",
            f"La règle « {one.rule.id} » ne peut jamais être vraie : "
            f"« {first.condition.key}: {first.condition.written} » et "
            f"« {second.condition.key}: {second.condition.written} » se contredisent",
            "Enlevez l'une des deux conditions.",
        )
