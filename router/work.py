"""The nouns between the store and the way of a case: claims, units of work, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from router.archive import Action
from router.case import Case, Event
from router.delivery import Delivery, DeliveryState
from router.message import (
    Address,
    ConversationKey,
    Envelope,
)
from router.record import DecisionRecord
from router.tracking import TrackingNumber


@dataclass(frozen=True, slots=True)
class CursorWrite:
    """A poller's new cursor, fenced by the token of its lease."""

    poller: str
    cursor: str
    token: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """An envelope is durable; ``new`` is False when the same one had been accepted before."""

    inbound_id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a lane: one worker's right to work it, proved by a random token."""

    role: str
    lane: str
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Inbound:
    """A row of the journal that waits to be routed."""

    id: int
    envelope: Envelope
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is remembered of one address on one account.

    ``case_id`` is its latest case, ``asked`` the fact asked last on it (empty when none is open).
    ``automatic_day`` and ``automatic_count`` hold the budget of automatic answers.
    """

    key: ConversationKey
    case_id: int | None = None
    asked: str = ""
    language: str = ""
    opted_out: bool = False
    blocked: bool = False
    greeted: bool = False
    automatic_day: str = ""
    automatic_count: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class RouteClaim:
    """A conversation with its waiting messages, in order of arrival."""

    claim: Claim
    inbound: tuple[Inbound, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch needs to know before it decides."""

    conversations: frozenset[ConversationKey] = frozenset()
    cases: frozenset[int] = frozenset()
    numbers: frozenset[TrackingNumber] = frozenset()
    refs: frozenset[str] = frozenset()
    deliveries: frozenset[int] = frozenset()
    provider_ids: frozenset[str] = frozenset()
    withheld: frozenset[ConversationKey] = frozenset()
    """Persons (router.message.person_at) whom what was withheld in public is to be told."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found; what does not exist is absent.

    ``conversations`` brings along, in ``cases``, the case of each. ``refs`` leads from a message
    reference to a case id. ``provider_ids`` leads to delivery ids. ``withheld`` leads from a person
    to what was withheld from him, oldest first, and brings along the cases.
    """

    conversations: Mapping[ConversationKey, Conversation] = field(default_factory=dict)
    cases: Mapping[int, Case] = field(default_factory=dict)
    numbers: Mapping[TrackingNumber, int] = field(default_factory=dict)
    refs: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[int, Delivery] = field(default_factory=dict)
    provider_ids: Mapping[str, int] = field(default_factory=dict)
    withheld: Mapping[ConversationKey, tuple[Delivery, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an inbound row: what was done with it, on which case, and why."""

    inbound_id: int
    action: Action
    case_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseWrite:
    """A case to write; ``expected`` is the version it must still have, None for a new case."""

    case: Case
    expected: int | None


@dataclass(frozen=True, slots=True)
class DeliveryWrite:
    """A later word on a delivery; the store ignores it when it would lower the rank."""

    delivery_id: int
    state: DeliveryState
    provider_id: str = ""
    error: str = ""


class TimerKind(StrEnum):
    DEADLINE = "deadline"
    ESCALATION = "escalation"
    REDECIDE = "redecide"  # a version of the rules was withdrawn: look at the case again


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do with a case, not before a time; dead if the case has another generation."""

    id: int
    case_id: int
    kind: TimerKind
    not_before: datetime
    generation: int


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery that has left and did not arrive, to be sent once more at a moment."""

    delivery_id: int
    address: Address
    lane: str
    not_before: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Unit:
    """All that one conversation, or several that meet on a case, change: all or nothing."""

    claims: tuple[Claim, ...]
    done: tuple[Done, ...] = ()
    cases: tuple[CaseWrite, ...] = ()
    events: tuple[Event, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    receipts: tuple[DeliveryWrite, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    timers: tuple[Timer, ...] = ()
    timers_done: tuple[int, ...] = ()
    refs: tuple[tuple[str, int], ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    opened: tuple[Address, ...] = ()
    """Where what awaits is to be sent now."""
    told: tuple[Delivery, ...] = ()
    """What was withheld and leaves now, each with the address that it goes to: once for all units."""
    again: tuple[Again, ...] = ()
    ruleset: str = ""
    """Hash of the rule set that the unit was decided under, empty when it decided nothing."""


class Verdict(StrEnum):
    """What became of a unit; anything but COMMITTED left no trace and is worked again."""

    COMMITTED = "committed"
    LOST_CLAIM = "lost_claim"
    STALE_CASE = "stale_case"
    STALE_RULES = "stale_rules"
    FAILED = "failed"
    """The data of this unit were refused by the database; its rows count a try."""


@dataclass(frozen=True, slots=True)
class SendClaim:
    """A lane with the deliveries that may be sent now, in order."""

    claim: Claim
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a try: the delivery as it is now, and an event where the case must know."""

    claim: Claim
    delivery: Delivery
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens granted from a shared rate limit; ``wait_s`` is when more may be asked for."""

    granted: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class TimerClaim:
    claim: Claim
    timers: tuple[Timer, ...]
    case: Case | None
    unrouted: bool
    """Whether a message of one of the case's reporters waits to be routed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A singleton's right to poll, with the cursor that it left off at."""

    poller: str
    token: str
    cursor: str


def send_role(address: Address) -> str:
    """Name the outbox lane role of an address's channel account."""
    return f"send:{address.channel}|{address.account}"


ROUTE = "route"


TIMER = "timer"
