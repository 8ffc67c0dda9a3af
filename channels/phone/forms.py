"""Read and write the forms that Twilio posts: inbound messages and the statuses of our own."""

from __future__ import annotations

import contextlib
import functools
import mimetypes
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from channels.phone.carrier import Progress, Text
from channels.phone.numbers import WHATSAPP, number_of
from channels.phone.twilio_codes import OUTSIDE_WINDOW, PASSES, REASONS
from channels.steering_words import bare
from router.delivery import DeliveryState
from router.errors import UnreadablePayload
from router.message import Attachment, Location

DELIVERY_FIELD = "GuichetDelivery"
"""Added to a status callback: the delivery that its address named."""

_ANSWERED_BY_TWILIO = {
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP",
}  # fmt: skip
"""Words that Twilio answers by itself on a long number, before it calls us; none on WhatsApp.

Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""
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
_STATES_OF_CODES: Mapping[str, DeliveryState] = {
    "21610": DeliveryState.REJECTED,
    OUTSIDE_WINDOW: DeliveryState.AWAITS,
}
_ANY_FILE = "application/octet-stream"
_MOST_FILES = 20


@functools.lru_cache(maxsize=16)
def pairs_of(body: bytes) -> tuple[tuple[str, str], ...]:
    """Split a form body; a call is checked and then read, so the last ones are remembered."""
    text = body.decode("utf-8", "replace")
    return tuple(parse_qsl(text, keep_blank_values=True, errors="replace"))


def read_form(body: bytes) -> dict[str, str]:
    """Read a form body; bytes that are not UTF-8 become U+FFFD."""
    form = dict(pairs_of(body))
    for name in ("From", "To"):
        number = form.get(name, "")
        if number.startswith(" ") and number.strip().isdigit():  # a plus that was not encoded
            form[name] = f"+{number.strip()}"
    return form


def read(body: bytes) -> Text | Progress:
    """Read a form.

    Raises:
        UnreadablePayload: it names no message, or nobody.
    """
    form = read_form(body)
    status = _status(form)
    number = form.get("To" if status else "From", "").strip()
    if not form.get("MessageSid") or not number:
        raise UnreadablePayload("no MessageSid or number")
    return _progress(form, number, status) if status else _text(form, number)


def _status(form: Mapping[str, str]) -> str:
    """Give the status that a callback tells; empty for an inbound message."""
    status = form.get("MessageStatus", "").lower()
    return "" if status in {"", "received", "receiving"} else status


def _progress(form: Mapping[str, str], number: str, status: str) -> Progress:
    code = form.get("ErrorCode", "")
    state = _STATES.get(status)
    return Progress(
        form["MessageSid"],
        number,
        status,
        _STATES_OF_CODES.get(code, state) if state else None,
        delivery_id=number_of(form.get(DELIVERY_FIELD, "")),
        code=code,
        reason=REASONS.get(code, form.get("ErrorMessage", "")),
        again_s=PASSES.get(code),
    )


def _text(form: Mapping[str, str], number: str) -> Text:
    place = "\n".join(form[name] for name in ("Label", "Address") if form.get(name))
    told = form.get("OptOutType", "").strip().lower()
    body = form.get("Body", "")
    automatic = bare(body) in _ANSWERED_BY_TWILIO and not number.startswith(WHATSAPP)
    quoted = form.get("OriginalRepliedMessageSid", "")
    return Text(
        form["MessageSid"],
        number,
        form.get("To", "").strip(),
        body or form.get("ButtonText", "") or place,
        form.get("ProfileName", ""),
        _files(form),
        _location(form),
        # Twilio names the wish itself where a messaging service has words of its own
        wish=told if told in {"stop", "start", "help"} else "",
        answered=bool(told) or automatic,
        refs=(quoted,) if quoted else (),
    )


def _files(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    number = min(number_of(form.get("NumMedia", "")) or 0, _MOST_FILES)
    files = []
    for place in range(number):
        url = form.get(f"MediaUrl{place}", "")
        media_type = form.get(f"MediaContentType{place}", "") or _ANY_FILE
        ending = mimetypes.guess_extension(media_type) or ""
        files.append(Attachment(f"mms-{place + 1}{ending}", media_type, None, url))
    return tuple(files)


def _location(form: Mapping[str, str]) -> Location | None:
    with contextlib.suppress(KeyError, ValueError):
        lat, lon = float(form["Latitude"]), float(form["Longitude"])
        if abs(lat) <= 90 and abs(lon) <= 180:
            return Location(lat, lon)
    return None


def write(text: Text) -> bytes:
    """Write the form that Twilio would post for a message."""
    form = {"MessageSid": text.id, "From": text.sender or "unknown", "To": text.to}
    form |= {"Body": text.text, "NumMedia": str(len(text.attachments)), "SmsStatus": "received"}
    for place, file in enumerate(text.attachments):
        form[f"MediaUrl{place}"] = file.ref
        form[f"MediaContentType{place}"] = file.media_type
    if text.location:
        form |= {"Latitude": str(text.location.lat), "Longitude": str(text.location.lon)}
    return urlencode(form, errors="replace").encode()
