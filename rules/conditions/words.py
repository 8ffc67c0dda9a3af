"""Conditions on the words that the sender wrote."""

from __future__ import annotations

from dataclasses import dataclass
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

    def value(self, case: Situation) -> Truth:
        holds = case.text.holds
        for group in self.groups:  # noqa: SIM110 -- asked thousands of times a second
            if not holds(group):
                return False
        return True

    def actual(self, case: Situation) -> object:
        return self.matched(case) if self.value(case) else "aucun de ces mots"

    def matched(self, case: Situation) -> list[str]:
        return [word for group in self.groups for word in group.matched(case.text)]
