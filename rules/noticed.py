"""Knows which words of a text matter to a comparison of two versions of the rules."""

from __future__ import annotations

from collections.abc import Callable

from rules.repair import Repairs

_MEMO = 65_536


class Noticed:
    """Words by what two versions make of them; what was found out about a word is remembered.

    Most words are plain: nothing that differs hangs on them, nor on what they are taken for where
    they are typed wrongly, and both versions take them for the same.
    """

    def __init__(self, one: Repairs, other: Repairs, hang_on: Callable[[str], bool]) -> None:
        """Take what repairs the words of each version; ``hang_on`` tells which words matter."""
        self._repairs = (one, other)
        self._hang_on = hang_on
        self._plain: set[str] = set()
        self._told: set[str] = set()
        self.apart: set[str] = set()
        """Words that are read otherwise by one version than by the other, where they are repaired."""

    def among(self, words: frozenset[str]) -> frozenset[str]:
        """List those words of a text that matter."""
        left = words - self._plain
        if left <= self._told:
            return left
        if len(self._plain) + len(self._told) > _MEMO:
            for memory in (self._plain, self._told, self.apart):
                memory.clear()
            left = words
        for word in left - self._told:
            (self._told if self._matters(word) else self._plain).add(word)
        return left & self._told

    def _matters(self, word: str) -> bool:
        mine, theirs = (repairs.taken_for(word) for repairs in self._repairs)
        if mine != theirs:
            self.apart.add(word)
            return True
        return self._hang_on(word) or (mine is not None and self._hang_on(mine))
