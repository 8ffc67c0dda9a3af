"""Conditions on how often something was said: ``recurrence`` and ``afflux``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rules.conditions.source import Source
from rules.scalars import Duration
from rules.situation import Situation, Truth

RECURRENCE, SURGE = "recurrence", "afflux"


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted: since when, what must be the same, of which categories, and where."""

    window: Duration
    same: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    itself: bool = False
    """Whether the case counts too: ``afflux`` does, ``recurrence`` looks at those before it."""

    @property
    def name(self) -> str:
        """Write the question in words: the answers are known by it in the facts of a case."""
        said = [SURGE if self.itself else RECURRENCE]
        for word, values in (
            ("de", self.categories), ("dans", self.territories), ("par", self.same)
        ):  # fmt: skip
            if values:
                said.append(f"{word} {', '.join(values)}")
        return f"{' '.join(said)} en {self.window}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Source):
    """``recurrence`` and ``afflux``: a tally reaches a number.

    A count that was made up (``recurrence: 3`` in a test) answers whatever is asked.
    """

    least: int
    tally: Tally
    fact: ClassVar[str] = ""
    cost: ClassVar[int] = 3

    def value(self, case: Situation) -> Truth:
        return self._count(case) >= self.least

    def _count(self, case: Situation) -> int:
        facts = case.facts
        made_up = facts.surge if self.tally.itself else facts.recurrence
        if not facts.counts:  # nearly always
            return made_up
        name = self.tally.name
        return max(made_up, *(each.number for each in facts.counts if each.name == name), 0)

    def actual(self, case: Situation) -> object:
        return self._count(case)
