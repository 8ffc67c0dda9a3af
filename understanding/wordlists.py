"""Lists of phrases that are looked for in a text, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from understanding.words import Words, words_of

_SPACELESS = (
    "\u3040",
    "\u9fff",
)  # Japanese and Chinese write no spaces: words of them are sought inside


class WordList:
    """Phrases of one or more words; the last word may end in ``*`` for the beginning of a word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
        self._beginnings: dict[str, list[str]] = {}
        self._inside: list[str] = []
        for phrase in phrases:
            self._add(phrase)
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def _add(self, phrase: str) -> None:
        if _SPACELESS[0] <= phrase[0] <= _SPACELESS[1]:
            self._inside.append(phrase)
            return
        open_end = phrase.endswith("*")
        folded = words_of(phrase).folded
        if open_end and len(folded) == 1:
            self._beginnings.setdefault(folded[0][:3], []).append(folded[0])
        else:
            self._by_first.setdefault(folded[0], []).append((folded, open_end))

    def at(self, words: Words, index: int) -> int:
        """Give how many words the longest phrase at this word takes, 0 for none."""
        if index >= len(words.folded):
            return 0
        word = words.folded[index]
        for phrase, open_end in self._by_first.get(word, ()):
            if _matches(words.folded[index : index + len(phrase)], phrase, open_end):
                return len(phrase)
        if any(word.startswith(beginning) for beginning in self._beginnings.get(word[:3], ())):
            return 1
        return int(any(word.startswith(part) for part in self._inside))

    def spans(self, words: Words) -> list[tuple[int, int]]:
        """List where phrases stand, as first word and word after the last, without overlap."""
        found, index = [], 0
        while index < len(words.folded):
            size = self.at(words, index)
            if size:
                found.append((index, index + size))
            index += size or 1
        if not found and self._inside and not words.text.isascii():
            found = [(0, 2) for part in self._inside if part in words.text]
        return found

    def count(self, words: Words) -> int:
        return len(self.spans(words))

    def holds(self, words: Words) -> bool:
        return bool(self.spans(words))


def _matches(found: Sequence[str], phrase: tuple[str, ...], open_end: bool) -> bool:
    if not open_end:
        return tuple(found) == phrase
    same = tuple(found[:-1]) == phrase[:-1] and len(found) == len(phrase)
    return same and found[-1].startswith(phrase[-1])
