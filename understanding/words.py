"""A text as a list of words, each folded for comparing and with its place in the original."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

_WORD = re.compile(r"[^\W_]+")
_OTHER_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "ı": "i"})


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Lower a word's case and take its accents off; other scripts keep their letters."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFKD", lowered.translate(_OTHER_LETTERS))
    return "".join(letter for letter in decomposed if not _accent(letter))


def _accent(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"  # vowel signs of Indic scripts are not accents


@dataclass(frozen=True, slots=True)
class Words:
    """The words of ``text``: ``folded[i]`` stands at ``text[spans[i][0]:spans[i][1]]``."""

    text: str
    folded: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    def raw(self, index: int) -> str:
        start, end = self.spans[index]
        return self.text[start:end]

    def capital(self, index: int) -> bool:
        return self.text[self.spans[index][0]].isupper()

    def between(self, index: int) -> str:
        """Give what stands between word ``index`` and the next one (or the end)."""
        start = self.spans[index][1]
        end = self.spans[index + 1][0] if index + 1 < len(self.spans) else len(self.text)
        return self.text[start:end]

    def before(self, index: int) -> str:
        """Give what stands between the word before ``index`` (or the start) and it."""
        start = self.spans[index - 1][1] if index else 0
        return self.text[start : self.spans[index][0]]


@lru_cache(maxsize=32)
def words_of(text: str) -> Words:
    """Cut a text into words: runs of letters and digits; hyphens and apostrophes separate.

    The last few are kept, since one message is read from several sides.
    """
    spans = tuple(found.span() for found in _WORD.finditer(text))
    return Words(text, tuple(fold(text[start:end]) for start, end in spans), spans)


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A phrase of a book in a text: words ``start`` up to, without, ``end``."""

    start: int
    end: int
    value: V


class PhraseBook(Generic[V]):
    """Phrases of one or more words that stand for something, found in one pass over a text."""

    def __init__(self, phrases: Iterable[tuple[str, V]]) -> None:
        """Keep phrases by their first word, longest first; the first entry of a phrase stays."""
        book: dict[str, dict[tuple[str, ...], V]] = {}
        for phrase, value in phrases:
            folded = words_of(phrase).folded
            book.setdefault(folded[0], {}).setdefault(folded, value)
        self._book: Mapping[str, tuple[tuple[tuple[str, ...], V], ...]] = {
            first: tuple(sorted(entries.items(), key=lambda entry: -len(entry[0])))
            for first, entries in book.items()
        }

    def find(self, words: Words, start: int = 0) -> Iterator[Found[V]]:
        """Find phrases in reading order, the longest at each place, without overlap."""
        book, folded, free = self._book, words.folded, start
        for index in [place for place, word in enumerate(folded) if word in book]:
            if index < free:
                continue
            for phrase, value in book[folded[index]]:
                end = index + len(phrase)
                if folded[index:end] == phrase:
                    yield Found(index, end, value)
                    free = end
                    break
