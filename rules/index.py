"""Finds the few rules that a case may concern, without looking at the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.conditions.facts import CategoryIs, ChannelIs
from rules.conditions.place import HasPostcode, Inside
from rules.conditions.words import Contains
from rules.dnf import Term
from rules.groups import Group
from rules.situation import Situation

Postings = dict[str, list[int]]
"""File territory → rule numbers."""

_FEW_TERRITORIES = 32


class Index:
    """Each alternative of a rule hangs on its rarest words, else on place, category or channel.

    Rules are known by their number, which is their rank.
    """

    def __init__(self, rules: Iterable[tuple[str, tuple[Term, ...]]]) -> None:
        listed = list(rules)
        self._by_word: dict[str, Postings] = {}
        self._by_prefix: dict[str, Postings] = {}
        self._by_place: Postings = {}
        self._by_category: Postings = {}
        self._by_channel: Postings = {}
        self.always: list[int] = []
        usage = _usage(terms for _, terms in listed)
        for number, (territory, terms) in enumerate(listed):
            for term in terms:
                self._hang(number, territory, term, usage)
        self._all_categories = _numbers(self._by_category)
        self._all_channels = _numbers(self._by_channel)

    def _hang(self, number: int, territory: str, term: Term, usage: Mapping[str, int]) -> None:
        held = [literal.condition for literal in term if literal.positive]
        groups = [group for one in held if isinstance(one, Contains) for group in one.groups]
        if groups:
            rarest = min(groups, key=lambda group: _commonness(group, usage))
            self._hang_on_words(number, territory, rarest)
            return
        for condition in held:
            if isinstance(condition, Inside):
                _add(self._by_place, condition.territories, number)
                return
            if isinstance(condition, HasPostcode) and condition.communes:
                _add(self._by_place, condition.communes, number)
                return
        for condition in held:
            if isinstance(condition, CategoryIs):
                _add(self._by_category, condition.categories, number)
                return
        for condition in held:
            if isinstance(condition, ChannelIs):
                _add(self._by_channel, condition.channels, number)
                return
        if number not in self.always:
            self.always.append(number)

    def _hang_on_words(self, number: int, territory: str, group: Group) -> None:
        for phrase in group.phrases:
            hung = self._by_word if phrase.anchors else self._by_prefix
            for word in phrase.anchors or (phrase.beginning,):
                own = hung.setdefault(word, {}).setdefault(territory, [])
                if not own or own[-1] != number:
                    own.append(number)

    def hits(self, case: Situation) -> tuple[set[int], set[int]]:
        """List rules whose access is hit: those of this territory, and those of others."""
        here: set[int] = set(self.always)
        elsewhere: set[int] = set()
        touching = case.whereabouts.touching
        for postings in self._word_postings(case):
            if len(postings) <= len(touching):
                for territory, numbers in postings.items():
                    (here if territory in touching else elsewhere).update(numbers)
            else:
                for territory in touching:
                    if territory in postings:
                        here.update(postings[territory])
                if len(postings) <= _FEW_TERRITORIES:
                    for territory, numbers in postings.items():
                        if territory not in touching:
                            elsewhere.update(numbers)
        for territory in touching:
            if territory in self._by_place:
                here.update(self._by_place[territory])
        self._by_facts(case, here)
        return here, elsewhere

    def _word_postings(self, case: Situation) -> Iterable[Postings]:
        text = case.text
        for word in text.words & self._by_word.keys():
            yield self._by_word[word]
        if self._by_prefix:
            for beginning in text.beginnings & self._by_prefix.keys():
                yield self._by_prefix[beginning]

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


def _add(postings: Postings, names: Iterable[str], number: int) -> None:
    for name in sorted(names):
        own = postings.setdefault(name, [])
        if not own or own[-1] != number:
            own.append(number)


def _numbers(postings: Postings) -> frozenset[int]:
    return frozenset(number for numbers in postings.values() for number in numbers)
