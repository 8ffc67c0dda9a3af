"""Reports by the web form, and answers that the person reads on the tracking page."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import phonenumbers
from pydantic import BaseModel, ConfigDict

from router.delivery import Delivery, OnUnknown, Rate, SendOutcome, Sent
from router.errors import InvalidSignature, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    Envelope,
    Given,
    InboundEvent,
    Location,
    Message,
    MessageReceived,
    Thread,
    Trust,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart

_TYPES = ("application/json", "application/x-www-form-urlencoded")
_LARGEST_FORM = 1_000_000  # bytes; files are stored beforehand and only named here
_EMAIL = re.compile(r"[^@\s<>()\[\],;:\"|]{1,64}@[^@\s<>()\[\],;:\"|]+\.[^@\s<>()\[\],;:\".|]{2,}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ANNOYANCE = range(1, 11)


class WebformSettings(BaseModel):
    """The accounts that answer those who choose e-mail or SMS; empty: not offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email_account: str = ""
    sms_account: str = ""
    region: str = "FR"
    """Where telephone numbers without a country code are."""


class Webform:
    """The form of our own pages; its reply channel is the one that the person chose."""

    name = "web"
    on_unknown = OnUnknown.RESEND
    deadline_s = 5.0
    rate = Rate(1000.0, 1000)
    capabilities = Capabilities(media_in=True, location=True)

    def __init__(self, settings: WebformSettings, account: str = "web") -> None:
        self.account = account
        self._settings = settings

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Take forms only: whoever reports is anybody, so there is no signature to check.

        A page elsewhere cannot have a browser post JSON here, and our own page carries a signed
        form id that the web layer checks.
        """
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method != "POST" or media_type not in _TYPES:
            raise InvalidSignature("this is not a form")
        if len(request.body) > _LARGEST_FORM:
            raise InvalidSignature("this form is larger than a form can be")

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        return self.open_raw(request.body, received_at)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap a form as JSON or form body; the same form id is the same report."""
        digest = hashlib.sha256(raw).hexdigest()[:40]
        try:
            form, note = _read(raw), ""
        except UnreadablePayload as error:
            form, note = {}, str(error)
        provider_id = _text(form, "id")[:200] or digest
        address = self._reply_address(form, provider_id)
        return (Envelope(self.name, self.account, provider_id, address.key, raw, at, note=note),)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        form = _read(envelope.payload)
        address = Address.from_key(envelope.conversation)
        text = _text(form, "text")
        language = _text(form, "language").lower()
        return (
            MessageReceived(
                Message(
                    address=address,
                    provider_id=envelope.provider_id,
                    received_at=envelope.received_at,
                    sender=_text(form, "email") or _text(form, "phone"),
                    sender_name=_UNSAFE.sub("", _text(form, "name"))[:200],
                    text=text,
                    text_shown=text,
                    language=language if _LANGUAGE.fullmatch(language) else None,
                    attachments=_attachments(form),
                    location=_location(form),
                    # a field that people do not see: who fills it in is looked at, never dropped
                    trust=Trust.FAILED if _text(form, "website") else Trust.UNVERIFIED,
                    given=_given(form),
                    thread=Thread(tokens=tuple(filter(None, [_text(form, "token")[:80]]))),
                )
            ),
        )

    def _reply_address(self, form: Mapping[str, Any], page: str) -> Address:
        """Choose where the person is answered; a contact that cannot be used means the page."""
        reply, settings = _text(form, "reply").lower(), self._settings
        if reply == "email" and settings.email_account:
            email = _text(form, "email")
            if _EMAIL.fullmatch(email):
                return Address("email", settings.email_account, email.lower())
        if reply == "sms" and settings.sms_account:
            number = _e164(_text(form, "phone"), settings.region)
            if number:
                return Address("sms", settings.sms_account, number)
        return Address(self.name, self.account, page.replace("|", "_"))

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def compose(
        self,
        account: str,
        sender: str,
        text: str,
        *,
        kind: str = "",
        subject: str = "",
        at: datetime,
        location: Location | None = None,
        name: str = "",
        attachments: Iterable[str] = (),
        message_id: str = "",
    ) -> Envelope:
        """Make the form that our page would post; the sender's contact is also where to answer."""
        seed = f"{sender}\n{text}\n{at.isoformat()}".encode()
        form: dict[str, Any] = {"id": message_id or hashlib.sha256(seed).hexdigest()[:24]}
        form |= {"text": text, "name": name, "reply": "page"}
        if "@" in sender:
            form |= {"reply": "email", "email": sender}
        elif sender.startswith("+"):
            form |= {"reply": "sms", "phone": sender}
        if location:
            form |= {"lat": location.lat, "lon": location.lon, "accuracy": location.accuracy_m}
        form["attachments"] = [{"name": file, "ref": file} for file in attachments]
        return self.open_raw(json.dumps(form).encode(), at)[0]

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Say that it has left: the tracking page shows the delivery itself."""
        return Sent((f"web:{part.delivery.id}",))

    async def health(self) -> Health:
        return Health(True, "the web form needs no provider")

    async def close(self) -> None:
        """Nothing is open."""


# --- fields --------------------------------------------------------------------------------------


def _read(raw: bytes) -> dict[str, Any]:
    if raw.lstrip()[:1] in {b"{", b"["}:
        try:
            form = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise UnreadablePayload("a form that is no JSON") from error
        if not isinstance(form, dict):
            raise UnreadablePayload("a form that is no object")
        return form
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), errors="replace"))
    if not form:
        raise UnreadablePayload("a form without fields")
    return form


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _number(form: Mapping[str, Any], name: str, most: float) -> float | None:
    try:
        value = float(_text(form, name).replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None


def _location(form: Mapping[str, Any]) -> Location | None:
    lat, lon = _number(form, "lat", 90), _number(form, "lon", 180)
    if lat is None or lon is None:
        return None
    return Location(lat, lon, _number(form, "accuracy", 1e7))


def _given(form: Mapping[str, Any]) -> Given:
    annoyance = _number(form, "annoyance", 10)
    degree = int(annoyance) if annoyance is not None else 0
    return Given(
        category=_text(form, "category") or None,
        commune=_text(form, "commune") or None,
        postcode=_text(form, "postcode") or None,
        street=_text(form, "where") or None,  # as typed: the reader finds the commune in it too
        annoyance=degree if degree in _ANNOYANCE else None,
    )


def _attachments(form: Mapping[str, Any]) -> tuple[Attachment, ...]:
    files = form.get("attachments")
    if not isinstance(files, list):
        return ()
    return tuple(_attachment(file) for file in files[:20] if isinstance(file, Mapping))


def _attachment(file: Mapping[str, Any]) -> Attachment:
    size = file.get("size")
    return Attachment(
        _UNSAFE.sub("_", _text(file, "name")).strip(" .")[:120] or "piece-jointe",
        _text(file, "media_type") or "application/octet-stream",
        size if isinstance(size, int) and size >= 0 else None,
        _text(file, "ref"),
    )


def _e164(typed: str, region: str) -> str:
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
