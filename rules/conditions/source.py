"""Where a condition is written, and what every condition can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from rules.problems import At
from rules.situation import Situation, Truth

Miss = dict[str, object]
"""A rule that does not hold, the condition that failed, what it wants, what the case has; plain JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The key, the value as written and the place of a condition."""

    key: str
    written: str
    at: At = field(compare=False)

    def missed(self: Condition, rule: str, case: Situation) -> Miss | None:
        """Write that it kept a rule from holding, as plain JSON; None where it does not fail."""
        return missed(rule, self, case) if self.value(case) is False else None


def missed(rule: str, condition: Condition, case: Situation, prefix: str = "") -> Miss:
    """Write what a condition wants and what the case has instead."""
    key, written = prefix + condition.key, condition.written
    return {"rule": rule, "condition": key, "expected": written, "value": condition.actual(case)}


class Condition(Protocol):
    """A question about a case; ``fact`` is what has to be asked when the answer is unknown."""

    @property
    def key(self) -> str: ...

    @property
    def written(self) -> str: ...

    @property
    def at(self) -> At: ...

    @property
    def fact(self) -> str: ...

    @property
    def cost(self) -> int:
        """How dear the answer is: cheap conditions of a block are asked first."""
        ...

    def value(self, case: Situation) -> Truth: ...

    def missed(self, rule: str, case: Situation) -> Miss | None: ...

    def actual(self, case: Situation) -> object:
        """Tell what the case has, as plain JSON, to explain why a condition failed."""
        ...
