"""Distances between spellings: edits with swapped neighbours, and a small French phonetic key."""

from __future__ import annotations

import re

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


def sound(word: str) -> str:
    """Write a folded word roughly as French says it; silent endings are left out."""
    for pattern, written in _SOUNDS:
        word = pattern.sub(written, word)
    return word


def edits(one: str, other: str) -> int:
    """Count insertions, losses, changes and swaps of neighbours that lead from one to the other.

    This is the optimal string alignment distance: a swapped pair is not edited again.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (letter != wanted))
            swapped = (
                row > 1 and column > 1 and one[row - 2] == wanted and letter == other[column - 2]
            )
            if swapped:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1]


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
