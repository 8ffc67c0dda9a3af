"""What the channel of text messages asks of whoever carries them, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from router.delivery import Delivery, DeliveryState, OnUnknown, SendOutcome
from router.message import Attachment, Location, WebhookRequest, WebhookResponse
from router.ports import Health, OutboundPart


@dataclass(frozen=True, slots=True)
class Text:
    """A message of a person, as its carrier tells it.

    Numbers are E.164 where they are numbers, with ``whatsapp:`` before those of WhatsApp. ``wish``
    is ``stop``, ``start`` or ``help`` where the carrier itself names it, and ``answered`` says that
    it has told the person so. ``refs`` are earlier messages that the person answers.
    """

    id: str
    sender: str
    to: str
    text: str
    name: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    wish: str = ""
    answered: bool = False
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a message of ours came; ``state`` is None where the carrier's word says nothing."""

    id: str
    to: str
    word: str
    state: DeliveryState | None
    delivery_id: int | None = None
    code: str = ""
    reason: str = ""
    again_s: float | None = None
    """Seconds after which it is worth another send."""


class Hears(Protocol):
    """Takes what the carrier calls us with."""

    @property
    def by_get(self) -> bool:
        """Whether it calls by GET."""
        ...

    def verify(self, request: WebhookRequest) -> None:
        """Check that the carrier sent it.

        Raises:
            InvalidSignature: missing, malformed or wrong.
        """
        ...

    def payload(self, request: WebhookRequest) -> bytes:
        """Give what the journal keeps of an authentic request."""
        ...

    def thanks(self) -> WebhookResponse:
        """Say that a call was taken."""
        ...


class Tells(Protocol):
    """Reads and writes the carrier's form of a message."""

    def read(self, payload: bytes) -> Text | Progress:
        """Read one payload; pure.

        Raises:
            UnreadablePayload: it names no message or no number.
        """
        ...

    def write(self, text: Text) -> bytes:
        """Write a message as the carrier would hand it over (`guichet try`, tests)."""
        ...


class Carries(Protocol):
    """Takes messages to phones."""

    @property
    def on_unknown(self) -> OnUnknown: ...

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Hand one message over; never raises for what a carrier may do."""
        ...

    async def find(self, delivery: Delivery, parts: tuple[OutboundPart, ...]) -> SendOutcome | None:
        """Ask for the pieces of a delivery, send those that are missing; None: it has none."""
        ...


class Carrier(Hears, Tells, Carries, Protocol):
    """One account at one provider."""

    async def fetch(self, url: str, limit: int) -> bytes:
        """Get a file, at most ``limit`` bytes.

        Raises:
            InvalidInput: larger, gone, or at an address that may not be fetched.
        """
        ...

    async def health(self) -> Health: ...

    async def close(self) -> None: ...
