"""Finds the few rules that a case may concern, without looking at the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.conditions.facts import CategoryIs, ChannelIs
from rules.conditions.place import HasPostcode, Inside
from rules.conditions.words import Contains
from rules.dnf import Term
from rules.groups import Group
from rules.posting import Demand, Hits, Posting
from rules.situation import Situation

Numbers = dict[str, list[int]]
"""A name → numbers of rules, in rank order."""


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
        self._by_category: dict[str, Posting] = {}
        self._any_category = Posting()
        self._by_channel: Numbers = {}
        self.always: list[int] = []
        self.usage = _usage(terms for _, terms in listed)
        anchors: dict[int, frozenset[str]] = {}
        for number, (territory, terms) in enumerate(listed):
            for term in terms:
                self._hang(number, territory, term, anchors)
        self._territories = frozenset(territory for territory, _ in listed)
        self._places = frozenset(self._by_place)
        self._prefixes = frozenset(self._by_prefix)
        self.words = frozenset(self._by_word).union(*anchors.values())
        """All that a text is looked through for, but for beginnings of words."""
        self._all_channels = _numbers(self._by_channel)

    def _hang(
        self, number: int, territory: str, term: Term, anchors: dict[int, frozenset[str]]
    ) -> None:
        by = access(term, self.usage)
        if by.group is not None:
            words = None
            second = _second(term, by.group, self.usage)
            if second is not None:  # rules and alternatives of one group share its words
                words = anchors.setdefault(id(second), second.anchors)
            self._hang_on_words(territory, by.group, (number, words, _categories(term)))
        elif by.places:
            _add(self._by_place, by.places, number)
            _add(self._by_postcode, by.postcodes, number)
        elif by.categories:
            for name in sorted(by.categories):
                posting = self._by_category.setdefault(name, Posting())
                posting.add(territory, (number, None, None))
            self._any_category.add(territory, (number, None, None))
        elif by.channels:
            _add(self._by_channel, by.channels, number)
        else:
            _append(self.always, number)

    def _hang_on_words(self, territory: str, group: Group, demand: Demand) -> None:
        for phrase in group.phrases:
            hung = self._by_word if phrase.anchors else self._by_prefix
            for word in phrase.anchors or (phrase.beginning,):
                whole = word if phrase.anchors else ""
                hung.setdefault(word, Posting(word=whole)).add(territory, demand)

    def hits(self, case: Situation) -> Hits:
        """Find the rules of this territory whose access is hit, and what hits others too.

        Whether the words of an access are there is not certain yet: only its rarest one is.
        """
        touching, ancestry = case.whereabouts.touching, case.ancestry
        around = touching & self._territories
        inside = around <= case.whereabouts.inside
        found = Hits(case.known, ancestry, around, inside, set(self.always))
        found.add(self._postings(case))
        for territory in touching & self._places:
            found.worth.update(self._by_place[territory])
        if case.facts.place.postcode is not None:  # it may contradict the commune
            found.worth.update(self._by_postcode.get(case.facts.place.postcode, ()))
        channel = case.facts.channel
        found.worth.update(
            self._all_channels if channel is None else self._by_channel.get(channel, ())
        )
        return found

    def _postings(self, case: Situation) -> list[Posting]:
        text, by_word = case.text, self._by_word
        found = [by_word[word] for word in case.known if word in by_word]
        if self._prefixes:
            found += [self._by_prefix[own] for own in text.beginnings & self._prefixes]
        if case.ancestry is None:
            found.append(self._any_category)
        else:
            by_category = self._by_category
            found += [by_category[name] for name in case.ancestry if name in by_category]
        return found

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


def _second(term: Term, first: Group, usage: Mapping[str, int]) -> Group | None:
    """Find the rarest words of which an alternative needs one beside those that it hangs on."""
    others = [
        group
        for literal in term
        if literal.positive and isinstance(literal.condition, Contains)
        for group in literal.condition.groups
        if group is not first and all(phrase.anchors for phrase in group.phrases)
    ]
    return min(others, key=lambda group: _commonness(group, usage), default=None)


def _categories(term: Term) -> frozenset[str] | None:
    """List the categories of which an alternative requires one, if it does."""
    for literal in term:
        if literal.positive and isinstance(literal.condition, CategoryIs):
            return literal.condition.categories
    return None


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
