"""What can be read of the store: cases and their history, the journal, deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from router.case import Case, Event
from router.delivery import Delivery, DeliveryState
from router.message import (
    ConversationKey,
    Envelope,
)
from router.tracking import TrackingNumber


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
class CaseFilter:
    """Which cases to list; None or empty means any. Newest first."""

    status: str = ""
    owner: str = ""
    channel: str = ""
    text: str = ""
    """Part of the words, or the whole number, ours or the one that a service gave."""
    label: str = ""
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


@dataclass(frozen=True, slots=True)
class Tallied:
    """How many messages of an account came on one day and became the same; ``action`` as in a line.

    ``day`` is the place of the day among those that were asked for, from 0.
    """

    channel: str
    account: str
    day: int
    action: Action | None
    number: int


class JournalReader(Protocol):
    async def journal(
        self, *, action: Action | None = None, waiting: bool = False, limit: int = 10_000
    ) -> Sequence[JournalLine]: ...
    async def envelope(self, inbound_id: int) -> Envelope | None: ...
    async def outcome(self, channel: str, account: str, provider_id: str) -> JournalLine | None:
        """Tell what became of one envelope; None when it was never accepted."""
        ...

    async def tally(self, moments: Sequence[datetime]) -> Sequence[Tallied]:
        """Count what came in between these moments, which are in order: the last is the end."""
        ...

    async def unknown(
        self, channel: str, account: str, provider_ids: Sequence[str]
    ) -> Sequence[str]:
        """Name those of a provider's ids that were never accepted, in the order given."""
        ...


class OutboxAdmin(Protocol):
    async def list_deliveries(
        self,
        states: Sequence[DeliveryState],
        limit: int = 100,
        channel: str = "",
        *,
        newest: bool = False,
    ) -> Sequence[Delivery]:
        """List deliveries in these states, the oldest first, or the newest with ``newest``.

        Of one channel, if it is named.
        """
        ...

    async def requeue(self, delivery_id: int, now: datetime) -> bool:
        """Put a dead or rejected delivery back; False when it does not exist or is not dead."""
        ...
