"""Tells the category of a text by the words of categories.yaml."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rules.groups import distinct
from rules.model import Category
from rules.phrases import Phrase
from rules.text import Text
from rules.words import tokens

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or expression of a category; ``key`` is the same for all forms of one word."""

    category: str
    key: object
    phrase: Phrase


class _Several:
    """Expressions that hang on one word, by the word beside it without which they cannot stand.

    Most words are never written: how they are sorted is worked out when the first text holds one.
    """

    __slots__ = ("_beside", "_words", "after", "alone", "before")

    def __init__(self) -> None:
        self._words: list[_Word] = []
        self._beside: set[str] | None = None
        self.alone: list[_Word] = []
        self.before: dict[str, list[_Word]] = {}
        self.after: dict[str, list[_Word]] = {}

    def add(self, word: _Word) -> None:
        self._words.append(word)

    def _sort(self) -> set[str]:
        alone: list[_Word] = []
        before: dict[str, list[_Word]] = {}
        after: dict[str, list[_Word]] = {}
        for word in self._words:
            phrase = word.phrase
            if phrase.kind != "plain" or phrase.unless_negated:
                alone.append(word)
                continue
            beside = after if phrase.beside > 0 else before
            for own in phrase.forms[phrase.lead + phrase.beside]:
                beside.setdefault(own, []).append(word)
        self.alone, self.before, self.after = alone, before, after
        self._beside = {*before, *after}  # last, so that another thread never sees half of it
        return self._beside

    def may_stand(self, words: frozenset[str]) -> bool:
        """Whether a text of these words may hold one."""
        beside = self._sort() if self._beside is None else self._beside
        return bool(self.alone) or not beside.isdisjoint(words)

    def around(self, place: int, folded: list[str]) -> Iterable[_Word]:
        """List the consecutive words of which the one at a place and the one beside it are two."""
        found: Sequence[_Word] = ()
        if self.after and place + 1 < len(folded):
            found = self.after.get(folded[place + 1], ())
        if self.before and place:
            before = self.before.get(folded[place - 1])
            if before:
                return [*found, *before]
        return found


_Found = dict[str, dict[object, tuple[int, str]]]
"""Category → distinct words → where the first of them stands, and how it is written."""


