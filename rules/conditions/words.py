"""Conditions on the words that the sender wrote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

from rules.conditions.source import Miss, Source
from rules.groups import Group
from rules.situation import Situation, Truth

_FEW = 8
_NONE = "aucun de ces mots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Source):
    """``contient`` (one group) and ``contient_tous`` (each group must be found)."""

    groups: tuple[Group, ...]
    fact: ClassVar[str] = "texte"
    cost: ClassVar[int] = 2
    lone: tuple[Collection[str], ...] | None = field(init=False, compare=False, repr=False)
    """The words of each group where all are lone words, as most are; few in a row, next to each other."""

    def __post_init__(self) -> None:
        lone = [group.lone_words for group in self.groups]
        known = tuple(_in_a_row(words) for words in lone if words is not None)
        object.__setattr__(self, "lone", known if len(known) == len(lone) else None)

    @property
    def is_lone(self) -> bool:
        """Whether holding one of its words, for each group, is all that it asks."""
        return self.lone is not None

    def value(self, case: Situation) -> Truth:
        if self.lone is not None:
            words = case.text.words
            for wanted in self.lone:  # noqa: SIM110 -- asked thousands of times a second
                if words.isdisjoint(wanted):
                    return False
            return True
        holds = case.text.holds
        for group in self.groups:  # noqa: SIM110 -- asked thousands of times a second
            if not holds(group):
                return False
        return True

    def missed(self, rule: str, case: Situation) -> Miss | None:
        absent = self._absent(case)
        return self.lacking(rule, absent) if absent else None

    def lacking(self, rule: str, absent: list[int]) -> Miss:
        """Write that these groups, numbered from 1, kept a rule from holding."""
        value = _NONE if len(self.groups) == 1 else {"groupes_absents": absent}
        return {"rule": rule, "condition": self.key, "expected": self.written, "value": value}

    def actual(self, case: Situation) -> object:
        found = self.missed("", case)
        return self.matched(case) if found is None else found["value"]

    def _absent(self, case: Situation) -> list[int]:
        """Number the groups of which the text holds nothing, from 1."""
        if self.lone is None:
            holds = case.text.holds
            return [number for number, own in enumerate(self.groups, 1) if not holds(own)]
        words = case.text.words
        absent: list[int] = []
        for number, own in enumerate(self.lone, 1):
            if words.isdisjoint(own):
                absent.append(number)
        return absent

    def matched(self, case: Situation) -> list[str]:
        return [word for group in self.groups for word in group.matched(case.text)]


def _in_a_row(words: frozenset[str]) -> Collection[str]:
    """A set of few words spans more memory than they do; a set of many is quicker to meet."""
    return tuple(sorted(words)) if len(words) <= _FEW else words
