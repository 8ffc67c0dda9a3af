"""Finds rules that can never hold because of the rules that they cite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.conditions.place import Inside
from rules.conditions.time import Received
from rules.dnf import Literal, Term, TooManyTerms
from rules.lint.overlap import Comparison
from rules.lint.together import Together
from rules.model import Rule
from rules.problems import At, Problems
from rules.spoken import period_said

MOST_WAYS = 256
"""Ways in which a rule and those that it cites can hold together; of more, nothing is told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule wants, or excludes, of a case."""

    literal: Literal
    rule: Rule

    def said_of(self, other: Rule) -> str:
        """Say it where another rule is told of, with its place."""
        condition, verb = self.literal.condition, "veut" if self.literal.positive else "exclut"
        what = f"« {condition.key}: {condition.written} »"
        if self.rule is other:
            return f"elle {verb} {what}"
        return f"{_named(self.rule)} {verb} {what} ({_place(condition.at)})"


Way = tuple[Wanted, ...]
"""All that must hold together for a rule to hold, what it cites included."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a way cannot be; ``own`` where one rule by itself says so, which is told of that one."""

    said: str
    own: bool


class Citations:
    """Looks at the rules that cite others (``regle``) together with these."""

    def __init__(self, ruleset: RuleSet, compare: Comparison, problems: Problems) -> None:
        self.ruleset = ruleset
        self.compare = compare
        self.problems = problems
        self._known: dict[str, list[Way]] = {}

    def report(self) -> None:
        """Report each rule whose every way to hold is barred by one that it cites."""
        for one in self.ruleset.rules:
            citing = _citing(one.rule)
            if citing is None:
                continue
            try:
                bars = [self._bar(way, one.rule) for way in self._ways(one)]
            except TooManyTerms:
                continue
            why = next((bar.said for bar in bars if bar and not bar.own), None)
            if why is not None and all(bars):
                self.problems.error(
                    citing,
                    "contradiction",
                    f"La règle « {one.rule.id} » ne peut jamais être vraie : {why}",
                    "Changez l'une des deux, ou ne citez plus la règle.",
                )

    # --- ways to hold ----------------------------------------------------------------------------

    def _ways(self, one: Compiled) -> list[Way]:
        """List the ways in which a rule can hold, each with one way of every rule that it wants."""
        found: list[Way] = []
        for term in one.terms:
            ways = [
                tuple(Wanted(own, one.rule) for own in (*_frame(one.rule, self.ruleset), *term))
            ]
            for cited in _cited(term, positive=True):
                more = [way for name in cited for way in self._live(name)]
                ways = [(*way, *own) for way in ways for own in more]
                _check(ways)
            found += ways
            _check(found)
        return found

    def _live(self, name: str) -> list[Way]:
        """List the ways in which a rule can hold that nothing bars."""
        if name not in self._known:
            one = self.ruleset.by_id[name]
            ways = self._ways(one)
            self._known[name] = [way for way in ways if self._bar(way, one.rule) is None]
        return self._known[name]

    # --- what bars them --------------------------------------------------------------------------

    def _bar(self, way: Way, rule: Rule) -> Bar | None:
        for one, other in combinations(way, 2):
            if self.compare.disjoint(one.literal, other.literal):
                said = f"{one.said_of(rule)}, et {other.said_of(rule)}"
                return Bar(said, own=one.rule is other.rule)
        if clash := Together(self.compare).clash(tuple(wanted.literal for wanted in way)):
            several = [wanted for wanted in way if any(wanted.literal is one for one in clash)]
            said = ", et ".join(wanted.said_of(rule) for wanted in several)
            return Bar(said, own=len({wanted.rule.id for wanted in several}) == 1)
        return self._excluded(way, rule)

    def _excluded(self, way: Way, rule: Rule) -> Bar | None:
        """Find a rule that is excluded and yet follows from all the rest."""
        have = tuple(wanted.literal for wanted in way)
        for wanted in way:
            for cited in _cited((wanted.literal,), positive=False):
                for name in cited:
                    if any(self.compare.term_implies(have, _bare(own)) for own in self._live(name)):
                        at = self.ruleset.by_id[name].rule.at
                        who = "elle" if wanted.rule is rule else _named(wanted.rule)
                        said = f"{who} exclut la règle « {name} » ({_place(at)}), qui tient toujours avec le reste"
                        return Bar(said, own=False)
        return None


def _citing(rule: Rule) -> At | None:
    """Find where a rule first cites another."""
    conditions = leaves((*rule.when, *rule.unless))
    return next((one.at for one in conditions if isinstance(one, RuleHolds)), None)


def _cited(term: Term, *, positive: bool) -> Iterator[tuple[str, ...]]:
    for literal in term:
        if literal.positive is positive and isinstance(literal.condition, RuleHolds):
            yield literal.condition.rules


def _frame(rule: Rule, ruleset: RuleSet) -> Iterator[Literal]:
    """Write the territory and the dates of a rule as conditions, which they are."""
    where = ruleset.geography.commune_name(rule.territory)
    here = frozenset({rule.territory})
    yield Literal(Inside(key="territoire", written=where, at=rule.at, territories=here))
    if rule.season is not None:
        said = period_said(rule.season)
        yield Literal(Received(key="dates", written=said, at=rule.at, season=rule.season))


def _bare(way: Way) -> Term:
    """Leave out the citations of a way: what they stand for is in it."""
    own = (wanted.literal for wanted in way)
    return tuple(one for one in own if not (one.positive and isinstance(one.condition, RuleHolds)))


def _named(rule: Rule) -> str:
    return f"la règle « {rule.id} », dont elle dépend,"


def _place(at: At) -> str:
    return f"{at.file}, ligne {at.line}"


def _check(ways: list[Way]) -> None:
    if len(ways) > MOST_WAYS:
        raise TooManyTerms
