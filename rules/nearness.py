"""Finds the rules that nearly held, nearest first, for a person who asks why they did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from router.decision import Facts
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.words import Contains
from rules.dnf import Literal, Term
from rules.groups import Group
from rules.misses import miss
from rules.settle import read
from rules.situation import PLACE, Situation

_MOST = 10
Nearness = tuple[bool, int, bool, bool, int]
"""Whether of another place, how much it lacks, if that are its words, if of another category, rank."""


def nearest(
    ruleset: RuleSet, facts: Facts, *, first: str = "", most: int = _MOST, related: bool = False
) -> list[dict[str, Any]]:
    """List the rules that nearly held, as the near misses of a trace; ``first`` is told before all.

    ``related`` leaves out those of whose words none was found: beside no others, they tell nothing.
    All rules are weighed anew: this is for reading, not for deciding.
    """
    case = read(ruleset, facts).case
    failed = [one for one in ruleset.rules if one.value(case) is False]
    wanted = [one for one in failed if one.rule.id == first]
    near = [one for one in _sorted(failed, case, related) if one.rule.id != first]
    return [miss(one, case) for one in (*wanted, *near)[:most]]


def near_ones(
    ruleset: RuleSet, facts: Facts, told: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Sort the near misses that a trace tells, nearest first, and leave out those that are far.

    Those of rules that are no longer there stay, last.
    """
    case = read(ruleset, facts).case
    by_id = {one["rule"]: one for one in told}
    known = [ruleset.by_id[name] for name in by_id if name in ruleset.by_id]
    near = [by_id[one.rule.id] for one in _sorted(known, case)]
    return [*near, *(one for name, one in by_id.items() if name not in ruleset.by_id)]


def _sorted(rules: Iterable[Compiled], case: Situation, related: bool = False) -> list[Compiled]:
    """Leave out the rules that are far, and sort the others."""
    near = ((how, one) for one in rules if (how := _nearness(one, case)) is not None)
    found = sorted(near, key=lambda pair: pair[0])
    return [one for (_, _, wordless, _, _), one in found if not (related and wordless)]


def _nearness(one: Compiled, case: Situation) -> Nearness | None:
    """Tell how near a rule is that does not hold; None if nobody would call it near.

    Near is what found some of its words, or asks for the category that the case has, in its place.
    A danger is near only by words, and if it lacks one thing more at most; what is of another place
    only by words, and if it lacks nothing else.
    """
    of_category = bool(one.categories and case.ancestry and one.categories & case.ancestry)
    groups = _groups(one)
    found, danger = any(map(case.text.holds, groups)), one.rule.priority == "danger"
    if not found and (danger or not of_category):
        return None
    outside = case.whereabouts.within(one.bound) is False
    places, others = min(_lacking(term, case) for term in one.terms)
    elsewhere, lacks = bool(places) or outside, places + others
    if (danger and lacks > 1) or (elsewhere and (others or not found)):
        return None
    return elsewhere, lacks, bool(groups) and not found, not of_category, one.number


def _groups(one: Compiled) -> list[Group]:
    """Give the groups of words that a rule asks for."""
    literals = (each for term in one.terms for each in term)
    wanted = (each.condition for each in literals if each.positive)
    return [
        group
        for condition in wanted
        if isinstance(condition, Contains)
        for group in condition.groups
    ]


def _lacking(term: Term, case: Situation) -> tuple[int, int]:
    """Count what one alternative of a rule lacks: places, and other things."""
    lacks = [(each.condition.fact == PLACE, _lack(each, case)) for each in term]
    places = sum(number for place, number in lacks if place)
    return places, sum(number for place, number in lacks if not place)


def _lack(each: Literal, case: Situation) -> int:
    """Count what a condition lacks: of words, each group that is not found."""
    if each.positive and isinstance(each.condition, Contains):
        return sum(not case.text.holds(group) for group in each.condition.groups)
    return int(each.condition.value(case) is (not each.positive))
