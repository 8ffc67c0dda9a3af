"""Lists the rules that are worth comparing: something in which both may meet, and what differs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.compiled import Compiled
from rules.conditions.facts import CategoryIs
from rules.conditions.place import HasPostcode, Inside, NearObject
from rules.dnf import Literal, Term
from rules.lint.overlap import Comparison, groups_of
from rules.lint.same_owner import Owning

Kinds = frozenset[str]
"""What the conditions of an alternative are about."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule with an owner, and what comparing it needs."""

    compiled: Compiled
    places: frozenset[str]
    owners: Owning
    words: int = 0
    """How many words its longest alternative looks for."""
    promises: tuple[str, ...] = ()
    """The keys of what it states that counts only while it decides."""

    @property
    def where(self) -> str:
        rule = self.compiled.rule
        return f"« {rule.id} » ({rule.at.file}, ligne {rule.at.line})"


class Shelf:
    """Rules that have one thing in common, by owner, each time in rank order; apart, who promises."""

    def __init__(self) -> None:
        self._by_owners: dict[Owning, list[int]] = {}
        self._promising: dict[Owning, list[int]] = {}

    def put(self, index: int, subject: Subject) -> None:
        _append(self._by_owners.setdefault(subject.owners, []), index)
        if subject.promises:
            _append(self._promising.setdefault(subject.owners, []), index)

    def below(self, index: int, owners: Owning) -> Iterator[Sequence[int]]:
        """List the rules that rank below one, and of the same owners those that promise."""
        for theirs, own in self._by_owners.items():
            rules = own if theirs != owners else self._promising.get(owners, [])
            yield rules[bisect_right(rules, index) :]


class Pairs:
    """Gives the pairs of a rule set one after another, since there may be millions of them.

    Two rules that share a word, a category or an object may meet. An alternative with none of the
    three meets another only where one follows from the other: what one is about is then all among
    what the other is about.
    """

    def __init__(self, subjects: Sequence[Subject], compare: Comparison) -> None:
        self._subjects = subjects
        self._compare = compare
        self._shared: dict[tuple[str, str], Shelf] = {}
        self._any: dict[Kinds, Shelf] = {}
        self._bare: dict[Kinds, Shelf] = {}
        for index, subject in enumerate(subjects):
            for term in subject.compiled.terms:
                self._put(index, subject, term)

    def _put(self, index: int, subject: Subject, term: Term) -> None:
        keys = self._keys(term)
        for key in keys:
            self._shared.setdefault(key, Shelf()).put(index, subject)
        kinds = _kinds(term)
        self._any.setdefault(kinds, Shelf()).put(index, subject)
        if not keys:
            self._bare.setdefault(kinds, Shelf()).put(index, subject)

    def __iter__(self) -> Iterator[tuple[Subject, Subject]]:
        """List pairs in rank order."""
        for index, subject in enumerate(self._subjects):
            found: set[int] = set()
            for shelf in self._shelves(subject):
                for own in shelf.below(index, subject.owners):
                    found.update(own)
            for other in sorted(found):
                yield subject, self._subjects[other]

    def _shelves(self, subject: Subject) -> Iterator[Shelf]:
        """List the shelves on which rules stand that one may meet."""
        keys: set[tuple[str, str]] = set()
        bare: set[Kinds] = set()
        kinds: set[Kinds] = set()
        for term in subject.compiled.terms:
            own = self._keys(term)
            keys |= own
            kinds.add(_kinds(term))
            if not own:
                bare.add(_kinds(term))
        yield from (self._shared[key] for key in keys)
        yield from _related(bare, self._any)
        yield from _related(kinds, self._bare)

    def _keys(self, term: Term) -> set[tuple[str, str]]:
        words = self._compare.words
        keys = {("word", word) for group in groups_of(term) for word in words.keys(group)}
        keys |= {("category", name) for name in categories_of(self._compare, term)}
        return keys | {("object", name) for name in objects_of(term)}


def _append(numbers: list[int], number: int) -> None:
    if not numbers or numbers[-1] != number:
        numbers.append(number)


def categories_of(compare: Comparison, term: Term) -> frozenset[str]:
    """List the categories of which an alternative asks for one; none where it asks for none."""
    found = [
        compare.categories(literal.condition)
        for literal in term
        if literal.positive and isinstance(literal.condition, CategoryIs)
    ]
    return frozenset.intersection(*found) if found else frozenset()


def objects_of(term: Term) -> frozenset[str]:
    """List the layers near whose objects an alternative holds."""
    return frozenset(
        layer
        for literal in term
        if literal.positive and isinstance(literal.condition, NearObject)
        for layer, _ in literal.condition.layers
    )


def _related(kinds: set[Kinds], shelves: dict[Kinds, Shelf]) -> Iterator[Shelf]:
    for theirs, shelf in shelves.items():
        if any(own <= theirs or theirs <= own for own in kinds):
            yield shelf


def _kinds(term: Term) -> Kinds:
    return frozenset(map(_kind, term))


def _kind(literal: Literal) -> str:
    """Tell what a condition is about: territories follow from postal codes, and the reverse."""
    if isinstance(literal.condition, Inside | HasPostcode):
        return "lieu"
    return type(literal.condition).__name__
