"""Many lists of phrases, looked for in a text in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from understanding.words import Words, words_of

_SPACELESS = re.compile("[\u3040-\u9fff]")  # Japanese and Chinese write no spaces between words
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    open_end: bool
    lists: tuple[str, ...]

    def stands_at(self, words: Words, index: int) -> bool:
        end = index + len(self.words)
        found = words.folded[index:end]
        if not self.open_end:
            return found == self.words
        whole = len(found) == len(self.words) and found[:-1] == self.words[:-1]
        return whole and found[-1].startswith(self.words[-1])


class WordLists:
    """Named lists of phrases; a ``*`` at the end of a phrase stands for any ending of its word."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        named: dict[str, list[str]] = {}
        for name, phrases in lists.items():
            for phrase in phrases:
                named.setdefault(phrase, []).append(name)
        self._by_first: dict[str, list[_Phrase]] = {}
        self._by_beginning: dict[str, list[_Phrase]] = {}
        self._spaceless: list[tuple[str, tuple[str, ...]]] = []
        for phrase, names in named.items():
            self._add(phrase, tuple(names))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry.words))

    def _add(self, phrase: str, names: tuple[str, ...]) -> None:
        if _SPACELESS.match(phrase):
            self._spaceless.append((phrase, names))
            return
        entry = _Phrase(words_of(phrase).folded, phrase.endswith("*"), names)
        if entry.open_end and len(entry.words) == 1:
            self._by_beginning.setdefault(entry.words[0][:3], []).append(entry)
        else:
            self._by_first.setdefault(entry.words[0], []).append(entry)

    def find(self, words: Words) -> Marks:
        """Find all phrases; those of one list never overlap, the longest at a place wins."""
        spans: dict[str, list[_Span]] = {}
        for index, word in enumerate(words.folded):
            for entries in (self._by_first.get(word), self._by_beginning.get(word[:3])):
                for entry in entries or ():
                    if entry.stands_at(words, index):
                        _note(spans, entry, index)
        if self._spaceless and _SPACELESS.search(words.text):
            for phrase, names in self._spaceless:
                if (place := words.text.find(phrase)) >= 0:
                    index = next(i for i, span in enumerate(words.spans) if span[1] > place)
                    for name in names:
                        spans.setdefault(name, []).append((index, index + 1))
        return Marks({name: tuple(found) for name, found in spans.items()})


def _note(spans: dict[str, list[_Span]], entry: _Phrase, index: int) -> None:
    for name in entry.lists:
        found = spans.setdefault(name, [])
        if not found or found[-1][1] <= index:
            found.append((index, index + len(entry.words)))


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the phrases of each list stand in one text, as first word and word after the last."""

    spans: Mapping[str, tuple[_Span, ...]]

    def holds(self, name: str) -> bool:
        return name in self.spans

    def count(self, name: str) -> int:
        return len(self.spans.get(name, ()))

    def at(self, name: str, index: int) -> int:
        """Give how many words the phrase that begins at ``index`` takes, 0 for none."""
        return next((end - start for start, end in self.spans.get(name, ()) if start == index), 0)
