"""What travels: addresses, envelopes as they were received, and the messages read from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from router.cells import Offer
from router.entry import Entry

ConversationKey = NewType("ConversationKey", str)
"""One address on one channel account, as a string: the unit of order and of work."""
PERSON = "person"
"""The kind of an address that is a person wherever he writes; nothing can be sent there."""


@dataclass(frozen=True, slots=True)
class Address:
    """A value bound to its channel account: a reply elsewhere cannot be written by accident.

    ``kind`` tells apart ways of one channel to one person: ``dm`` and ``mention`` on X.
    """

    channel: str
    account: str
    value: str
    kind: str = ""

    @property
    def key(self) -> ConversationKey:
        return ConversationKey("|".join((self.channel, self.account, self.kind, self.value)))

    @classmethod
    def from_key(cls, key: str) -> Address:
        channel, account, kind, value = key.split("|", 3)
        return cls(channel, account, value, kind)


def person_at(where: Address, person: str) -> Address | None:
    """Name a person of a channel account by the provider's id of him, hashed; None without an id."""
    if not person:
        return None
    told = f"{where.channel}|{where.account}|{person}".encode("utf-8", "replace")
    return replace(where, value=hashlib.sha256(told).hexdigest()[:32], kind=PERSON)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An HTTP request of a provider as every channel sees it; header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What a channel answers its provider, once the journal has committed."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing as it was received, before anybody has read it: the row of the journal.

    ``provider_id`` is unique within (channel, account) and makes a second delivery harmless.
    ``ref`` is what later messages quote to point at this one (an e-mail's Message-ID, a Telegram
    ``chat:message``), or empty. ``payload`` is the raw form, always kept.
    """

    channel: str
    account: str
    provider_id: str
    conversation: ConversationKey
    payload: bytes
    received_at: datetime
    ref: str = ""
    note: str = ""
    """Why the reader should not trust it: set when the envelope itself could not be read."""


class Trust(StrEnum):
    """How sure we are that the sender is who he says he is."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


class HandsOn(StrEnum):
    """What a machine's message may hand on of what a person wrote."""

    NOTHING = "nothing"
    """It answers, or tells what became of ours."""
    DANGER = "danger"
    """Nothing is likely; a danger is one all the same."""
    PERHAPS = "perhaps"
    """A list sends it, or nobody who can be answered: its words tell."""
    A_PERSON = "a person"
    """A form sends it, and names who wrote."""


@dataclass(frozen=True, slots=True)
class Location:
    """A position that the sender gave: degrees WGS84, accuracy in metres when it was told."""

    lat: float
    lon: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. ``ref`` is what the channel's ``fetch_media`` needs to get its bytes.

    ``name`` is made safe for showing (no path, no control or direction-override character).
    """

    name: str
    media_type: str
    size: int | None
    ref: str


@dataclass(frozen=True, slots=True)
class Given:
    """Facts that a form or an agent stated outright; they win over what the text seems to say."""

    category: str | None = None
    commune: str | None = None
    postcode: str | None = None
    street: str | None = None
    annoyance: int | None = None
    sender_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """What a message says about the conversation that it belongs to."""

    tokens: tuple[str, ...] = ()
    """Signed reply tokens (router.tokens), as found in the recipient address."""
    refs: tuple[str, ...] = ()
    """Earlier messages, most telling first (In-Reply-To, then References from the end)."""


@dataclass(frozen=True, slots=True)
class Message:
    """An inbound message, normalised.

    ``text`` is all that was written; ``text_shown`` leaves out quoted replies and signatures.
    ``address`` is the reporter's reply channel. ``automatic`` names the mark by which a machine
    was recognised, or is empty. All times are aware UTC.
    """

    address: Address
    provider_id: str
    received_at: datetime
    sender: str = ""
    sender_name: str = ""
    text: str = ""
    text_shown: str = ""
    quoted: str = ""
    subject: str = ""
    language: str | None = None
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    sent_at: datetime | None = None
    trust: Trust = Trust.UNVERIFIED
    automatic: str = ""
    hands_on: HandsOn = HandsOn.NOTHING
    """Of an automatic one: whether a person's words may be in it."""
    pressed: str = ""
    """Of a button: the fact that was asked for where it stood; the text is what it said."""
    too_large: bool = False
    """Whether a file came with it that its channel cannot hand over."""
    until_confirmed: Address | None = None
    """Where the person is answered until he has said that ``address`` is his."""
    form: Address | None = None
    """The page of the form in which ``address`` was typed; only the browser that sent it knows it."""
    doubts: tuple[str, ...] = ()
    """What its channel found odd about it, in words for an agent."""
    public: bool = False
    person: str = ""
    """The provider's own id of who wrote, where it is the same in public and in private."""
    reachable: bool = True
    """Whether anything can be written to ``address``: a mail may come from nobody."""
    origin: str = ""
    """Who wrote the message that this one forwards, as far as it says so."""
    ref: str = ""
    thread: Thread = field(default_factory=Thread)
    given: Given = field(default_factory=Given)
    album: str = ""
    """Messages of one conversation with the same album are one request (Telegram media groups)."""
    entry: Entry | None = None
    """Set where an agent wrote down what a person said or sent on paper."""
    offer: Offer | None = None
    """Set where another installation offers a case that it has."""

    @property
    def forged(self) -> bool:
        """Whether our mail server says that it is not from the address that it shows.

        Whoever has that address may never have heard of us. A form is answered on its page.
        """
        mailed = self.address.channel == "email" and self.until_confirmed is None
        return mailed and self.trust is Trust.FAILED

    @property
    def answered_at(self) -> Address:
        """Where the person is answered, and whose conversation the message is part of."""
        return self.until_confirmed or self.address

    @property
    def person_at(self) -> Address | None:
        """Who wrote, as :func:`person_at` names him."""
        return person_at(self.address, self.person)

    @property
    def album_ref(self) -> str:
        """What leads from an album to its case, however late a part of it comes."""
        return f"album|{self.address.key}|{self.album}"

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all."""
        written = self.text_shown.strip() or self.subject.strip()
        return not (written or self.attachments or self.location)


def corrected(ref: str) -> str:
    """Name the first wording of a message (its ``ref``) whose correction came before it."""
    return f"corrected|{ref}"
