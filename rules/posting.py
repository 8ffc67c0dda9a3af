"""Rules that hang on one word or fact, by the territory of their file."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from rules.usual import Usual

_FEW = 4  # words that are looked up one by one; of more, each rule is asked whether one is there

Demand = tuple[int, frozenset[str] | None, frozenset[str] | None]
"""The number of a rule; words and categories of one of which an alternative needs one as well."""


Numbers: TypeAlias = "array[int]"
"""Numbers of rules in rank order, next to each other in memory: there are millions."""


def numbers() -> Numbers:
    return array("L")


@dataclass(slots=True)
class Shelf:
    """Rules of one territory: those worth trying at once, and those that need something as well.

    Those of ``by_second`` need one of few words, those of ``picky`` one of many, or a category.
    ``ranked`` are all that need something.
    """

    free: Numbers = field(default_factory=numbers)
    by_second: dict[str, Numbers] = field(default_factory=dict)
    picky: list[Demand] = field(default_factory=list)
    ranked: Numbers = field(default_factory=numbers)
    word: str = ""
    usual: Usual | None = None

    def add(self, demand: Demand) -> None:
        number, words, categories = demand
        if words is None and categories is None:
            _append(self.free, number)
            return
        _append(self.ranked, number)
        if categories is None and words is not None and len(words) <= _FEW:
            for word in words:
                _append(self.by_second.setdefault(word, numbers()), number)
        elif not self.picky or self.picky[-1] is not demand:
            self.picky.append(demand)


@dataclass(slots=True)
class Posting:
    """Rules that hang on one word or fact: by territory, and all in rank order.

    ``word`` is empty for a fact, and for the beginning of words. What is usually told of the first
    of ``ranked``, as of a shelf's, is written when they are told for the first time.
    """

    here: dict[str, Shelf] = field(default_factory=dict)
    ranked: Numbers = field(default_factory=numbers)
    word: str = ""
    usual: Usual | None = None

    def add(self, territory: str, demand: Demand) -> None:
        self.here.setdefault(territory, Shelf(word=self.word)).add(demand)
        _append(self.ranked, demand[0])


def _append(numbers: Numbers, number: int) -> None:
    if not numbers or numbers[-1] != number:  # several words of one rule lead to it
        numbers.append(number)


Ranked: TypeAlias = Posting | Shelf


@dataclass(slots=True)
class Hits:
    """What a case may concern: numbers of rules worth trying, and of those that surely fail."""

    words: Set[str]
    ancestry: Set[str] | None
    around: Collection[str]
    """Territories of files in which the case may lie."""
    inside: bool
    """Whether it lies in all of them for sure."""
    worth: set[int]
    unmet: list[Ranked] = field(default_factory=list)
    """What was hit and fails, but for what is worth trying."""

    def add(self, postings: Iterable[Posting]) -> None:
        """Look at what the words or facts of a case lead to."""
        around, worth = self.around, self.worth
        for posting in postings:
            shelves, near = posting.here, 0
            bound: list[Ranked] = []
            for territory in around if len(around) < len(shelves) else shelves:
                if territory in around and territory in shelves:
                    near += 1
                    shelf = shelves[territory]
                    worth.update(shelf.free)
                    if shelf.ranked:
                        self._weigh(shelf)
                        bound.append(shelf)
            self.unmet += [posting] if near < len(shelves) else bound

    def _weigh(self, shelf: Shelf) -> None:
        words, ancestry, worth = self.words, self.ancestry, self.worth
        by_second = shelf.by_second
        for word in by_second.keys() & words:
            worth.update(by_second[word])
        for number, needed, categories in shelf.picky:
            if (needed is None or not needed.isdisjoint(words)) and (
                categories is None or ancestry is None or not categories.isdisjoint(ancestry)
            ):
                worth.add(number)
