"""What people text to one number, and what it texts to them, whoever carries it."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Sequence
from datetime import datetime

from channels.phone.alarms import Alarms
from channels.phone.carrier import Carrier, Progress, Text
from channels.phone.numbers import WHATSAPP, international, is_answerable
from channels.phone.settings import NumberSettings
from channels.steering_words import wish_of, word_of
from router.delivery import Delivery, OnUnknown, Rate, SendOutcome
from router.errors import UnreadablePayload
from router.events import (
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageReceived,
    OptedOutOf,
    ReceiptReceived,
)
from router.ledger import Listed, ListsReceived
from router.message import (
    Address,
    Attachment,
    Envelope,
    Message,
    Thread,
    Trust,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Health, OutboundPart
from router.stated import Stated

_ANY_FILE = "application/octet-stream"


class Texting:
    """The citizen's side of a number; the carrier's side is behind :class:`Carrier`.

    ``pieces`` writes a delivery as the messages that a phone shows. A message belongs to the
    channel that its numbers tell, so that one webhook may serve both.
    """

    prefix = ""
    """What stands before numbers in the carrier's words."""

    def __init__(
        self,
        settings: NumberSettings,
        account: str,
        carrier: Carrier,
        pieces: Callable[[Delivery], tuple[str, ...]],
        alarms: Alarms,
    ) -> None:
        self.account = account
        self._write = pieces
        self._settings = settings
        self._carrier = carrier
        self._alarms = alarms

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Have the carrier check that it is its own call."""
        self._carrier.verify(request)

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        return self._taken(self._carrier.payload(request), received_at)

    def _taken(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap what the carrier hands over just now; reading it again later alarms nobody."""
        envelope, told = self._wrapped(raw, at)
        if isinstance(told, Progress):
            self._alarms.hear(told.code)
        return (envelope,)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap a payload as the carrier hands it over; what cannot be read is kept with a note."""
        return (self._wrapped(raw, at)[0],)

    def _wrapped(self, raw: bytes, at: datetime) -> tuple[Envelope, Text | Progress | None]:
        try:
            told = self._carrier.read(raw)
        except UnreadablePayload as error:
            name = f"unreadable:{hashlib.sha256(raw).hexdigest()}"
            address = self._address(self.prefix + name)
            return self._envelope(address, name, raw, at, str(error)), None
        if isinstance(told, Progress):
            address, id = self._address(told.to), f"{told.id}:{told.word}"
        else:
            address, id = self._address(told.sender, told.to), told.id
        return self._envelope(address, id, raw, at), told

    def _envelope(
        self, address: Address, provider_id: str, raw: bytes, at: datetime, note: str = ""
    ) -> Envelope:
        return Envelope(
            channel=address.channel,
            account=address.account,
            provider_id=provider_id,
            conversation=address.key,
            payload=raw,
            received_at=at,
            note=note,
        )

    def _address(self, number: str, ours: str = "") -> Address:
        """Bind a number to the channel that our own number, where it is named, tells."""
        channel = "whatsapp" if (ours or number).startswith(WHATSAPP) else "sms"
        return Address(channel, self.account, number.strip().removeprefix(WHATSAPP))

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        told = self._carrier.read(envelope.payload)
        if isinstance(told, Progress):
            return (_receipt(told),)
        return (self._heard(told, envelope),)

    def _heard(self, told: Text, envelope: Envelope) -> InboundEvent:
        address = self._address(told.sender, told.to)
        confirmed = told.answered and not self._settings.answers_stop
        if told.attachments or told.location:
            # somebody reports with « Info » as the caption of his picture
            wish = told.wish or word_of(told.text)
            wish = "" if wish == "help" else wish
        else:
            wish = told.wish or wish_of(told.text)
        match wish:
            # also under a picture: carriers go by the word alone, and have acted on it already
            case "stop" | "start" as wish:
                return OptedOutOf(address, told.text, back_in=wish == "start", confirmed=confirmed)
            case "help" if told.wish and confirmed:
                return Ignored("a word of help that the carrier has answered")
            case "help":
                return HelpAsked(address, told.text)
        return MessageReceived(
            Message(
                address=address,
                provider_id=envelope.provider_id,
                received_at=envelope.received_at,
                sender=address.value,
                sender_name=told.name,
                text=told.text,
                text_shown=told.text,
                attachments=told.attachments,
                location=told.location,
                # names and short codes are machines', and nobody reads what is sent to them
                automatic="" if is_answerable(told.sender) else "sender cannot be answered",
                thread=Thread(refs=told.refs),
                trust=Trust.VERIFIED,  # as far as the operators of the network know
            )
        )

    def answer(self, accepted: bool) -> WebhookResponse:
        return self._carrier.thanks() if accepted else WebhookResponse(503)

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Name the number that a message was sent to."""
        try:
            told = self._carrier.read(raw)
        except UnreadablePayload:
            return ()
        to = told.to.removeprefix(WHATSAPP) if isinstance(told, Text) else ""
        return (to,) if to else ()

    def compose(self, stated: Stated) -> Envelope:
        """Make what the carrier would hand over for such a message."""
        number = international(stated.sender, self._settings.region)
        told = Text(
            stated.message_id or f"SM{stated.digest[:32]}",
            f"{self.prefix}{number or 'unknown'}",
            f"{self.prefix}{stated.account or self.account}",
            stated.text,
            attachments=tuple(_file(file) for file in stated.attachments),
            location=stated.location,
        )
        return self.open_raw(self._carrier.write(told), stated.at)[0]

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        return await self._carrier.fetch(attachment.ref, limit)

    # --- out -------------------------------------------------------------------------------------

    @property
    def on_unknown(self) -> OnUnknown:
        return self._carrier.on_unknown

    @property
    def rate(self) -> Rate:
        return Rate(self._settings.per_second, max(1, int(self._settings.per_second)))

    @property
    def deadline_s(self) -> float:
        return self._settings.deadline_s

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        texts = self._write(delivery)
        return tuple(OutboundPart(delivery, part, i, len(texts)) for i, part in enumerate(texts))

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        return await self._carrier.send(part, idem)

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        return await self._carrier.find(delivery, self.render(delivery))

    @property
    def trouble(self) -> str:
        """Say what of the last hour an operator should look into."""
        return self._alarms.told

    async def health(self) -> Health:
        return await self._carrier.health()

    async def received(self, since: datetime) -> Sequence[Listed] | None:
        """List what the carrier has received for this number, if it keeps a list."""
        carrier = self._carrier
        return await carrier.received(since) if isinstance(carrier, ListsReceived) else None

    async def close(self) -> None:
        await self._carrier.close()


def _receipt(told: Progress) -> ReceiptReceived | Ignored:
    """Read how far a message came; statuses arrive in any order: the core never lowers a state."""
    if told.state is None:
        return Ignored(f"status {told.word[:40]} says nothing")
    return ReceiptReceived(
        told.state, told.delivery_id, told.id, told.code, told.reason, told.again_s
    )


def _file(name: str) -> Attachment:
    media_type = mimetypes.guess_type(name)[0] or _ANY_FILE
    return Attachment(name, media_type, None, f"https://api.twilio.com/media/{name}")
