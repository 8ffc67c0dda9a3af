"""Read the forms that Twilio posts: inbound messages and the statuses of our own."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import mimetypes
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import phonenumbers

from router.delivery import DeliveryState
from router.errors import InvalidSignature
from router.message import (
    Address,
    Attachment,
    Envelope,
    Ignored,
    Location,
    Message,
    ReceiptReceived,
    Trust,
)

DELIVERY_FIELD = "GuichetDelivery"
"""Added to a status callback: the delivery that its address named."""

_ANSWERED_BY_TWILIO = {
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP",
}  # fmt: skip
"""Words that Twilio answers by itself on a long number, before it calls us.

Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""
_BACK_IN = {"START", "UNSTOP"}
_KEYWORDS = dict.fromkeys((_ANSWERED_BY_TWILIO - _BACK_IN) | {"ARRET", "ARRÊT"}, "stop")
_KEYWORDS |= dict.fromkeys(_BACK_IN, "start")
_KEYWORDS |= dict.fromkeys(("HELP", "AIDE", "INFO", "CONTACT"), "help")
_STATES: Mapping[str, DeliveryState] = {
    # the first words already prove that Twilio has the message, whatever the call seemed to end in
    "accepted": DeliveryState.SENT,
    "scheduled": DeliveryState.SENT,
    "queued": DeliveryState.SENT,
    "sending": DeliveryState.SENT,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.DELIVERED,
    "undelivered": DeliveryState.BOUNCED,
    "failed": DeliveryState.BOUNCED,
    "canceled": DeliveryState.REJECTED,
}
_REASONS: Mapping[str, str] = {
    "21610": "the person texted STOP",
    "30003": "the phone is switched off or out of reach",
    "30004": "the person or the operator blocks the message",
    "30005": "the number does not exist",
    "30006": "the number cannot receive text messages",
    "30007": "the operator filtered the message as unwanted",
}
_NUMBER = re.compile(r"(?:whatsapp:)?\+[1-9]\d{6,14}")
_MOST_FILES = 20


def read_form(body: bytes) -> dict[str, str]:
    """Read a form body; bytes that are not UTF-8 become U+FFFD."""
    text = body.decode("utf-8", "replace")
    form = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    for name in ("From", "To"):
        number = form.get(name, "")
        if number.startswith(" ") and number.strip().isdigit():  # a plus that was not encoded
            form[name] = f"+{number.strip()}"
    return form


def signed_fields(body: bytes) -> str:
    """Join the fields as Twilio signs them: sorted, name and value, blank ones included."""
    text = body.decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return "".join(name + value for name, value in sorted(set(pairs)))


def algorithm(header: str) -> str:
    """Name the digest of ``X-Twilio-Webhooks-Signature-Settings``; SHA-1 when it is absent.

    Raises:
        InvalidSignature: a digest that Twilio does not document.
    """
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            if value.strip().upper() not in {"HMAC_SHA1", "HMAC_SHA256"}:
                raise InvalidSignature("the signature is of an unknown kind")
            return value.strip().upper().removeprefix("HMAC_").lower()
    return "sha1"


def sign(token: str, text: str, digest: str) -> bytes:
    """Sign as Twilio does."""
    mac = hmac.new(token.encode(), text.encode("utf-8", "replace"), getattr(hashlib, digest))
    return base64.b64encode(mac.digest())


def status_of(form: Mapping[str, str]) -> str:
    """Give the status that a callback tells; empty for an inbound message."""
    status = form.get("MessageStatus", "").lower()
    return "" if status in {"", "received", "receiving"} else status


def receipt(form: Mapping[str, str], status: str) -> ReceiptReceived | Ignored:
    """Read a status callback; they arrive in any order, so the core never lowers a state."""
    state = _STATES.get(status)
    if state is None:
        return Ignored(f"status {status[:40]} says nothing")
    code = form.get("ErrorCode", "")
    delivery = form.get(DELIVERY_FIELD, "")
    return ReceiptReceived(
        state=DeliveryState.REJECTED if code == "21610" else state,
        delivery_id=int(delivery) if delivery.isascii() and delivery.isdigit() else None,
        provider_id=form["MessageSid"],
        code=code,
        reason=_REASONS.get(code, form.get("ErrorMessage", "")),
    )


def keyword(form: Mapping[str, str]) -> str:
    """Name what a message asks for: ``stop``, ``start``, ``help``, or nothing.

    Twilio names it itself (``OptOutType``) where a messaging service has words of its own.
    """
    told = form.get("OptOutType", "").strip().lower()
    if told in {"stop", "start", "help"}:
        return told
    return _KEYWORDS.get(_bare(form), "")


def is_answered(form: Mapping[str, str]) -> bool:
    """Whether Twilio has answered such a word by itself."""
    return bool(form.get("OptOutType", "").strip()) or _bare(form) in _ANSWERED_BY_TWILIO


def _bare(form: Mapping[str, str]) -> str:
    return form.get("Body", "").strip(" \t\r\n.!").upper()


def international(number: str, region: str) -> str:
    """Write a telephone number as Twilio does (E.164); names and short codes stay as they are."""
    try:
        read = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(read):
        return number
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def message_of(form: Mapping[str, str], address: Address, envelope: Envelope) -> Message:
    """Read an inbound message; its body may be empty."""
    place = "\n".join(form[name] for name in ("Label", "Address") if form.get(name))
    text = form.get("Body", "") or place
    sender = form.get("From", "").strip()
    answerable = _NUMBER.fullmatch(sender) is not None
    return Message(
        trust=Trust.VERIFIED,  # as far as the operators of the network know
        address=address,
        provider_id=envelope.provider_id,
        received_at=envelope.received_at,
        sender=sender.removeprefix("whatsapp:"),
        sender_name=form.get("ProfileName", ""),
        text=text,
        text_shown=text,
        attachments=_files(form),
        location=_location(form),
        # names and short codes are machines', and nobody reads what is sent to them
        automatic="" if answerable else "sender cannot be answered",
    )


def _files(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    count = form.get("NumMedia", "0")
    number = min(int(count), _MOST_FILES) if count.isascii() and count.isdigit() else 0
    files = []
    for place in range(number):
        url = form.get(f"MediaUrl{place}", "")
        media_type = form.get(f"MediaContentType{place}", "") or "application/octet-stream"
        ending = mimetypes.guess_extension(media_type) or ""
        files.append(Attachment(f"mms-{place + 1}{ending}", media_type, None, url))
    return tuple(files)


def _location(form: Mapping[str, str]) -> Location | None:
    with contextlib.suppress(KeyError, ValueError):
        lat, lon = float(form["Latitude"]), float(form["Longitude"])
        if abs(lat) <= 90 and abs(lon) <= 180:
            return Location(lat, lon)
    return None
