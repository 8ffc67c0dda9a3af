"""What the house asks of time, chance and channels, as small Protocols.

Channels implement only what they can do. No port lets a provider's own type through; those of the
rules stand in router.rule_ports, those of the store in router.store and router.archive.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from router.case import CaseFile
from router.delivery import Delivery, OnUnknown, Rate, SendOutcome
from router.events import InboundEvent
from router.message import Attachment, Envelope, WebhookRequest, WebhookResponse
from router.tracking import TrackingNumber

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
    """What a channel can do, for who adds one or sets one up; the contract suite holds it to it.

    ``reply``: something can be written back. ``threads``: an answer can name the message that it
    answers. ``media_in``, ``media_out``, ``location``, ``buttons``, ``receipts``: they come in, or
    leave, by it. ``public``: some of it anybody can read. ``largest_media`` is in bytes,
    ``reply_window_s`` in seconds after the person's last words, None where there is no end.
    """

    reply: bool = True
    threads: bool = False
    media_in: bool = False
    media_out: bool = False
    location: bool = False
    buttons: bool = False
    edits: bool = False
    """Whether people correct what they wrote."""
    receipts: bool = False
    public: bool = False
    longest_text: int = 100_000
    """What one part holds at most, in ``text_unit``; longer texts become several parts."""
    text_unit: str = "characters"
    """``characters``, ``utf16``, ``bytes`` or ``segments``."""
    notices: bool = True
    """Of a way to services: whether it also carries what is not theirs to work."""
    additions: bool = True
    """Of a way to services: whether it carries what people add to a case."""
    largest_media: int = 25_000_000
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


@runtime_checkable
class TakesGets(Protocol):
    """May be called by GET, with what there is to say in the query."""

    @property
    def takes_gets(self) -> bool: ...


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
class HandedOver:
    """A case that a partner's system took and is still in charge of, by the id it gave us."""

    case_id: int
    forward: str
    """The provider id of the delivery."""


class KnowsHandedOver(Protocol):
    async def handed_over(self, channel: str, account: str) -> tuple[HandedOver, ...]:
        """List the cases that left by an account and are still with the service, oldest first."""
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
class TellsTrouble(Protocol):
    """Knows without asking anybody whether it works as it should."""

    @property
    def trouble(self) -> str:
        """Say in a French sentence what is wrong; nothing where nothing is known to be."""
        ...


@runtime_checkable
class Checks(Protocol):
    async def health(self) -> Health: ...
