"""Reports by the web form, and answers that the person reads on the tracking page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from channels.kept_photos import ReadPhoto, kept_photo
from channels.phone.numbers import e164
from channels.web_fields import (
    EMAIL,
    attachments_of,
    doubts_of,
    given_of,
    location_of,
    name_of,
    read_form,
    text_of,
)
from router.delivery import Delivery, OnUnknown, Rate, SendOutcome, Sent
from router.errors import InvalidSignature, UnreadablePayload
from router.events import AddressConfirmed, InboundEvent, MessageReceived
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
from router.ports import Capabilities, Health, OutboundPart
from router.stated import Stated

_TYPES = ("application/json", "application/x-www-form-urlencoded")
_LARGEST_FORM = 1_000_000  # bytes; files are stored beforehand and only named here
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class WebformSettings(BaseModel):
    """The accounts that answer those who choose e-mail or SMS; empty: not offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email_account: str = ""
    sms_account: str = ""
    confirm: bool = True
    """Whether an address that was typed has to be confirmed by a link before it is answered."""
    region: str = "FR"
    """Where telephone numbers without a country code are."""
    quick_s: float = 3.0
    reports_at_once: int = 5
    reports_most: int = 60
    letters_at_once: int = 20
    proof_of_work: int = 0
    """What our page looks for in a report (web.parts.WebSettings)."""


class Webform:
    """The form of our own pages; its reply channel is the one that the person chose."""

    name = "web"
    on_unknown = OnUnknown.RESEND
    deadline_s = 5.0
    rate = Rate(1000.0, 1000)
    capabilities = Capabilities(media_in=True, location=True)

    def __init__(
        self, settings: WebformSettings, account: str = "web", photos: ReadPhoto | None = None
    ) -> None:
        """Answer by the accounts of ``settings``; ``photos`` gives back what our page stored."""
        self.account = account
        self._settings = settings
        self._photos = photos

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
            form, note = read_form(raw), ""
        except UnreadablePayload as error:
            form, note = {}, str(error)
        provider_id = text_of(form, "id")[:200] or digest
        address = self._reply_address(form, provider_id)
        return (Envelope(self.name, self.account, provider_id, address.key, raw, at, note=note),)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        form = read_form(envelope.payload)
        confirmed = text_of(form, "confirm")[:80]
        if confirmed:
            return (AddressConfirmed(confirmed),)
        address = Address.from_key(envelope.conversation)
        page = self._page(envelope.provider_id) if address.channel != self.name else None
        text = text_of(form, "text")
        language = text_of(form, "language").lower()
        return (
            MessageReceived(
                Message(
                    address=address,
                    provider_id=envelope.provider_id,
                    received_at=envelope.received_at,
                    sender=text_of(form, "email") or text_of(form, "phone"),
                    sender_name=name_of(form),
                    text=text,
                    text_shown=text,
                    language=language if _LANGUAGE.fullmatch(language) else None,
                    attachments=attachments_of(form),
                    location=location_of(form),
                    # a field that people do not see: who fills it in is looked at, never dropped
                    trust=Trust.FAILED if _is_odd(form) else Trust.UNVERIFIED,
                    doubts=doubts_of(form),
                    until_confirmed=page if self._settings.confirm else None,
                    form=page,
                    given=given_of(form),
                    thread=Thread(tokens=tuple(filter(None, [text_of(form, "token")[:80]]))),
                )
            ),
        )

    def _reply_address(self, form: Mapping[str, Any], page: str) -> Address:
        """Choose where the person is answered; a contact that cannot be used means the page."""
        reply, settings = text_of(form, "reply").lower(), self._settings
        # a machine, or who types many addresses: it does not get us to write to anybody
        if text_of(form, "website") or form.get("quiet"):
            reply = "page"
        if reply == "email" and settings.email_account:
            email = text_of(form, "email")
            if EMAIL.fullmatch(email):
                return Address("email", settings.email_account, email.lower())
        if reply == "sms" and settings.sms_account:
            number = e164(text_of(form, "phone"), settings.region)
            if number:
                return Address("sms", settings.sms_account, number)
        return self._page(page)

    def _page(self, provider_id: str) -> Address:
        """Give the page on which somebody is answered whose address may be another's."""
        return Address(self.name, self.account, provider_id.replace("|", "_"))

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give a picture that our page stored before the form was sent.

        Raises:
            InvalidInput: it is none of ours, gone, or larger than the limit.
        """
        return await kept_photo(self._photos, attachment, limit)

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def compose(self, stated: Stated) -> Envelope:
        """Make the form that our page would post; the sender's contact is also where to answer."""
        form: dict[str, Any] = {"id": stated.message_id or stated.digest[:24]}
        form |= {"text": stated.text, "name": stated.name, "reply": "page"}
        if "@" in stated.sender:
            form |= {"reply": "email", "email": stated.sender}
        elif stated.sender.startswith("+"):
            form |= {"reply": "sms", "phone": stated.sender}
        if stated.location:
            form |= {
                "lat": stated.location.lat,
                "lon": stated.location.lon,
                "accuracy": stated.location.accuracy_m,
            }
        form["attachments"] = [{"name": file, "ref": file} for file in stated.attachments]
        return self.open_raw(json.dumps(form).encode(), stated.at)[0]

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Say that it has left: the tracking page shows the delivery itself."""
        return Sent((f"web:{part.delivery.id}",))

    async def health(self) -> Health:
        return Health(True, "le formulaire n'a besoin de personne.")

    async def close(self) -> None:
        """Nothing is open."""


def _is_odd(form: Mapping[str, Any]) -> bool:
    return bool(text_of(form, "website") or doubts_of(form))
