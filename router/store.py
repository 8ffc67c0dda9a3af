"""What the way of a case asks of the store, as small Protocols, and the nouns that they exchange.

Store ports are asynchronous; what is inside one call is one transaction. No database type comes
through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from router.archive import Action, CaseReader, JournalReader, OutboxAdmin
from router.case import Case, Event
from router.counting import CountsCases
from router.delivery import Delivery, DeliveryState, Rate
from router.message import (
    Address,
    ConversationKey,
    Envelope,
)
from router.record import DecisionRecord, Decisions
from router.tracking import TrackingNumber
from router.versions import Rulesets


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


class Intake(Protocol):
    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        """Make envelopes durable, all or none, together with the poller's cursor.

        Returns one Accepted per envelope, in order.

        Raises:
            StoreUnavailable: nothing is promised; the provider must keep them.
        """
        ...


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


class RouteQueue(CountsCases, Protocol):
    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        """Take up to ``limit`` conversations that have messages waiting, each under a lease."""
        ...

    async def gather(self, wanted: Wanted) -> Gathered: ...

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        """Write units in one transaction, each all or nothing; one verdict per unit, in order.

        A committed unit releases its claims; a lane with work left becomes due again.
        """
        ...

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        """Give claims back unworked, due again at ``due``; their rows count a try if it failed."""
        ...

    async def next_due(self, role: str) -> datetime | None:
        """When the next lane of a role becomes due; None when it has no work."""
        ...


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


class SendQueue(Protocol):
    """The outbox in the store. The role of a lane is ``send:CHANNEL|ACCOUNT``."""

    async def claim_sends(
        self, role: str, limit: int, lease_s: float, now: datetime
    ) -> Sequence[SendClaim]: ...

    async def reserve(self, bucket: str, rate: Rate, wanted: int, now: datetime) -> Reservation:
        """Take up to ``wanted`` tokens of a limit that all processes share (GCRA)."""
        ...

    async def postpone(self, bucket: str, until: datetime) -> None:
        """A provider said 429: nobody sends on this account before ``until``."""
        ...

    async def begin(
        self, sends: Sequence[tuple[Claim, int]], lease_s: float, now: datetime
    ) -> frozenset[int]:
        """Mark deliveries as being sent and renew their leases; returns ids still ours."""
        ...

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Record outcomes; those whose claim was lost are recorded only if they raise the rank."""
        ...

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None: ...

    async def finish(
        self, claims: Sequence[Claim], now: datetime, not_before: datetime | None = None
    ) -> None:
        """Give lanes back after settling: due with their next delivery, gone when none is left.

        ``not_before`` holds a lane back that found no room under the provider's limit; no try is
        counted.
        """
        ...

    async def next_due(self, role: str) -> datetime | None: ...

    async def roles_waiting(self) -> Sequence[str]:
        """List the send roles that have work, so that one without a channel can be reported."""
        ...


@dataclass(frozen=True, slots=True)
class TimerClaim:
    claim: Claim
    timers: tuple[Timer, ...]
    case: Case | None
    unrouted: bool
    """Whether a message of one of the case's reporters waits to be routed."""


class TimerQueue(Protocol):
    async def claim_timers(
        self, limit: int, lease_s: float, now: datetime
    ) -> Sequence[TimerClaim]: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """A singleton's right to poll, with the cursor that it left off at."""

    poller: str
    token: str
    cursor: str


class Leases(Protocol):
    async def take(self, poller: str, lease_s: float, now: datetime) -> Lease | None:
        """Take or keep a poller's lease; None when another process holds it."""
        ...

    async def renew(self, lease: Lease, lease_s: float, now: datetime) -> bool: ...

    async def give_back(self, lease: Lease) -> None: ...


class ForgetsLeases(Protocol):
    async def forget_leases(self, now: datetime) -> None:
        """End every lease: only for a process that knows it is the only one at work here."""
        ...


class Store(
    Intake,
    RouteQueue,
    SendQueue,
    TimerQueue,
    Leases,
    ForgetsLeases,
    CaseReader,
    JournalReader,
    OutboxAdmin,
    Rulesets,
    Decisions,
    Protocol,
):
    """All of the store, for start-up and tests; every other place asks for the part it needs."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def pending(self) -> int:
        """Count the work that is due now or later, timers left out: 0 means all is quiet."""
        ...

    async def tidy(self, now: datetime) -> int:
        """Do the daily upkeep; returns how many payloads that no message names were removed."""
        ...

    async def named(
        self, words: Collection[str], channels: Collection[str], since: datetime
    ) -> frozenset[str]:
        """Find those of ``words`` that stand in what came by these channels since then, to any cell.

        Raises:
            StoreUnavailable: it cannot be told.
        """
        ...

    def on_work(self, wake: Callable[[str], None]) -> None:
        """Have ``wake(role)`` called after a commit that made work for a role in this process."""
        ...


def send_role(address: Address) -> str:
    """Name the outbox lane role of an address's channel account."""
    return f"send:{address.channel}|{address.account}"


ROUTE = "route"
TIMER = "timer"
