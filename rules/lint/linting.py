"""Checks a configuration against its map: what breaks the law, and what no case could reach."""

from __future__ import annotations

from datetime import date

from router.geography import Geography
from rules.compile import RuleSet, compile_rules
from rules.compiled import Compiled
from rules.conditions.time import Received
from rules.dnf import Literal, Term, TooManyTerms, terms
from rules.lint.advice import advise
from rules.lint.citations import Citations
from rules.lint.conflicts import Conflicts
from rules.lint.entitlement import Entitlement
from rules.lint.escalations import Escalations
from rules.lint.moments import crosses, never
from rules.lint.overlap import Comparison
from rules.lint.together import Together
from rules.lint.twins import advise_twins
from rules.model import Configuration
from rules.problems import Problem, Problems


def lint(
    configuration: Configuration, geography: Geography, today: date | None = None
) -> tuple[Problem, ...]:
    """List errors and warnings; ``today`` tells which agreements have ended."""
    return compiled_and_linted(configuration, geography, today)[1]


def compiled_and_linted(
    configuration: Configuration, geography: Geography, today: date | None = None
) -> tuple[RuleSet | None, tuple[Problem, ...]]:
    """Compile a configuration and list what is wrong with it; None where an error stands."""
    problems = Problems()
    _sizes(configuration, problems)
    if problems.errors:
        return None, problems.sorted()
    ruleset = compile_rules(configuration, geography)
    Entitlement(ruleset, problems, today).report()
    Escalations(ruleset, problems).report()
    compare = Comparison.of(ruleset)
    _contradictions(ruleset, compare, problems)
    Citations(ruleset, compare, problems).report()
    Conflicts(ruleset, problems).report()
    advise_twins(ruleset, compare, problems)
    advise(ruleset, problems, today)
    found = problems.sorted()
    broken = any(problem.severity == "error" for problem in found)
    return (None if broken else ruleset), found


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


def _contradictions(ruleset: RuleSet, compare: Comparison, problems: Problems) -> None:
    """Report a rule none of whose alternatives can ever hold."""
    together = Together(compare)
    for one in ruleset.rules:
        _dates(one, problems)
        clashes = [
            compare.clash(term) or _never(ruleset, term) or together.clash(term)
            for term in one.terms
        ]
        if not all(clashes) or not clashes[0]:
            continue
        first, *others = clashes[0]
        said = list(
            dict.fromkeys(
                f"« {literal.condition.key}: {literal.condition.written} »"
                for literal in (first, *others)
            )
        )
        alone = all(literal is first for literal in others)
        both = "se contredit" if alone else "est à la fois voulu et exclu"
        problems.error(
            (others or [first])[-1].condition.at,
            "contradiction",
            f"La règle « {one.rule.id} » ne peut jamais être vraie : {' et '.join(said)} "
            f"{both if len(said) == 1 else 'se contredisent'}",
            "Enlevez l'une des deux conditions." if len(said) < 3 else "Enlevez l'une d'elles.",
        )


def _never(ruleset: RuleSet, term: Term) -> tuple[Literal, Literal] | None:
    """Find a condition on the time that no moment fulfils."""
    for literal in term:
        condition = literal.condition
        if not literal.positive or not isinstance(condition, Received):
            continue
        if never(condition, ruleset.configuration.calendars):
            return literal, literal
    return None


def _dates(one: Compiled, problems: Problems) -> None:
    """Report a rule whose dates leave its conditions or its effects no day."""
    rule = one.rule
    if rule.season is None:
        return
    own = [(rule.effects.season, rule.at)]
    own += [
        (literal.condition.season, literal.condition.at)
        for term in one.terms
        if len(one.terms) == 1
        for literal in term
        if literal.positive and isinstance(literal.condition, Received)
        if not crosses(literal.condition.hours)  # its night goes on into a day of the rule
    ]
    for season, at in own:
        if season is not None and rule.season.disjoint(season):
            problems.error(
                at,
                "contradiction",
                f"La règle « {rule.id} » ne peut jamais agir : ses dates se contredisent",
                "Corrigez l'une des deux périodes.",
            )
