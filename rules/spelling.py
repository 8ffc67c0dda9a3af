"""Distances between spellings: edits with swapped neighbours, and a small French phonetic key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import OSA

_BEGINNING = 6  # letters
_KEPT = 32_768
"""Words of the rules whose spelling is remembered, since each version looks for nearly the same."""
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ph", "f"),
        ("[ck]+h?r", "kr"),
        ("qu|[ck]k|q", "k"),
        ("sc(?=[eiy])|c(?=[eiy])", "s"),
        ("ch|sh", "5"),
        ("c", "k"),
        ("ge(?=[ao])|g(?=[eiy])", "j"),
        ("gu(?=[eiy])", "g"),
        ("h", ""),
        ("eau|au|ô", "o"),
        ("ai(?!n)|ei(?!n)|er$|ez$", "e"),
        ("oeu|eu", "2"),
        ("[ae][mn](?=[^aeiouymn]|$)", "1"),
        ("(?:ai|ei|i|y)[mn](?=[^aeiouymn]|$)", "3"),
        ("o[mn](?=[^aeiouymn]|$)", "4"),
        ("ti(?=o)", "si"),
        ("y", "i"),
        ("z", "s"),
        ("x", "ks"),
        (r"(.)\1+", r"\1"),
        ("(?<=..)(?:[tdpsxg]s?|e+s?)$", ""),  # a consonant before a final e is heard
    )
)


@lru_cache(maxsize=_KEPT)
def sound(word: str) -> str:
    """Write a folded word roughly as French says it; silent endings are left out."""
    for pattern, written in _SOUNDS:
        word = pattern.sub(written, word)
    return word


def edits(one: str, other: str) -> int:
    """Count insertions, losses, changes and swaps of neighbours that lead from one to the other.

    This is the optimal string alignment distance: a swapped pair is not edited again.
    """
    return OSA.distance(one, other)


def without(word: str, count: int) -> set[str]:
    """List a word with up to ``count`` letters left out, itself included.

    Two words within ``count`` edits have one of these in common.
    """
    found = {word}
    newest = found
    for _ in range(count):
        newest = {own[:place] + own[place + 1 :] for own in newest for place in range(len(own))}
        found = found | newest
    return found


class Near:
    """Words, found again by others within some edits of them.

    Two words within ``most`` edits have beginnings that are equal once each has lost at most as
    many letters. Words with one beginning share its entries: an index of whole words took seven
    times the memory and the time to make.
    """

    def __init__(self, words: Iterable[str], most: int) -> None:
        self._most = most
        self._words: dict[str, list[str]] = {}
        for word in words:
            self._words.setdefault(word[:_BEGINNING], []).append(word)
        # with spaces between: a hundred thousand lists would keep the garbage collector busy
        self._beginnings: dict[str, str] = {}
        for beginning in self._words:
            for shortened in without(beginning, most):
                known = self._beginnings.get(shortened)
                self._beginnings[shortened] = f"{known} {beginning}" if known else beginning

    def of(self, word: str) -> dict[str, int]:
        """Find the words that are near another one, each with its number of edits."""
        known, most = self._beginnings, self._most
        beginnings = {
            beginning
            for shortened in without(word[:_BEGINNING], most)
            for beginning in known.get(shortened, "").split(" ")
        }
        found = {}
        for beginning in beginnings:
            for near in self._words.get(beginning, ()):
                if -most <= len(near) - len(word) <= most:
                    count = OSA.distance(word, near, score_cutoff=most)
                    if count <= most:
                        found[near] = count
        return found
