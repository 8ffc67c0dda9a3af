"""Conditions on the words that the sender wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from rules.conditions.source import Source
from rules.groups import Group
from rules.situation import Situation, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Source):
    """``contient`` (one group) and ``contient_tous`` (each group must be found)."""

    groups: tuple[Group, ...]
    fact: ClassVar[str] = "texte"
    cost: ClassVar[int] = 2
    _lone: tuple[frozenset[str], ...] | None = field(init=False, compare=False, repr=False)
    """The words of each group where all are lone words, as most are."""

    def __post_init__(self) -> None:
        lone = [group.lone_words for group in self.groups]
        known = tuple(words for words in lone if words is not None)
        object.__setattr__(self, "_lone", known if len(known) == len(lone) else None)

    @property
    def is_lone(self) -> bool:
        """Whether holding one of its words, for each group, is all that it asks."""
        return self._lone is not None

    def value(self, case: Situation) -> Truth:
        if self._lone is not None:
            words = case.text.words
            for wanted in self._lone:  # noqa: SIM110 -- asked thousands of times a second
                if wanted.isdisjoint(words):
                    return False
            return True
        holds = case.text.holds
        for group in self.groups:  # noqa: SIM110 -- asked thousands of times a second
            if not holds(group):
                return False
        return True

    def actual(self, case: Situation) -> object:
        if self._lone is not None:  # the same as below, asked ten times a decision
            words = case.text.words
            absent = [n for n, own in enumerate(self._lone, 1) if own.isdisjoint(words)]
        else:
            absent = [n for n, own in enumerate(self.groups, 1) if not case.text.holds(own)]
        if not absent:
            return self.matched(case)
        return "aucun de ces mots" if len(self.groups) == 1 else {"groupes_absents": absent}

    def matched(self, case: Situation) -> list[str]:
        return [word for group in self.groups for word in group.matched(case.text)]
