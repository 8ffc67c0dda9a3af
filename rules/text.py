"""The sender's new words, cut once for all rules, and where phrases stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from rules.phrases import Phrase
from rules.sentences import sentence_starts
from rules.words import BREAK, exact_tokens, folded

NEGATIONS = frozenset({"sans", "aucun", "aucune", "no", "without", "pas", "plus"})
_NEGATIONS = NEGATIONS - {"pas", "plus"}
_NEGATIONS_WITH_DE = frozenset({"pas", "plus"})
_DE = frozenset({"de", "d"})
_BREAKS = frozenset({BREAK})
_FARTHEST_NEGATION = 2  # words between the negation and what it denies


class Begins(Protocol):
    """Tells the beginnings of words that matter."""

    def of(self, words: frozenset[str]) -> frozenset[str]: ...


class Wanted(Protocol):
    """Words of which one is enough."""

    def found(self, text: Text) -> bool: ...


class Text:
    """The sender's new words, cut once for all rules.

    ``begins`` tells those beginnings of words that are looked for; without it all are listed.
    """

    __slots__ = (
        "_beginnings",
        "_begins",
        "_between",
        "_exact",
        "_found",
        "_held",
        "_raw",
        "_starts",
        "folded",
        "repaired",
        "words",
    )

    def __init__(self, text: str, subject: str = "", begins: Begins | None = None) -> None:
        self._raw = (subject, text)
        self._begins = begins
        self._between = [BREAK] if subject and text else []
        self.folded = folded(text)
        if subject:
            self.folded = [*folded(subject), *self._between, *self.folded]
        self.repaired: dict[str, str] = {}
        self._exact: list[str] | None = None
        self._starts: frozenset[int] | None = None
        self._index()

    def _index(self) -> None:
        words = frozenset(self.folded)
        self.words = words - _BREAKS if self._between else words
        self._found: dict[int, int | None] = {}
        self._held: dict[int, tuple[Wanted, bool]] = {}
        self._beginnings: frozenset[str] | None = None

    def places_of(self, word: str) -> Sequence[int]:
        """List where a word of the text stands, in reading order."""
        folded = self.folded
        first = folded.index(word)  # few words of a text are looked for: no table is worth it
        if folded.count(word) == 1:
            return (first,)
        return [place for place in range(first, len(folded)) if folded[place] == word]

    def holds(self, group: Wanted) -> bool:
        """Whether one word of a group is found; a group that is asked again is not looked for again.

        Groups are known by their identity, and held so that it stays theirs: their hash is dear.
        """
        known = self._held.get(id(group))
        if known is None:
            known = self._held[id(group)] = (group, group.found(self))
        return known[1]

    @property
    def beginnings(self) -> frozenset[str]:
        """The beginnings of the words, the whole word included."""
        if self._beginnings is None:
            words = self.words
            self._beginnings = (
                _all_beginnings(words) if self._begins is None else self._begins.of(words)
            )
        return self._beginnings

    @property
    def exact(self) -> list[str]:
        """Words with their accents, in step with ``folded``."""
        if self._exact is None:
            subject, text = map(exact_tokens, self._raw)
            self._exact = [*subject, *self._between, *text]
        return self._exact

    @property
    def starts(self) -> frozenset[int]:
        """The numbers of the words that begin a sentence, the first of the text among them."""
        if self._starts is None:
            subject, text = self._raw
            before = len(folded(subject)) + len(self._between)
            own = (before + start for start in sentence_starts(text))
            self._starts = frozenset({before, *sentence_starts(subject), *own})
        return self._starts

    @property
    def parts(self) -> tuple[str, ...]:
        """The subject and the text as they were written."""
        return self._raw

    def repair(self, corrections: dict[str, str]) -> None:
        """Read some words as others, as if they had been typed without error."""
        self.folded = [corrections.get(word, word) for word in self.folded]
        self.repaired = corrections
        self._index()

    def find(self, phrase: Phrase) -> int | None:
        """Find the first place where a phrase holds; phrases live as long as their rule set."""
        if phrase.kind == "plain" and not phrase.unless_negated:
            return self._first_run(phrase)
        key = id(phrase)
        if key not in self._found:
            self._found[key] = self._find(phrase)
        return self._found[key]

    def _first_run(self, phrase: Phrase) -> int | None:
        """Find the first place of consecutive words by their rarest one."""
        first: int | None = None
        for word in phrase.anchors & self.words:
            for place in self.places_of(word):
                start = place - phrase.lead
                if first is not None and start >= first:
                    break
                if start >= 0 and self.runs_on(phrase.forms, start):
                    first = start
                    break
        return first

    def _find(self, phrase: Phrase) -> int | None:
        for place in self.places(phrase):
            if not (phrase.unless_negated and self._negated(place)):
                return place
        return None

    def places(self, phrase: Phrase) -> Iterable[int]:
        """Find every place where a phrase holds, in reading order."""
        if phrase.kind == "plain":
            return self._runs(phrase.forms)
        if phrase.kind == "exact":
            return self._exactly(list(phrase.pieces))
        if phrase.kind == "prefix":
            return self._prefixed(phrase.pieces)
        return self._near(phrase)

    def _runs(self, forms: tuple[frozenset[str], ...]) -> Iterable[int]:
        """Find consecutive words, each in one of its forms."""
        if forms[0].isdisjoint(self.words):
            return ()
        hits = forms[0] & self.words
        first = [place for word in hits for place in self.places_of(word)]
        if len(hits) > 1:
            first.sort()
        if len(forms) == 1:
            return first
        return [place for place in first if self.runs_on(forms, place)]

    def runs_on(self, forms: tuple[frozenset[str], ...], place: int) -> bool:
        """Whether consecutive words, each in one of its forms, stand from a place on."""
        folded = self.folded
        if place + len(forms) > len(folded):
            return False
        for after, wanted in enumerate(forms):  # noqa: SIM110 -- asked thousands of times a second
            if folded[place + after] not in wanted:
                return False
        return True

    def _exactly(self, wanted: list[str]) -> Iterator[int]:
        exact, size = self.exact, len(wanted)
        for place, word in enumerate(exact):
            if word == wanted[0] and exact[place : place + size] == wanted:
                yield place

    def _prefixed(self, pieces: tuple[str, ...]) -> Iterator[int]:
        last = pieces[-1]
        if last not in self.beginnings:
            return
        if len(pieces) == 1:
            for place, word in enumerate(self.folded):
                if word.startswith(last):
                    yield place
            return
        size = len(pieces) - 1
        for place in self._runs(tuple(frozenset({piece}) for piece in pieces[:-1])):
            after = place + size
            if after < len(self.folded) and self.folded[after].startswith(last):
                yield place

    def _near(self, phrase: Phrase) -> Iterator[int]:
        """Find where all parts stand, from the first word of one to the first of the last."""
        found = [
            (place, index) for index, part in enumerate(phrase.parts) for place in self.places(part)
        ]
        found.sort()
        for start, (low, _) in enumerate(found):
            missing = set(range(len(phrase.parts)))
            for high, index in found[start:]:
                if high - low > phrase.span or BREAK in self.folded[low:high]:
                    break
                missing.discard(index)
                if not missing:
                    yield low
                    break

    def _negated(self, place: int) -> bool:
        """Whether a negation stands a few words before a place, and in its sentence."""
        found = self._negation(place)
        return found is not None and self.starts.isdisjoint(range(found + 1, place + 1))

    def _negation(self, place: int) -> int | None:
        for before in range(place - 1, max(place - 2 - _FARTHEST_NEGATION, -1), -1):
            word = self.folded[before]
            if word in _NEGATIONS:
                return before
            if word in _DE and before > 0 and self.folded[before - 1] in _NEGATIONS_WITH_DE:
                return before - 1
        return None


def _all_beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:size] for word in words for size in range(1, len(word) + 1))
