"""Tells of the rules that were hit and do not hold, each with the first condition that failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, filterfalse, islice

from rules.compiled import Compiled
from rules.conditions.logic import any_holds
from rules.conditions.source import Miss, missed
from rules.posting import Hits, Ranked
from rules.situation import Situation
from rules.usual import Rest, Usual, elsewhere, usual

MOST_MISSED = 10  # near misses that a decision tells, so that more need not be looked up


class Misses:
    """Near misses of one rule set, which are nearly the same for all texts that hold one word.

    A rule lies far from its words in memory, and all rules from each other: to look at ten takes
    half as long as to decide. What is told of the first rules of a word is written once, side by side.
    """

    def __init__(self, rules: Sequence[Compiled]) -> None:
        self._rules = rules

    def tell(self, hits: Hits, tried: Collection[int], case: Situation) -> list[Miss]:
        """Tell of the first rules that were hit and fail, in rank order; ``tried`` failed when tried.

        What is told is shared with other cases, and must not be changed.
        """
        ready: dict[int, Miss | Rest | None] = {}
        for one in hits.unmet:
            own = one.usual or self._learn(one)
            ready.update(zip(one.ranked, own.told, strict=False))
            if not own.others.keys().isdisjoint(hits.words):
                for word in own.others.keys() & hits.words:
                    ready.update(dict.fromkeys(own.others[word]))
        numbers = _first(hits, ready, tried)
        found: list[Miss] = []
        for number in numbers:
            told = ready.get(number)
            if told is None:
                told = miss(self._rules[number], case)
            found.append(told.tell(case) if isinstance(told, Rest) else told)
        return found

    def _learn(self, one: Ranked) -> Usual:
        first = [self._rules[number] for number in one.ranked[:MOST_MISSED]]
        found = one.usual = usual(first, one.word)
        return found


def _first(hits: Hits, ready: Collection[int], tried: Collection[int]) -> list[int]:
    """Give the numbers of the first rules that were hit and fail."""
    worth = hits.worth
    if not worth.isdisjoint(ready):  # others move up
        failing = (filterfalse(worth.__contains__, one.ranked) for one in hits.unmet)
        ready = set(chain.from_iterable(islice(each, MOST_MISSED) for each in failing))
    return sorted({*ready, *tried} if tried else ready)[:MOST_MISSED]


def miss(one: Compiled, case: Situation) -> Miss:
    """Tell the first condition, in written order, that kept a rule from holding."""
    for condition in one.asked:
        found = condition.missed(one.id, case)
        if found is not None:
            return found
    rule = one.rule
    for block in rule.unless:
        if any_holds((block,), case) and block.conditions:
            return missed(one.id, block.conditions[0], case, "sauf ")
    if rule.season is not None and not rule.season.holds(case.local.date()):
        today = case.local.date().isoformat()
        return {"rule": one.id, "condition": "dates", "expected": "du … au …", "value": today}
    return elsewhere(one.id, rule.territory, case)
