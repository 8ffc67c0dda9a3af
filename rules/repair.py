"""Repairs typing errors of French messages, only towards the words that the rules look for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cached_property

from rules.conditions.place import street_tokens
from rules.lexicon import Lexicon
from rules.spelling import Near, edits, sound
from rules.text import NEGATIONS, Text
from rules.words import fold, lower

SHORTEST = 5  # letters of a word that is repaired, and of one that it is repaired to
_TWO_EDITS = 8  # letters of a word from which on two edits are believed
_MEMO = 16_384
_WORD = re.compile(r"[^\W\d_]+")
_NAMED_AFTER = frozenset(
    {
        *("rue", "avenue", "av", "ave", "boulevard", "bd", "bld", "place", "pl", "chemin", "quai"),
        *("impasse", "allee", "allees", "route", "square", "cours", "passage", "esplanade", "pont"),
        *("residence", "lotissement", "m", "mr", "mme", "mlle", "monsieur", "madame", "docteur"),
        *("dr", "maitre"),
    }
)
_LINKS = frozenset({"de", "du", "des", "d", "la", "le", "les", "l"})


class Repairs:
    """Finds what a person meant to type; the same answer for the same word, always."""

    def __init__(
        self,
        vocabulary: Collection[str],
        written: Collection[str],
        names: Collection[str],
        lexicon: Lexicon,
    ) -> None:
        """Take the folded words of the rules in all their forms, and those that are written.

        ``names`` are words of communes, which are never repaired.
        """
        self._written = frozenset(written)
        self._known = frozenset(vocabulary) | frozenset(names) | NEGATIONS
        self._targets = sorted(
            word for word in set(vocabulary) if len(word) >= SHORTEST and word.isalpha()
        )
        self._lexicon = lexicon.words
        self._fine: set[str] = set()
        self._mistaken: dict[str, str] = {}

    def of(self, text: Text, street: str | None) -> dict[str, str]:
        """Find the repairs of a text, in the order of its words."""
        found = self.candidates(text)
        if found:
            for name in _names(text.parts, found) | frozenset(street_tokens(street or "")):
                found.pop(name, None)
        return found

    def candidates(self, text: Text) -> dict[str, str]:
        """Find what would be repaired were none of the words a name, in the order of its words."""
        odd = text.words - self._fine
        if not odd:
            return {}
        return {
            word: taken
            for word in text.folded
            if word in odd and (taken := self.taken_for(word)) is not None
        }

    def taken_for(self, word: str) -> str | None:
        """Tell what a word would be taken for were it no name; what was found out is remembered."""
        taken = self._mistaken.get(word)
        if taken is None and word not in self._fine:
            taken = self._nearest(word) if self._is_odd(word) else None
            if len(self._fine) + len(self._mistaken) >= _MEMO:
                self._fine.clear()
                self._mistaken.clear()
            if taken is None:
                self._fine.add(word)
            else:
                self._mistaken[word] = taken
        return taken

    def _is_odd(self, word: str) -> bool:
        """Whether a word is long enough to be judged, and known to nobody."""
        if len(word) < SHORTEST or not word.isalpha():
            return False
        return word not in self._known and word not in self._lexicon

    def _nearest(self, word: str) -> str | None:
        most = 2 if len(word) >= _TWO_EDITS else 1
        near = self._within_two if most == 2 else self._within_one
        counted = near.of(word)
        for target in self._by_sound.get(sound(word), ()):
            counted.setdefault(target, edits(word, target))
        return min(
            counted,
            key=lambda target: (counted[target], target not in self._written, target),
            default=None,
        )

    @cached_property
    def _within_one(self) -> Near:
        return Near(self._targets, 1)

    @cached_property
    def _within_two(self) -> Near:
        return Near((word for word in self._targets if len(word) >= _TWO_EDITS - 2), 2)

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for target in self._targets:
            found.setdefault(sound(target), []).append(target)
        return found


def _names(parts: Iterable[str], mistaken: Collection[str]) -> frozenset[str]:
    """List the mistaken words that seem to be names of streets or persons.

    They begin with a capital inside a sentence, or follow "rue", "madame" and the like.
    """
    found: set[str] = set()
    for part in parts:
        named = False
        end = 0
        for word in _WORD.finditer(part):
            own = word[0]
            folded = fold(lower(own))
            if folded in mistaken and (
                named or _is_capital_inside(own, part[end : word.start()], end)
            ):
                found.add(folded)
            named = (named and folded in _LINKS) or folded in _NAMED_AFTER
            end = word.end()
    return frozenset(found)


def _is_capital_inside(word: str, before: str, place: int) -> bool:
    """Whether a word begins with a capital though no sentence begins with it."""
    if not place or any(mark in before for mark in ".!?:;\n"):
        return False
    return word[0].isupper() and not (len(word) > 1 and word.isupper())
