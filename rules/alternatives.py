"""Finds among the alternatives of a few rules one that may hold for a case, its category left open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.place import Inside, NearObject
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.dnf import Literal, Term
from rules.groups import Group
from rules.index import access
from rules.scalars import Season
from rules.situation import CATEGORY, Situation


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way for a rule to hold: what it asks beside the category, and whether that must be so.

    Of a case that is unknown in part, three-valued logic says the same of a rule as of the best of
    its alternatives. A condition on the category, or on another rule, is taken to come out right.
    """

    bound: frozenset[str]
    season: Season | None
    danger: bool
    asked: tuple[tuple[Condition, bool], ...]
    """The cheapest first."""

    def may_hold(self, case: Situation) -> bool:
        if self.danger:
            return self._may_act(case)
        for condition, wanted in self.asked:
            if condition.value(case) is not wanted:
                return False
        return bool(case.whereabouts.within(self.bound)) and self._in_season(case)

    def _may_act(self, case: Situation) -> bool:
        """Whether nothing is known to fail: danger may act though its place is unknown."""
        for condition, wanted in self.asked:
            if condition.value(case) is (not wanted):
                return False
        return case.whereabouts.within(self.bound) is not False and self._in_season(case)

    def _in_season(self, case: Situation) -> bool:
        return self.season is None or self.season.holds(case.local.date())


Hung = tuple[frozenset[str] | None, Alternative]
"""Words of which a text must hold one as well, None where it need not; what it then may concern."""
Places = dict[str, list[Hung]]
"""A territory without which none of these can hold → what hangs there."""


class Alternatives:
    """Each alternative hangs on its rarest words where it has any, and on a place.

    Those without words that ask for something near a point wait for a case that has one.
    """

    def __init__(self, rules: Iterable[Compiled], usage: Mapping[str, int]) -> None:
        """Take the rules, and how often rules look for a word."""
        self._by_word: dict[str, Places] = {}
        self._by_beginning: dict[str, Places] = {}
        self._by_place: Places = {}
        self._by_point: Places = {}
        self.reads_all = False
        """Whether one looks for words though it hangs on none, as only ``sauf`` does."""
        for rule in rules:
            for term in rule.terms:
                self._hang(_alternative(rule, term), term, rule.rule.territory, usage)
        self._beginnings = frozenset(self._by_beginning)

    def _hang(self, own: Alternative, term: Term, territory: str, usage: Mapping[str, int]) -> None:
        held = [literal.condition for literal in term if literal.positive]
        inside = (one.territories for one in held if isinstance(one, Inside))
        places = next(inside, frozenset({territory}))
        group = access(term, usage).group
        if group is not None:
            self._hang_on_words(own, group, places)
            return
        near = any(isinstance(one, NearObject) for one in held) and not own.danger
        _add(self._by_point if near else self._by_place, places, (None, own))
        self.reads_all |= any(isinstance(one, Contains) for one, _ in own.asked)

    def _hang_on_words(self, own: Alternative, group: Group, places: frozenset[str]) -> None:
        also: dict[str, frozenset[str] | None] = {}
        for phrase in group.phrases:
            for word in phrase.anchors:
                before = also.get(word, frozenset())
                also[word] = before | phrase.also if phrase.also and before is not None else None
        for word, others in also.items():
            _add(self._by_word.setdefault(word, {}), places, (others, own))
        for beginning in {one.beginning for one in group.phrases if not one.anchors}:
            _add(self._by_beginning.setdefault(beginning, {}), places, (None, own))

    def hang_on(self, word: str) -> bool:
        """Whether some hang on a word of a text, or on how it begins."""
        if word in self._by_word:
            return True
        beginnings = self._beginnings
        return any(word[:size] in beginnings for size in range(1, len(word) + 1))

    @property
    def all_hang_on_words(self) -> bool:
        return not (self._by_place or self._by_point)

    def any_may_hold(self, case: Situation, told: Collection[str]) -> bool:
        """Whether one may hold for a case; ``told`` are the words of its text on which some hang."""
        by_word = self._by_word
        for word in told:
            if word in by_word and _any_there(by_word[word], case):
                return True
        if told and self._beginnings:
            for beginning in case.text.beginnings & self._beginnings:
                if _any_there(self._by_beginning[beginning], case):
                    return True
        if _any_there(self._by_place, case):
            return True
        return case.facts.place.point is not None and _any_there(self._by_point, case)


def _add(by_place: Places, places: Iterable[str], hung: Hung) -> None:
    for place in places:
        by_place.setdefault(place, []).append(hung)


def _any_there(by_place: Places, case: Situation) -> bool:
    """Whether one may hold of those that hang where a case may lie."""
    here, words = case.whereabouts, case.text.words
    for place, hung in by_place.items():
        if place in here.touching or place in here.inside:
            for also, own in hung:
                if (also is None or not also.isdisjoint(words)) and own.may_hold(case):
                    return True
    return False


def _alternative(rule: Compiled, term: Term) -> Alternative:
    kept = [literal for literal in term if _counts(literal)]
    kept.sort(key=lambda literal: literal.condition.cost)
    return Alternative(
        rule.bound,
        rule.rule.season,
        rule.rule.priority == "danger",
        tuple((literal.condition, literal.positive) for literal in kept),
    )


def _counts(literal: Literal) -> bool:
    """Whether a condition can be judged while the category is open."""
    return literal.condition.fact != CATEGORY and not isinstance(literal.condition, RuleHolds)
