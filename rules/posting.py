"""Rules that hang on one word or fact, by the territory of their file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, field
from itertools import filterfalse, islice

MOST_ELSEWHERE = 10  # near misses that a decision tells, so that more need not be looked up

Demand = tuple[int, frozenset[str] | None, frozenset[str] | None]
"""The number of a rule; words and categories of one of which an alternative needs one as well."""


@dataclass(slots=True)
class Shelf:
    """Rules of one territory; those of ``bound`` are worth trying once their demand is met."""

    free: list[int] = field(default_factory=list)
    bound: list[Demand] = field(default_factory=list)


@dataclass(slots=True)
class Posting:
    """Rules that hang on one word or fact: by territory, and all in rank order."""

    here: dict[str, Shelf] = field(default_factory=dict)
    all: list[int] = field(default_factory=list)

    def add(self, territory: str, demand: Demand) -> None:
        shelf = self.here.setdefault(territory, Shelf())
        number, words, categories = demand
        if words is None and categories is None:
            _append(shelf.free, number)
        elif not shelf.bound or shelf.bound[-1] is not demand:
            shelf.bound.append(demand)
        _append(self.all, number)


def _append(numbers: list[int], number: int) -> None:
    if not numbers or numbers[-1] != number:  # several words of one rule lead to it
        numbers.append(number)


@dataclass(slots=True)
class Hits:
    """What a case may concern: numbers of rules worth trying, and of those that surely fail."""

    words: Set[str]
    ancestry: Set[str] | None
    around: Collection[str]
    """Territories of files in which the case may lie."""
    worth: set[int]
    failing: list[int] = field(default_factory=list)
    elsewhere: list[Posting] = field(default_factory=list)
    """What hits rules of other territories too, which fail."""

    def add(self, postings: Iterable[Posting]) -> None:
        """Look at what the words or facts of a case lead to."""
        around, worth = self.around, self.worth
        for posting in postings:
            shelves, near = posting.here, 0
            for territory in around if len(around) < len(shelves) else shelves:
                if territory in around and territory in shelves:
                    near += 1
                    shelf = shelves[territory]
                    worth.update(shelf.free)
                    if shelf.bound:
                        self._weigh(shelf.bound)
            if near < len(shelves):
                self.elsewhere.append(posting)

    def _weigh(self, bound: list[Demand]) -> None:
        words, ancestry = self.words, self.ancestry
        for number, needed, categories in bound:
            if (needed is None or not needed.isdisjoint(words)) and (
                categories is None or ancestry is None or not categories.isdisjoint(ancestry)
            ):
                self.worth.add(number)
            else:
                self.failing.append(number)

    def missed(self, tried: Iterable[int]) -> list[int]:
        """Give the first rules that were hit and fail, in rank order; ``tried`` failed when tried."""
        found = {*tried, *(number for number in self.failing if number not in self.worth)}
        for posting in self.elsewhere:
            others = filterfalse(self.worth.__contains__, posting.all)
            found.update(islice(others, MOST_ELSEWHERE))
        return sorted(found)[:MOST_ELSEWHERE]
