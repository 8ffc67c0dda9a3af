"""What is kept of every decision: the facts as they were, what came out, and why it was taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from router.decision import Decision, Facts, ServiceId, Urgency
from router.tracking import TrackingNumber


class Cause(StrEnum):
    """Why a decision was taken."""

    NEW = "new"
    ADDED = "added"  # words, a place or a file came to a known case
    CONFIRMED = "confirmed"  # one more person says that it is so
    REFUSAL = "refusal"  # the service in charge sent it back
    AGENT = "agent"  # an agent chose another service than the rules
    RULES = "rules"  # a version of the rules was withdrawn
    TIMER = "timer"  # a deadline or an alarm fell due


@dataclass(frozen=True, slots=True)
class Outcome:
    """What two decisions on the same facts are compared by."""

    owner: ServiceId
    rule: str
    priority: str = "normale"
    urgency: Urgency = Urgency.NORMAL
    danger: bool = False
    no_rule: bool = False
    failed: bool = False

    @classmethod
    def of(cls, decision: Decision) -> Outcome:
        return cls(
            decision.owner,
            decision.rule,
            decision.priority,
            decision.urgency,
            decision.danger,
            decision.no_rule,
            decision.failed,
        )


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a draft in shadow would have decided; ``ruleset`` is its hash."""

    ruleset: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision on one case.

    ``held`` are the rules that were true beside the one that won. ``replaced`` is the rule by which
    the case was where it was before, empty for a new case; ``applied`` is False where the case
    stayed there. ``facts`` is None when they were not asked for or are no longer there, and never
    holds the words of a place, which no rule looks at.
    """

    id: int
    case_id: int
    at: datetime
    ruleset: str
    outcome: Outcome
    facts: Facts | None
    cause: Cause = Cause.NEW
    held: tuple[str, ...] = ()
    replaced: str = ""
    applied: bool = True
    shadow: Shadowed | None = None


def recorded(
    id: int,
    case_id: int,
    at: datetime,
    decision: Decision,
    facts: Facts,
    cause: Cause = Cause.NEW,
    *,
    replaced: str = "",
    applied: bool = True,
    shadow: Shadowed | None = None,
) -> DecisionRecord:
    """Make the record of a decision."""
    held = tuple(rule for rule in decision.trace.get("true_rules", ()) if rule != decision.rule)
    if facts.place.text:
        facts = replace(facts, place=replace(facts.place, text=""))
    return DecisionRecord(
        id,
        case_id,
        at,
        decision.ruleset,
        Outcome.of(decision),
        facts,
        cause,
        held,
        replaced,
        applied,
        shadow,
    )


@dataclass(frozen=True, slots=True)
class After:
    """Where the next page begins: behind this record, going back in time."""

    at: datetime
    id: int


class Decisions(Protocol):
    async def decisions(
        self,
        since: datetime,
        *,
        after: After | None = None,
        limit: int = 5_000,
        with_facts: bool = True,
    ) -> Sequence[DecisionRecord]:
        """Read a page of records, newest first, none older than ``since``."""
        ...

    async def count_decisions(self, since: datetime) -> int: ...

    async def numbers_of(self, cases: Collection[int]) -> dict[int, TrackingNumber]:
        """Find the numbers that people know cases by."""
        ...

    async def last_hits(self) -> dict[str, datetime]:
        """Tell when each rule last won a decision."""
        ...
