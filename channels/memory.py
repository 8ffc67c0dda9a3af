"""A channel without a provider: it reads small JSON messages and remembers what it sends."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.file_names import file_name
from channels.graphemes import split
from router.delivery import Delivery, DeliveryState, OnUnknown, Rate, SendOutcome, Sent, Unknown
from router.errors import InvalidSignature, UnreadablePayload
from router.events import (
    Blocked,
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    OptedOutOf,
    ReceiptReceived,
)
from router.message import (
    Address,
    Attachment,
    Envelope,
    Location,
    Message,
    Thread,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart
from router.stated import Stated

SIGNATURE = "x-memory-signature"


@dataclass(frozen=True, slots=True)
class SentText:
    """What left: to whom, what, and under which key."""

    to: str
    text: str
    idem: str


@dataclass(slots=True)
class Memory:
    """One account; ``outcomes`` are what the next sends come to, and then every send succeeds."""

    account: str = "memory"
    name: str = "memory"
    secret: bytes = b"memory"
    longest: int = 1000
    on_unknown: OnUnknown = OnUnknown.FIND
    deadline_s: float = 5.0
    rate: Rate = Rate(1000.0, 1000)
    outcomes: list[SendOutcome] = field(default_factory=list)
    sent: list[SentText] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            threads=True, media_in=True, location=True, edits=True, longest_text=self.longest
        )

    # --- in --------------------------------------------------------------------------------------

    def sign(self, body: bytes) -> str:
        """Sign as the provider that this channel does not have would."""
        return hmac.new(self.secret, body, hashlib.sha256).hexdigest()

    def verify(self, request: WebhookRequest) -> None:
        given = request.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self.sign(request.body).encode()):
            raise InvalidSignature("the signature is not ours")

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        return self.open_raw(request.body, received_at)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap one JSON message: ``id``, ``from``, and what else :meth:`receive` reads."""
        try:
            data = _object(raw)
            provider_id, sender, note = _word(data, "id"), _word(data, "from"), ""
        except UnreadablePayload as error:
            provider_id, note = f"unreadable:{hashlib.sha256(raw).hexdigest()}", str(error)
            sender = provider_id
        key = self._address(sender).key
        return (
            Envelope(self.name, self.account, provider_id, key, raw, at, provider_id, note=note),
        )

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        try:
            return self._events(envelope)
        except (ValueError, TypeError) as error:
            raise UnreadablePayload(f"a malformed message ({type(error).__name__})") from error

    def _events(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        data, address = _object(envelope.payload), Address.from_key(envelope.conversation)
        text = str(data.get("text") or "")
        message = Message(
            address=address,
            provider_id=envelope.provider_id,
            received_at=envelope.received_at,
            sender=address.value,
            sender_name=str(data.get("name") or ""),
            text=text,
            text_shown=text,
            subject=str(data.get("subject") or ""),
            attachments=tuple(
                Attachment(file_name(str(name)), "application/octet-stream", None, str(name))
                for name in data.get("attachments") or ()
            ),
            location=Location(*data["location"]) if data.get("location") else None,
            automatic=str(data.get("automatic") or ""),
            ref=envelope.ref,
            thread=Thread(refs=tuple(data.get("refs") or ())),
        )
        match data.get("kind") or "message":
            case "message":
                return (MessageReceived(message),)
            case "edit":
                return (MessageEdited(message, _word(data, "edited")),)
            case "stop" | "start" as word:
                return (OptedOutOf(address, text, back_in=word == "start"),)
            case "help":
                return (HelpAsked(address, text),)
            case "block":
                return (Blocked(address),)
            case "receipt":
                state = DeliveryState(_word(data, "state"))
                return (ReceiptReceived(state, delivery_id=data.get("delivery")),)
            case kind:
                return (Ignored(f"of kind {kind}"),)

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def compose(self, stated: Stated) -> Envelope:
        """Make the JSON of such a message."""
        data: dict[str, Any] = {
            "id": stated.message_id or stated.digest[:24],
            "from": stated.sender or "nobody",
        }
        data |= {
            "text": stated.text,
            "subject": stated.subject,
            "name": stated.name,
            "attachments": list(stated.attachments),
        }
        data |= {"kind": stated.kind} if stated.kind else {}
        data |= {"location": [stated.location.lat, stated.location.lon]} if stated.location else {}
        return self.open_raw(json.dumps(data).encode(), stated.at)[0]

    def _address(self, sender: str) -> Address:
        return Address(self.name, self.account, sender)

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        texts = split(delivery.text, self.longest)
        return tuple(OutboundPart(delivery, text, i, len(texts)) for i, text in enumerate(texts))

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            if isinstance(outcome, Unknown):  # here the unknown is always that it has left
                self.sent.append(SentText(part.delivery.address.value, part.text, idem))
            if not isinstance(outcome, Sent):
                return outcome
        self.sent.append(SentText(part.delivery.address.value, part.text, idem))
        return Sent((f"memory:{idem}",))

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        known = [text.idem for text in self.sent if text.idem == idem]
        return Sent((f"memory:{idem}",)) if known else None

    async def health(self) -> Health:
        return Health(True, "retient en mémoire.")

    async def close(self) -> None:
        """Nothing is open."""


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("no JSON") from error
    if not isinstance(data, dict):
        raise UnreadablePayload("no JSON object")
    return data


def _word(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadablePayload(f"no « {name} »")
    return value
