"""Every seam of the house as a small Protocol: channels, store, rules, understanding, time.

Channels implement only what they can do. Store ports are asynchronous; what is inside one call is
one transaction. No port lets a provider's or a database's own type through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from router.case import Case, CaseFile, Event
from router.decision import Decision, Facts, Nature, Place
from router.delivery import Delivery, DeliveryState, OnUnknown, Rate, SendOutcome
from router.directory import Counter, Directory, Texts
from router.message import (
    Address,
    Attachment,
    ConversationKey,
    Envelope,
    InboundEvent,
    Message,
    WebhookRequest,
    WebhookResponse,
)
from router.record import DecisionRecord, Decisions
from router.tracking import TrackingNumber
from router.versions import Rulesets

# --- time and chance -----------------------------------------------------------------------------


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Count seconds that never jump."""
        ...


class Ids(Protocol):
    """Where ids and secrets of one use come from."""

    def next(self) -> int:
        """Give a new positive 63-bit id, larger than those this process gave before."""
        ...

    def number(self) -> TrackingNumber: ...

    def token(self) -> str:
        """Give a fresh random fence token."""
        ...


# --- channels ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do, as the core and the desk need to know it."""

    reply: bool = True
    threads: bool = False
    media_in: bool = False
    media_out: bool = False
    location: bool = False
    buttons: bool = False
    edits: bool = False
    receipts: bool = False
    public: bool = False
    longest_text: int = 100_000
    text_unit: str = "characters"
    """``characters``, ``utf16`` or ``segments``."""
    largest_media: int = 25_000_000
    """Bytes."""
    reply_window_s: int | None = None


@runtime_checkable
class Channel(Protocol):
    """What every channel declares; ``name`` is unique in the registry."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...


@runtime_checkable
class Reads(Protocol):
    """Turns raw payloads of the journal into events."""

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read one envelope; pure, no input or output.

        Raises:
            UnreadablePayload: it cannot be parsed; the core quarantines it for an agent.
        """
        ...


@runtime_checkable
class TakesWebhooks(Protocol):
    """Is called by its provider over HTTP."""

    def verify(self, request: WebhookRequest) -> None:
        """Check the provider's signature on the raw bytes.

        Raises:
            InvalidSignature: missing, malformed or wrong; nothing may be stored.
        """
        ...

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Split an authentic request into envelopes; never raises.

        What cannot be read becomes one envelope with ``note`` set, a provider id hashed from the
        body and a conversation of its own.
        """
        ...

    def answer(self, accepted: bool) -> WebhookResponse:
        """Answer the provider: ``accepted`` is False when the journal could not commit (503)."""
        ...

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        """Answer a provider's GET that checks the address (X's CRC), None if it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a poll brought: envelopes, and the cursor to store in the same transaction.

    ``receipt`` is the channel's own note of what to settle after the commit.
    """

    envelopes: tuple[Envelope, ...]
    cursor: str
    receipt: object = None


@runtime_checkable
class Polls(Protocol):
    """Is asked for what is new, by one process at a time."""

    @property
    def poller(self) -> str:
        """Name the singleton: its lease and its cursor."""
        ...

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Wait, at most about half a minute, for what is new after ``cursor`` ('' at first).

        Raises:
            OSError, TimeoutError: the provider cannot be reached; the caller backs off.
        """
        ...

    async def settle(self, pulled: Pulled) -> None:
        """Tell the provider that the envelopes are committed (IMAP: move), if it wants to know."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Listens(Protocol):
    """Serves a protocol of its own (LMTP)."""

    async def listen(self, accept: Callable[[Envelope], Awaitable[None]]) -> None:
        """Serve until cancelled; ``accept`` returns after the commit or raises StoreUnavailable."""
        ...


@runtime_checkable
class FetchesMedia(Protocol):
    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Get the bytes of an attachment, at most ``limit``.

        Raises:
            InvalidInput: larger than the limit, gone, or at an address that may not be fetched.
        """
        ...


class OpensFiles(Protocol):
    async def open_file(self, file: CaseFile, limit: int) -> bytes:
        """Get the bytes of a file of a case, at most ``limit``, from wherever its channel has it.

        Raises:
            InvalidInput: larger than the limit, gone, or not to be had in time.
        """
        ...


@dataclass(frozen=True, slots=True)
class OutboundPart:
    """One piece of a delivery, ready to send: a long text may need several."""

    delivery: Delivery
    text: str
    index: int = 0
    count: int = 1


@runtime_checkable
class Sends(Protocol):
    """Writes to people."""

    @property
    def on_unknown(self) -> OnUnknown: ...

    @property
    def rate(self) -> Rate:
        """The provider's limit on this account; every process together stays under it."""
        ...

    @property
    def deadline_s(self) -> float:
        """Longest a send may take, in seconds; the outbox cuts it there."""
        ...

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Fit a delivery to the channel: split on graphemes, transliterate; pure."""
        ...

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Send one part; never raises for what a provider may do."""
        ...


