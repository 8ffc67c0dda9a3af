"""Tells which past cases two versions of the rules surely decide alike, without deciding them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.decision import Facts
from rules.alternatives import Alternatives
from rules.compile import RuleSet, may_be_french, phrases_of
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.consequences import bearing
from rules.described import described
from rules.model import Configuration, Rule
from rules.noticed import Noticed
from rules.prefixes import Prefixes
from rules.situation import Situation
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
        rules = tuple(changed)
        self._ruleset = one
        self._alternatives = Alternatives(rules, one.index.usage)
        self._noticed = Noticed(one.repairs, other.repairs, self._alternatives.hang_on)
        self._prefixes = Prefixes(phrase for own in rules for phrase in phrases_of(own.rule))
        self._bearing = bearing(one.configuration)

    def quiet(self, rules: Iterable[str]) -> bool:
        """Whether the first version surely does nothing beside, where only these rules hold."""
        return self._bearing is not None and self._bearing.isdisjoint(rules)

    def surely(self, facts: Facts) -> bool:
        """Whether both versions surely name the same owner, rule and urgency for a case.

        The category is left open: to find it is most of the work of reading a message.
        """
        ruleset, alternatives = self._ruleset, self._alternatives
        text = Text(facts.text, facts.subject, self._prefixes)
        told = self._noticed.among(text.words)
        if may_be_french(facts) and (told or alternatives.reads_all):
            if not told.isdisjoint(self._noticed.apart):
                return False
            found = ruleset.repairs.of(text, facts.place.street)
            if found:
                text.repair(found)
                told = self._noticed.among(text.words)
        if not told and alternatives.all_hang_on_words:
            return True
        case = Situation(
            facts,
            text,
            facts.received_at.astimezone(ruleset.zone),
            ruleset.geography.locate(facts.place),
            ruleset.geography,
            ruleset.calendars,
        )
        return not alternatives.any_may_hold(case, told)


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
