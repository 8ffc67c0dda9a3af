"""Names of communes with one letter wrong, missing, doubled or swapped: "orvaut", "St Erblain"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from understanding.words import Words

_SHORTEST = 6  # letters of the name; the word may have one fewer
_SAINTS = {"saint": "saint", "st": "saint", "sainte": "sainte", "ste": "sainte"}
_REAL_WORDS = frozenset({"vertu", "vertus", "nantie", "nantis", "nanties", "montagnes", "antes"})


class Misspelt:
    """Finds the one name that a word is a single edit away from."""

    def __init__(self, names: Mapping[tuple[str, ...], str]) -> None:
        """Keep folded names of one word, or of "saint" and one word → the code of the commune."""
        self._near: dict[str, set[tuple[str, str]]] = {}
        for name, code in names.items():
            last = name[-1]
            if len(last) >= _SHORTEST:
                for shortened in (last, *_without_one(last)):
                    key = self._key(name[:-1], shortened)
                    self._near.setdefault(key, set()).add((last, code))

    def find(self, words: Words, starts: Iterable[int]) -> Iterator[tuple[int, int, str]]:
        """Try the words at ``starts``; gives first word, word after the last, and code."""
        for start in starts:
            saint = _SAINTS.get(words.folded[start])
            last = start + 1 if saint else start
            if last < len(words.folded):
                code = self._code((saint,) if saint else (), words.folded[last])
                if code is not None:
                    yield start, last + 1, code

    def _code(self, before: tuple[str, ...], word: str) -> str | None:
        if len(word) < _SHORTEST - 1 or word in _REAL_WORDS or not word.isalpha():
            return None
        close = {
            code
            for shortened in (word, *_without_one(word))
            for name, code in self._near.get(self._key(before, shortened), ())
            if _one_edit(word, name)
        }
        return close.pop() if len(close) == 1 else None

    @staticmethod
    def _key(before: tuple[str, ...], shortened: str) -> str:
        return " ".join((*before, shortened))


def _without_one(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(len(word))]


def _one_edit(one: str, other: str) -> bool:
    """Whether one insertion, loss, change or swap of neighbours leads from one to the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    first = next((i for i in range(len(one)) if one[i] != other[i]), len(one))
    if len(one) < len(other):
        return one[first:] == other[first + 1 :]
    swapped = one[first + 1 : first + 2] + one[first : first + 1] + one[first + 2 :]
    return one[first + 1 :] == other[first + 1 :] or swapped == other[first:]
