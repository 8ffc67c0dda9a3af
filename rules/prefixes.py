"""Tells with which of the beginnings that rules look for a word begins."""

from __future__ import annotations

from collections.abc import Iterable

from rules.phrases import Phrase

_MEMO = 16_384


class Prefixes:
    """The beginnings of one rule set; what a word begins with is found once."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._known = frozenset(_beginnings(phrases))
        self._sizes = tuple(sorted({len(one) for one in self._known}))
        self._plain: set[str] = set()
        self._begun: dict[str, tuple[str, ...]] = {}

    def of(self, words: frozenset[str]) -> frozenset[str]:
        """List the beginnings that some word has."""
        found = set[str]()
        for word in words - self._plain:
            found.update(self._begun.get(word) or self._learn(word))
        return frozenset(found)

    def _learn(self, word: str) -> tuple[str, ...]:
        if len(self._plain) + len(self._begun) >= _MEMO:
            self._plain.clear()
            self._begun.clear()
        sizes = (size for size in self._sizes if size <= len(word))
        own = tuple(word[:size] for size in sizes if word[:size] in self._known)
        if own:
            self._begun[word] = own
        else:
            self._plain.add(word)
        return own


def _beginnings(phrases: Iterable[Phrase]) -> Iterable[str]:
    for phrase in phrases:
        if phrase.kind == "prefix":
            yield phrase.pieces[-1]
        yield from _beginnings(phrase.parts)