class Categories:
    """Words of all categories, found in one pass over a text."""

    def __init__(self, categories: Mapping[str, Category]) -> None:
        self.known = categories
        self._order = {name: rank for rank, name in enumerate(categories)}
        self._depth = {name: category.depth for name, category in categories.items()}
        self._family = {name: category.family for name, category in categories.items()}
        self._single: dict[str, list[_Word]] = {}
        self._several: dict[str, _Several] = {}
        self._by_prefix: dict[str, list[_Word]] = {}
        for name, category in categories.items():
            for phrase in distinct(category.phrases):
                self._hang(_Word(name, phrase.forms or phrase.written, phrase))
        self._anchors = frozenset(self._single) | frozenset(self._several)
        self._prefixes = frozenset(self._by_prefix)
        self.ancestries = {name: _ancestry(name, categories) for name in categories}
        self._below: dict[frozenset[str], tuple[str, ...]] = {}

    def _hang(self, word: _Word) -> None:
        phrase = word.phrase
        single = len(phrase.forms) == 1 and not phrase.unless_negated
        for anchor in phrase.anchors:
            if single:
                self._single.setdefault(anchor, []).append(word)
            else:
                self._several.setdefault(anchor, _Several()).add(word)
        if not phrase.anchors:
            self._by_prefix.setdefault(phrase.beginning, []).append(word)

    def by_name(
        self, wanted: Iterable[tuple[frozenset[str] | None, Item]]
    ) -> dict[str, list[Item]]:
        """Sort what asks for some categories, or for any, by each category that will do."""
        found: dict[str, list[Item]] = {}
        for categories, item in wanted:
            for name in self._order if categories is None else self._that_are(categories):
                found.setdefault(name, []).append(item)
        return found

    def _that_are(self, categories: frozenset[str]) -> tuple[str, ...]:
        """List these categories and all below them; rules ask for no others, again and again."""
        names = self._below.get(categories)
        if names is None:
            own = (name for name, line in self.ancestries.items() if line & categories)
            names = self._below[categories] = tuple(own)
        return names

    def of(self, text: Text, street: str | None = None) -> tuple[str | None, list[str]]:
        """Find the category of a text and the words that told it.

        Most distinct words first, then the deeper category, then the one named first. The name of
        the ``street`` tells nothing: a lamp of the rue de la Fontaine is no fountain.
        """
        found = self._found(text, street)
        if not found:
            return None, []
        best = min(found, key=lambda name: self._rank(name, found[name]))
        return best, [written for _, written in sorted(found[best].values())]

    def beside(self, category: str, text: Text, street: str | None = None) -> frozenset[str]:
        """List the categories of other families than one, of which a text has words too."""
        family = self._family[category]
        return frozenset(name for name in self._found(text, street) if self._family[name] != family)

    def _found(self, text: Text, street: str | None) -> _Found:
        """Find the words of all categories."""
        names = _name_of(street, text) if street else frozenset[int]()
        found: _Found = {}
        words = text.words
        for anchor in words & self._anchors:
            if anchor in self._single:
                first = _first(text.places_of(anchor), names)
                for word in self._single[anchor]:
                    _note(found, word, first)
            several = self._several.get(anchor)
            if several is not None and several.may_stand(words):
                self._expressions(several, text.places_of(anchor), text, names, found)
        for beginning in text.beginnings & self._prefixes if self._prefixes else ():
            for word in self._by_prefix[beginning]:
                _note(found, word, _place(word.phrase, text, names))
        return found

    def _expressions(
        self,
        several: _Several,
        places: Iterable[int],
        text: Text,
        names: Collection[int],
        found: _Found,
    ) -> None:
        """Note the expressions that hold around the places of their common word."""
        for place in places:
            for word in several.around(place, text.folded):
                start = place - word.phrase.lead
                if start >= 0 and start not in names and text.runs_on(word.phrase.forms, start):
                    _note(found, word, start)
        for word in several.alone:
            if word.phrase.may_stand(text.words):
                _note(found, word, _place(word.phrase, text, names))

    def _rank(self, name: str, words: dict[object, tuple[int, str]]) -> tuple[int, ...]:
        return (-len(words), -self._depth[name], min(words.values())[0], self._order[name])


_latest: list[Categories] = []


def categories_of(known: Mapping[str, Category]) -> Categories:
    """Sort the words of categories, or give those of the version before where these are the same.

    To sort them takes a tenth of the save of a rule file, which leaves them as they are.
    """
    for one in _latest:
        if one.known == known and list(one.known) == list(known):  # the first named wins a tie
            return one
    made = Categories(known)
    _latest[:] = [made]
    return made


def _first(places: Collection[int], names: Collection[int]) -> int | None:
    return next((place for place in places if place not in names), None)


def _place(phrase: Phrase, text: Text, names: Collection[int]) -> int | None:
    """Find the first place where a phrase holds, outside the name of a street."""
    place = text.find(phrase)
    if place is not None and place in names:
        return next((one for one in text.places(phrase) if one not in names), None)
    return place


def _note(found: _Found, word: _Word, place: int | None) -> None:
    if place is None:
        return
    own = found.setdefault(word.category, {})
    before = own.get(word.key)
    if before is None or place < before[0]:
        own[word.key] = (place, word.phrase.written)


def _name_of(street: str, text: Text) -> frozenset[int]:
    """List where the name of a street stands in a text, without its kind: "parc" says something.

    The kind may be shortened there ("av", "bd"), never its first letter.
    """
    kind, *name = tokens(street) or ("",)
    if not name:
        return frozenset()
    return frozenset(
        place
        for start in (text.places_of(name[0]) if name[0] in text.words else ())
        if start and text.folded[start : start + len(name)] == name
        if text.folded[start - 1][:1] == kind[:1]
        for place in range(start, start + len(name))
    )


def _ancestry(name: str, categories: Mapping[str, Category]) -> frozenset[str]:
    chain: set[str] = set()
    current: str | None = name
    while current is not None and current in categories and current not in chain:
        chain.add(current)
        current = categories[current].parent
    return frozenset(chain)
