"""One outbound thing to one address by one channel, and the states that it goes through."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from router.decision import ServiceId
from router.message import Address


class DeliveryKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    QUESTION = "question"
    PROGRESS = "progress"
    ANSWER = "answer"
    FORWARD = "forward"
    NOTICE = "notice"
    OPINION = "opinion"
    ALERT = "alert"
    HELP = "help"
    INVITE = "invite"
    """Asks the person to write, where only that lets what :attr:`DeliveryState.AWAITS` be sent."""


class DeliveryState(StrEnum):
    """States in order of rank; a later word of a provider never lowers the rank.

    What *awaits* came too late for free text on its channel, and leaves when the person writes. What
    is *withheld* is for a person who is only known in public, and leaves when he writes in private.
    """

    QUEUED = "queued"
    SENDING = "sending"
    DEFERRED = "deferred"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    DEAD = "dead"
    AWAITS = "awaits"
    WITHHELD = "withheld"

    @property
    def rank(self) -> int:
        return _RANK[self]

    @property
    def settled(self) -> bool:
        """Whether nothing more will be tried."""
        return self.rank >= DeliveryState.SENT.rank


_RANK = {
    DeliveryState.QUEUED: 0,
    DeliveryState.SENDING: 1,
    DeliveryState.DEFERRED: 1,
    DeliveryState.SENT: 2,
    DeliveryState.DELIVERED: 3,
    DeliveryState.BOUNCED: 4,
    DeliveryState.REJECTED: 4,
    DeliveryState.DEAD: 4,
    DeliveryState.AWAITS: 5,
    DeliveryState.WITHHELD: 5,
}
WAITING = tuple(state for state in DeliveryState if not state.settled)
"""States of what is still to be sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the outbox sends.

    ``idem`` is unique: the hash of (cause, kind, address), so that one cause never writes twice.
    ``lane`` keeps order: deliveries of one lane leave one after another. ``refs`` are the messages
    that it answers, oldest first (e-mail References; on chats the last one is the reply target).
    ``reply_token`` lets an answer find its case. ``automatic`` marks what no person wrote,
    ``danger`` what says whom to call, which no daily cap holds back.
    ``data`` is plain JSON: for the way to a partner the structured case, for a person the ``files``
    that go along where the channel can carry them. ``asked`` is the fact
    that it asks for, and ``choices`` are answers to it, which a channel may offer as buttons.
    """

    id: int
    idem: str
    lane: str
    kind: DeliveryKind
    address: Address
    text: str
    created_at: datetime
    case_id: int | None = None
    service: ServiceId | None = None
    language: str = "fr"
    subject: str = ""
    refs: tuple[str, ...] = ()
    reply_token: str = ""
    automatic: bool = True
    danger: bool = False
    data: str = ""
    asked: str = ""
    choices: tuple[str, ...] = ()
    state: DeliveryState = DeliveryState.QUEUED
    not_before: datetime | None = None
    tries: int = 0
    parts_sent: int = 0
    """How many pieces of a long text have left: a retry goes on from there."""
    provider_id: str = ""
    error: str = ""
    settled_at: datetime | None = None
    first_try_at: datetime | None = None
    """Since when it has been tried; to be held back is no try, and a requeue begins anew."""


def idempotency_key(cause: str, kind: DeliveryKind, address: Address) -> str:
    """Hash what makes a delivery unique: its cause (an inbound or event id), kind and address."""
    return hashlib.sha256(f"{cause}\n{kind}\n{address.key}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it; ``provider_ids`` are its own, first the one that receipts will name."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: try again after ``after_s`` seconds (None: the outbox's own back-off)."""

    reason: str
    after_s: float | None = None
    throttled: bool = False
    """The account's limit was hit: every delivery of this account waits, not only this one."""
    held: bool = False
    """Nothing was tried, so that nothing is given up either: the provider is being left alone."""
    alone: bool = False
    """Only this delivery is put off: the provider works, and takes others."""


@dataclass(frozen=True, slots=True)
class Permanent:
    """Never: trying again would get the same refusal."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The person does not want to be written to at this address."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was cut after the provider may have taken it; it may or may not have left."""

    reason: str


SendOutcome = Sent | Retry | Permanent | OptedOut | Unknown


class OnUnknown(StrEnum):
    """What a channel wants done with a delivery whose outcome is unknown."""

    RESEND = "resend"  # the same idempotency key or Message-ID makes a second copy harmless
    FIND = "find"  # the provider can be asked
    WAIT = "wait"  # a callback will tell; after a while, hold
    HOLD = "hold"  # an agent decides


@dataclass(frozen=True, slots=True)
class Rate:
    """A provider's limit: ``per_s`` sends a second on the whole account, in bursts of ``burst``."""

    per_s: float
    burst: int = 1
