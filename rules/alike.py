"""Tells which past cases two versions of the rules surely decide alike, without deciding them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.decision import Facts
from rules.compile import RuleSet, may_be_french
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.consequences import bearing
from rules.described import described
from rules.index import Index
from rules.model import Configuration, Rule
from rules.prefixes import Prefixes
from rules.situation import CATEGORY, Situation
from rules.text import Text

_GROUND = (
    *("services", "roles", "categories", "cells", "calendars"),
    *("territory", "timezone", "metropole"),
)
"""What a configuration says beside its rules and may bear on who is in charge, or how urgently."""


class Alike:
    """Two versions that stand on the same ground and differ by a few rules.

    A case for which none of these rules can hold, in either version, comes out the same: all others
    are the same and stand in the same order. Words that are typed wrongly must be read alike too.
    """

    def __init__(self, one: RuleSet, other: RuleSet, changed: Iterable[Compiled]) -> None:
        """Take two versions and all rules that only one has, or that read otherwise there."""
        self._rulesets = (one, other)
        self._rules = tuple(changed)
        self._needs = tuple(map(_needs, self._rules))
        """By number, what a rule asks for beside the category; None where that is not so simple."""
        self._citing = frozenset(at for at, own in enumerate(self._rules) if _cited(own.rule))
        self._index = Index((own.rule.territory, own.terms) for own in self._rules)
        phrases = (
            phrase
            for own in self._rules
            for condition in leaves((*own.rule.when, *own.rule.unless))
            if isinstance(condition, Contains)
            for group in condition.groups
            for phrase in group.phrases
        )
        self._prefixes = Prefixes(phrases)
        self._bearing = bearing(one.configuration)

    def quiet(self, rules: Iterable[str]) -> bool:
        """Whether the first version surely does nothing beside, where only these rules hold."""
        return self._bearing is not None and self._bearing.isdisjoint(rules)

    def surely(self, facts: Facts) -> bool:
        """Whether both versions surely name the same owner, rule and urgency for a case.

        The category is left open: to find it is most of the work of reading a message.
        """
        one, other = self._rulesets
        text = Text(facts.text, facts.subject, self._prefixes)
        if may_be_french(facts):
            odd = one.repairs.candidates(text)
            if odd != other.repairs.candidates(text):
                return False
            found = one.repairs.of(text, facts.place.street) if odd else {}
            if found:
                text.repair(found)
        case = one.seen(facts, text)
        case.known = text.words & self._index.words  # each version knows but the words of its own
        hits = self._index.hits(case)
        if not hits.worth:
            return True
        case = case.suppose(CATEGORY)
        return not any(self._may_hold(number, case) for number in hits.worth)

    def _may_hold(self, number: int, case: Situation) -> bool:
        """Whether a rule may hold once the category is known."""
        one, needs = self._rules[number], self._needs[number]
        if needs is not None:  # the same as below
            if not case.whereabouts.within(one.bound):
                return False
            for condition in needs:  # noqa: SIM110 -- asked a million times
                if not condition.value(case):
                    return False
            return True
        if number in self._citing:
            return True
        if one.rule.priority == "danger":  # it may act though its place is unknown
            return one.value(case) is not False
        return one.chances(case)[0]


def _needs(one: Compiled) -> tuple[Condition, ...] | None:
    """List what a rule of one block asks for beside the category, the cheapest first."""
    rule = one.rule
    if not one.simple or rule.season is not None or rule.priority == "danger":
        return None
    return tuple(own for own in rule.when[0].by_cost if own.fact != CATEGORY)


def alike(one: RuleSet, other: RuleSet) -> Alike | None:
    """Compare two versions; None when more than their rules differs, or the order of these."""
    if not _same_ground(one.configuration, other.configuration):
        return None
    mine, theirs = _by_id(one), _by_id(other)
    changed = {
        name
        for name in mine.keys() | theirs.keys()
        if mine.get(name) != theirs.get(name)  # most are the same line for line
        and described(mine.get(name)) != described(theirs.get(name))
    }
    every = [*one.rules, *other.rules]
    while more := {own.rule.id for own in every if _cited(own.rule) & changed} - changed:
        changed |= more
    if [name for name in mine if name not in changed] != [
        name for name in theirs if name not in changed
    ]:
        return None
    return Alike(one, other, (own for own in every if own.rule.id in changed))


def _same_ground(one: Configuration, other: Configuration) -> bool:
    if any(getattr(one, name) != getattr(other, name) for name in _GROUND):
        return False
    return _defaults(one) == _defaults(other)


def _defaults(configuration: Configuration) -> list[tuple[str, str]]:
    """List the owners by default; the first that a territory names counts."""
    return [(file.territory, file.default.id) for file in configuration.files if file.default]


def _by_id(ruleset: RuleSet) -> Mapping[str, Rule]:
    """Give the rules by id, in rank order."""
    return {own.rule.id: own.rule for own in ruleset.rules}


def _cited(rule: Rule) -> set[str]:
    """List the rules that a rule asks for."""
    asked = (one for one in leaves((*rule.when, *rule.unless)) if isinstance(one, RuleHolds))
    return {name for one in asked for name in one.rules}
