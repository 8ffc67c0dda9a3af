"""Compares conditions: which cannot hold together, and which follow from another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from router.geography import Geography
from rules.calendars import Calendar
from rules.compile import RuleSet
from rules.conditions.counts import Counted
from rules.conditions.facts import (
    Annoyance,
    CategoryIs,
    ChannelIs,
    Confirmations,
    HasAttachment,
    LanguageIs,
    NatureIs,
    RuleHolds,
    SenderIs,
    UrgencyIs,
)
from rules.conditions.place import HasPostcode, Inside, NearObject, OnStreet
from rules.conditions.source import Condition
from rules.conditions.time import Received
from rules.conditions.words import Contains
from rules.dnf import Literal, Term
from rules.groups import Group
from rules.lint.meaning import Vocabulary
from rules.lint.moments import apart, crosses, minutes, windows_of
from rules.model import Rule
from rules.scalars import Season


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares literals and terms of one configuration."""

    geography: Geography
    words: Vocabulary
    family_trees: dict[str, frozenset[str]]
    """Category → itself and all its children."""
    calendars: Mapping[str, Calendar]

    @classmethod
    def of(cls, ruleset: RuleSet) -> Comparison:
        configuration = ruleset.configuration
        below: dict[str, set[str]] = {}
        for name in configuration.categories:
            for ancestor in configuration.ancestry(name):
                below.setdefault(ancestor, set()).add(name)
        trees = {name: frozenset(own) for name, own in below.items()}
        groups = (group for one in ruleset.rules for term in one.terms for group in groups_of(term))
        return cls(ruleset.geography, Vocabulary(groups), trees, configuration.calendars)

    def categories(self, condition: CategoryIs) -> frozenset[str]:
        return frozenset().union(*(self.family_trees.get(c, {c}) for c in condition.categories))

    # --- cannot hold together --------------------------------------------------------------------

    def clash(self, term: Term) -> tuple[Literal, Literal] | None:
        """Find two conditions of a term that cannot both be as the term wants them."""
        for index, one in enumerate(term):
            for other in term[index + 1 :]:
                if self.disjoint(one, other):
                    return one, other
        return None

    def disjoint(self, one: Literal, other: Literal) -> bool:
        if one.positive and other.positive:
            return self._apart(one.condition, other.condition)
        if one.positive:
            return self._implies(one.condition, other.condition)
        return other.positive and self._implies(other.condition, one.condition)

    def _apart(self, one: Condition, other: Condition) -> bool:
        if isinstance(one, HasPostcode) and isinstance(other, HasPostcode):
            return one.postcodes.isdisjoint(other.postcodes)
        places = _territories(one), _territories(other)
        if places[0] and places[1]:
            return not any(
                self.geography.overlaps(here, there) for here in places[0] for there in places[1]
            )
        if isinstance(one, CategoryIs) and isinstance(other, CategoryIs):
            return self.categories(one).isdisjoint(self.categories(other))
        if isinstance(one, Received) and isinstance(other, Received):
            return apart(one, other, self.calendars)
        for kind, values in _SETS:
            if isinstance(one, kind) and isinstance(other, kind):
                return values(one).isdisjoint(values(other))
        if isinstance(one, HasAttachment) and isinstance(other, HasAttachment):
            return one.wanted is not other.wanted
        if isinstance(one, Annoyance) and isinstance(other, Annoyance):
            return degrees(one).isdisjoint(degrees(other))
        if isinstance(one, Confirmations) and isinstance(other, Confirmations):
            return _below(one, other) or _below(other, one)
        return False

    # --- follows from another --------------------------------------------------------------------

    def term_implies(self, one: Term, other: Term) -> bool:
        return all(any(self.implies(have, wanted) for have in one) for wanted in other)

    def implies(self, one: Literal, other: Literal) -> bool:
        if one.positive and other.positive:
            return self._implies(one.condition, other.condition)
        if one.positive:
            return self._apart(one.condition, other.condition)
        return not other.positive and self._implies(other.condition, one.condition)

    def within(self, inner: Iterable[str], outer: Iterable[str]) -> bool:
        around = list(outer)
        return all(any(self.geography.contains(big, own) for big in around) for own in inner)

    def _implies(self, one: Condition, other: Condition) -> bool:
        if isinstance(one, HasPostcode) and isinstance(other, HasPostcode):
            return one.postcodes <= other.postcodes
        if isinstance(other, Inside):
            inner = _territories(one)
            return bool(inner) and self.within(inner, other.territories)
        if isinstance(one, Contains) and isinstance(other, Contains):
            return all(
                any(self.words.implies(have, wanted) for have in one.groups)
                for wanted in other.groups
            )
        if isinstance(one, CategoryIs) and isinstance(other, CategoryIs):
            return self.categories(one) <= self.categories(other)
        if isinstance(one, NearObject) and isinstance(other, NearObject):
            return all(
                any(name == layer and metres <= far for layer, far in other.layers)
                for name, metres in one.layers
            )
        if isinstance(one, SenderIs) and isinstance(other, SenderIs):
            return one.kinds <= other.kinds
        if isinstance(one, RuleHolds) and isinstance(other, RuleHolds):
            return set(one.rules) <= set(other.rules)
        for kind, values in _SETS:
            if isinstance(one, kind) and isinstance(other, kind):
                return values(one) <= values(other)
        if isinstance(one, HasAttachment) and isinstance(other, HasAttachment):
            return one.wanted is other.wanted
        if isinstance(one, Annoyance) and isinstance(other, Annoyance):
            return degrees(one) <= degrees(other)
        if isinstance(one, Confirmations) and isinstance(other, Confirmations):
            return _range_within(one, other)
        if isinstance(one, Counted) and isinstance(other, Counted):
            return one.tally == other.tally and one.least >= other.least
        if isinstance(one, Received) and isinstance(other, Received):
            return _time_within(one, other)
        return False


