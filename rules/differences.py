"""Names how two decisions on the same facts differ, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from router.record import Outcome
from rules.consequences import Consequences


class Kind(StrEnum):
    """How a case would change; the first is the worst."""

    DANGER_LOST = "danger_lost"
    WITHOUT_RULE = "without_rule"
    URGENCY_LOWERED = "urgency_lowered"
    OWNER = "owner"
    PARTS = "parts"
    REPLIES = "replies"
    CONFIDENTIAL = "confidential"
    NOTIFY = "notify"
    CONSULT = "consult"
    TRANSMIT_BY = "transmit_by"
    ESCALATION = "escalation"
    DELAY = "delay"
    PROPOSALS = "proposals"
    LABELS = "labels"
    URGENCY_RAISED = "urgency_raised"
    DANGER_FOUND = "danger_found"


@dataclass(frozen=True, slots=True)
class Change:
    """One case that the draft decides otherwise; ``why`` is the draft's own sentence."""

    case_id: int
    at: datetime
    kinds: tuple[Kind, ...]
    before: Outcome
    after: Outcome
    why: str
    does: Consequences | None = None
    """What the live rules do beside it; None where there are none to ask."""
    will_do: Consequences | None = None


def compared(
    before: Outcome,
    after: Outcome,
    does: Consequences | None = None,
    will_do: Consequences | None = None,
) -> tuple[Kind, ...]:
    """Name how two outcomes on the same facts differ, and what they do, worst first."""
    return tuple(_kinds(before, after, does, will_do))


def _kinds(
    before: Outcome, after: Outcome, does: Consequences | None, will_do: Consequences | None
) -> Iterator[Kind]:
    if before.danger and not after.danger:
        yield Kind.DANGER_LOST
    if after.no_rule and not before.no_rule:
        yield Kind.WITHOUT_RULE
    if after.urgency.rank < before.urgency.rank:
        yield Kind.URGENCY_LOWERED
    if before.owner != after.owner:
        yield Kind.OWNER
    if does is not None and will_do is not None and does != will_do:
        yield from _other_consequences(does, will_do)
    if after.urgency.rank > before.urgency.rank:
        yield Kind.URGENCY_RAISED
    if after.danger and not before.danger:
        yield Kind.DANGER_FOUND


_BESIDE = {
    Kind.PARTS: attrgetter("parts"),
    Kind.REPLIES: attrgetter("replies"),
    Kind.CONFIDENTIAL: attrgetter("confidential"),
    Kind.NOTIFY: attrgetter("notify"),
    Kind.CONSULT: attrgetter("consult"),
    Kind.TRANSMIT_BY: attrgetter("transmit_by"),
    Kind.ESCALATION: attrgetter("escalation"),
    Kind.DELAY: attrgetter("delay"),
    Kind.PROPOSALS: attrgetter("proposals"),
    Kind.LABELS: attrgetter("labels"),
}
"""What of the consequences each kind compares."""


def _other_consequences(does: Consequences, will_do: Consequences) -> Iterator[Kind]:
    return (kind for kind, of in _BESIDE.items() if of(does) != of(will_do))


def as_json(change: Change, number: str) -> Mapping[str, Any]:
    """Write one change as plain JSON, with the number that people know the case by."""
    return {
        "number": number,
        "at": change.at.isoformat(),
        "kinds": [kind.value for kind in change.kinds],
        "from": {**_outcome(change.before), **_consequences(change.does)},
        "to": {**_outcome(change.after), **_consequences(change.will_do)},
        "why": change.why,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "owner": outcome.owner,
        "rule": outcome.rule,
        "priority": outcome.priority,
        "urgency": outcome.urgency.value,
    }


def _consequences(known: Consequences | None) -> dict[str, Any]:
    if known is None:
        return {}
    return {
        "parts": [{"part": words, "owner": owner} for words, owner in known.parts],
        "replies": list(known.replies),
        "confidential": known.confidential,
        "notify": list(known.notify),
        "consult": list(known.consult),
        "transmit_by": known.transmit_by,
        "escalation": asdict(known.escalation) if known.escalation else None,
        "delay": known.delay,
        "proposals": list(known.proposals),
        "labels": list(known.labels),
    }
