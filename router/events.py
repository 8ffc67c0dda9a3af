"""What a channel reads in what came in: a message, a receipt, a wish, the act of a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from router.cells import Word
from router.entry import Outcome
from router.message import Address, Attachment, Message
from router.tracking import TrackingNumber


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person, or a machine, wrote to us."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A person corrected a message; the correction is appended and never overwrites."""

    message: Message
    edited_ref: str


@dataclass(frozen=True, slots=True)
class MessageTakenBack:
    """A person deleted a message that may have been read: its case keeps it, and says so."""

    ref: str


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """A provider says what became of a delivery, found by our id or by the provider's.

    ``state`` is a value of router.delivery.DeliveryState; ``code`` is the provider's own.
    """

    state: str
    delivery_id: int | None = None
    provider_id: str = ""
    code: str = ""
    reason: str = ""
    again_s: float | None = None
    """Seconds after which what did not arrive is worth another send; None: it is not."""


@dataclass(frozen=True, slots=True)
class OptedOutOf:
    """A person wants nothing more sent to this address (STOP), or to be written to again."""

    address: Address
    text: str
    back_in: bool = False
    confirmed: bool = False
    """Whether the provider itself has told the person so."""
    about: str = ""
    """Of a complaint: the provider's id of our message; only who was sent it can complain of it."""
    person: str = ""
    """As in a message (router.message.Message), where the word was said in private."""


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """A person sent a word that asks how this works (HELP, AIDE, /start)."""

    address: Address
    text: str
    payload: str = ""
    back_in: bool = False
    """Whether the word also ends an earlier opt-out."""
    person: str = ""
    """As in a message (router.message.Message), where the word was said in private."""


@dataclass(frozen=True, slots=True)
class AskedToRead:
    """A person answered an invitation: what awaits him may be sent now."""

    address: Address


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person blocked our account: nothing can be sent to this address until he writes again."""

    address: Address


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A person wrote what only his own programs can open: nothing of it can be read here."""

    address: Address


@dataclass(frozen=True, slots=True)
class AddressConfirmed:
    """A person followed the link that was sent to an address: it is his."""

    token: str


@dataclass(frozen=True, slots=True)
class PartnerActed:
    """A service worked a case: accept, refuse with a reason, progress, close, or a mere note.

    The case is named by the signed ``token`` of its action link, or by ``forward``, the id under
    which the service's own system took it. ``reference`` is the service's number of the case; the
    act ``reference`` tells nothing else. ``instead`` names, in a refusal, the service of ours that is
    in charge, by its id or its name.
    """

    token: str
    act: str
    reason: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    forward: str = ""
    reference: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class CellSaid:
    """Another installation said something of a case that one of the two handed to the other.

    ``at`` is its (incarnation, sequence), which orders what it says of the state. ``status`` is a
    value of router.case.Status. ``instead`` names, in a return, who is in charge. ``speaks``: it
    writes to the citizen itself.
    """

    cell: str
    word: Word
    number: TrackingNumber
    epoch: int
    at: tuple[int, int] = (0, 0)
    status: str = ""
    text: str = ""
    instead: str = ""
    speaks: bool = False
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = False
    """Whether no person wrote the text."""
    danger: bool = False
    """Whether the text says whom to call."""


@dataclass(frozen=True, slots=True)
class CallMissed:
    """Somebody rang and nobody answered: there are no words, only whom to ring, and since when."""

    address: Address
    at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class TaskDone:
    """An agent did what a delivery of the desk asks: read it, posted it, rang in vain.

    ``instead`` is where the same words shall leave for now, and all later ones.
    """

    delivery_id: int
    outcome: Outcome
    agent: str
    instead: Address | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us: our own echo, a typing notice, a retweet; the reason is kept."""

    reason: str


InboundEvent = (
    MessageReceived
    | MessageEdited
    | MessageTakenBack
    | ReceiptReceived
    | OptedOutOf
    | HelpAsked
    | AskedToRead
    | Blocked
    | Encrypted
    | AddressConfirmed
    | PartnerActed
    | CellSaid
    | CallMissed
    | TaskDone
    | Ignored
)