def groups_of(term: Term) -> list[Group]:
    """List the groups of words that an alternative wants."""
    return [
        group
        for literal in term
        if literal.positive and isinstance(literal.condition, Contains)
        for group in literal.condition.groups
    ]


def seasons_of(rule: Rule, term: Term, calendars: Mapping[str, Calendar]) -> list[Season]:
    """List the dates in all of which a rule names its owner by an alternative."""
    found = [rule.season, rule.effects.season if rule.effects.owner else None]
    for literal in term:
        if literal.positive and isinstance(literal.condition, Received):
            ways = windows_of(literal.condition, calendars)
            always = ways[0] if len(ways) == 1 else ways[0][:1]
            found += [window.season for window in always]
    return [season for season in found if season is not None]


_SETS: tuple[tuple[type, Callable[..., frozenset[object]]], ...] = (
    (ChannelIs, lambda condition: condition.channels),
    (LanguageIs, lambda condition: condition.languages),
    (UrgencyIs, lambda condition: condition.urgencies),
    (NatureIs, lambda condition: condition.natures),
    (OnStreet, lambda condition: frozenset(condition.streets)),
)


def _territories(condition: Condition) -> frozenset[str]:
    if isinstance(condition, Inside):
        return condition.territories
    return condition.communes if isinstance(condition, HasPostcode) else frozenset()


def degrees(condition: Annoyance) -> frozenset[int]:
    least, most = condition.least or 1, condition.most or 10
    return frozenset(
        degree
        for degree in range(least, most + 1)
        if not condition.values or degree in condition.values
    )


def _below(one: Confirmations, other: Confirmations) -> bool:
    return one.most is not None and other.least is not None and one.most < other.least


def _range_within(one: Confirmations, other: Confirmations) -> bool:
    low = other.least is None or (one.least is not None and one.least >= other.least)
    high = other.most is None or (one.most is not None and one.most <= other.most)
    return low and high


def _time_within(one: Received, other: Received) -> bool:
    hours = not other.hours or (
        bool(one.hours)
        and minutes(one.hours) <= minutes(other.hours)
        and (one.hours == other.hours or not (crosses(one.hours) or crosses(other.hours)))
    )
    days = not other.days or (bool(one.days) and one.days <= other.days)
    season = other.season is None or one.season == other.season
    within = not other.within or (bool(one.within) and set(one.within) <= set(other.within))
    unless = set(other.unless) <= set(one.unless)
    return hours and days and season and within and unless