@runtime_checkable
class Finds(Protocol):
    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        """Ask the provider whether it has this delivery; None when it surely has not."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a channel works, in one sentence for the operator."""

    ok: bool
    sentence: str


@runtime_checkable
class Checks(Protocol):
    async def health(self) -> Health: ...


# --- rules and understanding ---------------------------------------------------------------------


class Rulebook(Protocol):
    """One immutable version of the rules, with the directory and the texts that belong to it."""

    @property
    def hash(self) -> str: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def texts(self) -> Texts: ...

    def decide(self, facts: Facts) -> Decision: ...

    def due_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        """When the decision's delay ends (aware UTC); None without a delay."""
        ...

    def category_name(self, category: str, language: str) -> str: ...

    def commune_name(self, insee: str) -> str: ...

    def questions_of(self, category: str) -> tuple[str, ...]:
        """List the facts that the service of a category needs (``lieu``, ``date``)."""
        ...


@runtime_checkable
class HasShadow(Protocol):
    """A rule book beside which a draft is tried: both decide, only the first is applied."""

    @property
    def shadow(self) -> Rulebook | None: ...


class Rulebooks(Protocol):
    def current(self) -> Rulebook:
        """Give the live version; the caller keeps it for the whole decision."""
        ...


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message says, as a person would read it.

    ``follow_up`` is true when the text only makes sense as a sequel ("toujours rien ?", "merci").
    """

    language: str
    place: Place
    nature: Nature | None = None
    follow_up: bool = False
    sender_kinds: tuple[str, ...] | None = None


class Understands(Protocol):
    def understand(self, message: Message, counter: Counter | None) -> Understanding:
        """Read language, place and nature; pure, under a millisecond, never raises."""
        ...


# --- store ---------------------------------------------------------------------------------------


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
    album: str = ""
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


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found; what does not exist is absent.

    ``conversations`` brings along, in ``cases``, the case of each. ``refs`` leads from a message
    reference to a case id. ``provider_ids`` leads to delivery ids.
    """

    conversations: Mapping[ConversationKey, Conversation] = field(default_factory=dict)
    cases: Mapping[int, Case] = field(default_factory=dict)
    numbers: Mapping[TrackingNumber, int] = field(default_factory=dict)
    refs: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[int, Delivery] = field(default_factory=dict)
    provider_ids: Mapping[str, int] = field(default_factory=dict)


class Action(StrEnum):
    """What became of an inbound message."""

    CREATE = "create"
    APPEND = "append"
    ASK = "ask"
    IGNORE = "ignore"
    REDIRECT = "redirect"
    EMERGENCY = "emergency"
    OPT_OUT = "opt_out"
    QUARANTINE = "quarantine"
    RECEIPT = "receipt"
    PARTNER = "partner"


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


class RouteQueue(Protocol):
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


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; None or empty means any. Newest first."""

    status: str = ""
    owner: str = ""
    channel: str = ""
    text: str = ""
    limit: int = 50
    before: int | None = None


class CaseReader(Protocol):
    async def case(self, number: TrackingNumber) -> Case | None: ...
    async def case_by_id(self, case_id: int) -> Case | None: ...
    async def children(self, case_id: int) -> Sequence[Case]: ...
    async def cases(self, wanted: CaseFilter) -> Sequence[Case]: ...
    async def events(self, case_id: int) -> Sequence[Event]: ...
    async def deliveries(self, case_id: int) -> Sequence[Delivery]: ...


@dataclass(frozen=True, slots=True)
class JournalLine:
    """An inbound row after it was worked, or still waiting (``action`` None)."""

    inbound_id: int
    channel: str
    account: str
    provider_id: str
    conversation: ConversationKey
    received_at: datetime
    action: Action | None
    case_id: int | None
    reason: str


class JournalReader(Protocol):
    async def journal(
        self, *, action: Action | None = None, waiting: bool = False, limit: int = 10_000
    ) -> Sequence[JournalLine]: ...
    async def envelope(self, inbound_id: int) -> Envelope | None: ...
    async def outcome(self, channel: str, account: str, provider_id: str) -> JournalLine | None:
        """Tell what became of one envelope; None when it was never accepted."""
        ...


class OutboxAdmin(Protocol):
    async def list_deliveries(
        self, states: Sequence[DeliveryState], limit: int = 100
    ) -> Sequence[Delivery]: ...

    async def requeue(self, delivery_id: int, now: datetime) -> bool:
        """Put a dead or rejected delivery back; False when it does not exist or is not dead."""
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

    def on_work(self, wake: Callable[[str], None]) -> None:
        """Have ``wake(role)`` called after a commit that made work for a role in this process."""
        ...


def send_role(address: Address) -> str:
    """Name the outbox lane role of an address's channel account."""
    return f"send:{address.channel}|{address.account}"


ROUTE = "route"
TIMER = "timer"
