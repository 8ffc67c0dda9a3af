"""Finds the few rules that a case may concern, without looking at the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from itertools import filterfalse, islice

from rules.conditions.facts import CategoryIs, ChannelIs
from rules.conditions.place import HasPostcode, Inside
from rules.conditions.words import Contains
from rules.dnf import Term
from rules.groups import Group
from rules.situation import Situation

Numbers = dict[str, list[int]]
"""A name → numbers of rules, in rank order."""

MOST_ELSEWHERE = 10  # near misses that a decision tells, so that more need not be looked up


@dataclass(slots=True)
class Posting:
    """Rules that hang on one word: by the territory of their file, and all in rank order."""

    here: Numbers = field(default_factory=dict)
    all: list[int] = field(default_factory=list)

    def add(self, territory: str, number: int) -> None:
        _append(self.here.setdefault(territory, []), number)
        _append(self.all, number)


@dataclass(frozen=True, slots=True)
class Access:
    """What a case must have for an alternative to be worth looking at; nothing means always."""

    group: Group | None = None
    places: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


def access(term: Term, usage: Mapping[str, int]) -> Access:
    """Choose the rarest words of an alternative, else its place, category or channel."""
    held = [literal.condition for literal in term if literal.positive]
    groups = [group for one in held if isinstance(one, Contains) for group in one.groups]
    if groups:
        return Access(group=min(groups, key=lambda group: _commonness(group, usage)))
    for condition in held:
        if isinstance(condition, Inside):
            return Access(places=condition.territories)
        if isinstance(condition, HasPostcode) and condition.communes:
            return Access(places=condition.communes, postcodes=condition.postcodes)
    for condition in held:
        if isinstance(condition, CategoryIs):
            return Access(categories=condition.categories)
    for condition in held:
        if isinstance(condition, ChannelIs):
            return Access(channels=condition.channels)
    return Access()


class Index:
    """Each alternative of a rule hangs on its rarest words, else on place, category or channel.

    Rules are known by their number, which is their rank.
    """

    def __init__(self, rules: Iterable[tuple[str, tuple[Term, ...]]]) -> None:
        listed = list(rules)
        self._by_word: dict[str, Posting] = {}
        self._by_prefix: dict[str, Posting] = {}
        self._by_place: Numbers = {}
        self._by_postcode: Numbers = {}
        self._by_category: Numbers = {}
        self._by_channel: Numbers = {}
        self.always: list[int] = []
        self.usage = _usage(terms for _, terms in listed)
        for number, (territory, terms) in enumerate(listed):
            for term in terms:
                self._hang(number, territory, access(term, self.usage))
        self._territories = frozenset(territory for territory, _ in listed)
        self._places = frozenset(self._by_place)
        self._words = frozenset(self._by_word)
        self._prefixes = frozenset(self._by_prefix)
        self._all_categories = _numbers(self._by_category)
        self._all_channels = _numbers(self._by_channel)

    def _hang(self, number: int, territory: str, by: Access) -> None:
        if by.group is not None:
            self._hang_on_words(number, territory, by.group)
        elif by.places:
            _add(self._by_place, by.places, number)
            _add(self._by_postcode, by.postcodes, number)
        elif by.categories:
            _add(self._by_category, by.categories, number)
        elif by.channels:
            _add(self._by_channel, by.channels, number)
        else:
            _append(self.always, number)

    def _hang_on_words(self, number: int, territory: str, group: Group) -> None:
        for phrase in group.phrases:
            hung = self._by_word if phrase.anchors else self._by_prefix
            for word in phrase.anchors or (phrase.beginning,):
                hung.setdefault(word, Posting()).add(territory, number)

    def hits(self, case: Situation) -> tuple[set[int], list[Posting]]:
        """List rules of this territory whose access is hit, and the words that hit others too.

        Whether the words of an access are there is not certain yet: only its rarest one is.
        """
        here: set[int] = set(self.always)
        touching = case.whereabouts.touching
        around = touching & self._territories
        foreign: list[Posting] = []
        for posting in self._postings(case):
            own = posting.here
            near = 0
            for territory in around:
                if territory in own:
                    near += 1
                    here.update(own[territory])
            if near < len(own):
                foreign.append(posting)
        for territory in touching & self._places:
            here.update(self._by_place[territory])
        if case.facts.place.postcode is not None:  # it may contradict the commune
            here.update(self._by_postcode.get(case.facts.place.postcode, ()))
        self._by_facts(case, here)
        return here, foreign

    def _postings(self, case: Situation) -> list[Posting]:
        text, by_word = case.text, self._by_word
        found = [by_word[word] for word in text.words & self._words]
        if self._prefixes:
            found += [self._by_prefix[own] for own in text.beginnings & self._prefixes]
        return found

    @staticmethod
    def elsewhere(foreign: Iterable[Posting], here: Set[int]) -> set[int]:
        """List the first rules of other territories that the words hit: they are false here."""
        found: set[int] = set()
        for posting in foreign:
            others = filterfalse(here.__contains__, posting.all)
            found.update(islice(others, MOST_ELSEWHERE))
        return found

    def _by_facts(self, case: Situation, here: set[int]) -> None:
        if case.ancestry is None:
            here.update(self._all_categories)
        else:
            for name in case.ancestry:
                here.update(self._by_category.get(name, ()))
        channel = case.facts.channel
        here.update(self._all_channels if channel is None else self._by_channel.get(channel, ()))

    def vocabulary(self) -> Iterable[str]:
        """List the words on which rules hang."""
        return self._by_word


def _usage(rules: Iterable[tuple[Term, ...]]) -> dict[str, int]:
    usage: dict[str, int] = {}
    for terms in rules:
        for term in terms:
            for literal in term:
                if literal.positive and isinstance(literal.condition, Contains):
                    for group in literal.condition.groups:
                        for phrase in group.phrases:
                            for word in phrase.anchors or (phrase.beginning,):
                                usage[word] = usage.get(word, 0) + 1
    return usage


def _commonness(group: Group, usage: Mapping[str, int]) -> int:
    return sum(
        max(usage.get(word, 0) for word in phrase.anchors or (phrase.beginning,))
        for phrase in group.phrases
    )


def _append(numbers: list[int], number: int) -> None:
    if not numbers or numbers[-1] != number:
        numbers.append(number)


def _add(by_name: Numbers, names: Iterable[str], number: int) -> None:
    for name in sorted(names):
        _append(by_name.setdefault(name, []), number)


def _numbers(by_name: Numbers) -> frozenset[int]:
    return frozenset(number for numbers in by_name.values() for number in numbers)
