"""Read one event of a Matrix room: a message, a correction, a departure, or nothing for us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from router.errors import UnreadablePayload
from router.message import (
    Address,
    Attachment,
    Blocked,
    Encrypted,
    Envelope,
    HelpAsked,
    Ignored,
    InboundEvent,
    Location,
    Message,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
    Thread,
    Trust,
)

Json = Mapping[str, Any]

_FILES = {
    # msgtype → (name shown, type where the sender tells none)
    "m.image": ("photo.jpg", "image/jpeg"),
    "m.file": ("document", "application/octet-stream"),
    "m.audio": ("audio.ogg", "audio/ogg"),
    "m.video": ("video.mp4", "video/mp4"),
}
_VOICE = "org.matrix.msc3245.voice"
_PLACE = ("m.location", "org.matrix.msc3488.location")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]")
_FALLBACK = re.compile(r"> (?:\* )?<@[^>\n]+>[^\n]*(?:\n>[^\n]*)*\n*")
"""How programs older than Matrix 1.13 repeat the message that is answered."""
_GEO = re.compile(r"geo:(-?[\d.]{1,20}),(-?[\d.]{1,20})(?:,-?[\d.]+)?((?:;[^;]+)*)")
_SILENT = {
    "m.reaction": "a reaction",
    "m.sticker": "a sticker",
}
_WISHES = {"stop": "stop", "arret": "stop", "arrêt": "stop", "start": "start"}
_WISHES |= {"help": "help", "aide": "help"}


@dataclass(frozen=True, slots=True)
class Room:
    """What the poll knew of the room when it took the event."""

    direct: bool = True
    """One person and the counter; else the counter listens only when it is named."""
    empty: bool = False
    """Nobody but the counter is left."""
    name: str = ""
    """What the sender is called there."""
    me: str = ""
    """What the counter is called there."""

    @classmethod
    def of(cls, data: Json) -> Room:
        return cls(
            data.get("direct") is not False,
            data.get("empty") is True,
            text_of(data, "name"),
            text_of(data, "me"),
        )


def text_of(data: Json, name: str) -> str:
    """Give a text, empty where there is none.

    Raises:
        UnreadablePayload: it is something else.
    """
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadablePayload(f"« {name[:40]} » of a Matrix event is no text")
    return value


def object_of(data: Json, name: str) -> Json:
    """Give an object, empty where there is none.

    Raises:
        UnreadablePayload: it is something else.
    """
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UnreadablePayload(f"« {name[:40]} » of a Matrix event is no object")
    return value


def read_event(event: Json, room: Room, envelope: Envelope, me: str) -> InboundEvent:
    """Read an event for the counter of this user id.

    Raises:
        UnreadablePayload: its parts are not of the shapes that the specification gives.
    """
    kind = text_of(event, "type")
    if kind == "m.room.member":
        return _member(event, room, envelope, me)
    if text_of(event, "sender") == me:
        return Ignored("our own message")
    if kind == "m.room.encrypted":
        return _encrypted(room, envelope)
    if kind == "m.room.redaction":
        return _taken_back(event)
    if kind in _SILENT:
        return Ignored(_SILENT[kind])
    if kind != "m.room.message":
        return Ignored(f"an event of another kind ({kind[:80]})")
    content = object_of(event, "content")
    if not content:
        return Ignored("a message that was taken back before it was read")
    relation = object_of(content, "m.relates_to")
    if text_of(relation, "rel_type") == "m.replace":
        return _edited(event, content, relation, room, envelope, me)
    return _message(event, content, relation, room, envelope, me)


def _member(event: Json, room: Room, envelope: Envelope, me: str) -> InboundEvent:
    membership = text_of(object_of(event, "content"), "membership")
    gone = membership in {"leave", "ban"}
    put_out = text_of(event, "state_key") == me and text_of(event, "sender") != me
    if gone and (put_out or room.empty):
        return Blocked(Address.from_key(envelope.conversation))
    return Ignored(f"somebody's membership is « {membership[:20]} »")


def _taken_back(event: Json) -> InboundEvent:
    """Name what was redacted: it stands in the content since room version 11, before beside it."""
    ref = text_of(object_of(event, "content"), "redacts") or text_of(event, "redacts")
    return MessageTakenBack(ref) if ref else Ignored("a redaction of nothing")


def _encrypted(room: Room, envelope: Envelope) -> InboundEvent:
    """Have a person told that we cannot read here; a group may not have spoken to us."""
    if room.direct:
        return Encrypted(Address.from_key(envelope.conversation))
    return Ignored("an encrypted message in a group")


def _edited(
    event: Json, content: Json, relation: Json, room: Room, envelope: Envelope, me: str
) -> InboundEvent:
    new = object_of(content, "m.new_content") or content
    read = _message(event, new, {}, room, envelope, me)
    if isinstance(read, MessageReceived):
        return MessageEdited(read.message, text_of(relation, "event_id"))
    return read


def _message(
    event: Json, content: Json, relation: Json, room: Room, envelope: Envelope, me: str
) -> InboundEvent:
    if text_of(content, "msgtype").startswith("m.key.verification."):
        return Ignored("a request to compare keys")
    body = _words(content)
    if not room.direct and not _names(content, me):
        return Ignored("group message that does not name the counter")
    refs = _answered(relation)
    quoted = _FALLBACK.match(body) if refs else None
    shown = body[quoted.end() :] if quoted else body
    shown = shown if room.direct else _without_name(shown, room.me, me)
    address = Address.from_key(envelope.conversation)
    wish = _wish(shown, address)
    if wish is not None:
        return wish
    message = Message(
        address=address,
        provider_id=envelope.provider_id,
        received_at=envelope.received_at,
        sender=text_of(event, "sender"),
        sender_name=_UNSAFE.sub("", room.name),
        text=body,
        text_shown=shown.strip(),
        quoted=quoted[0] if quoted else "",
        attachments=_attachments(content),
        location=_location(content),
        sent_at=_time(event.get("origin_server_ts")),
        trust=Trust.VERIFIED,  # the homeserver knows whose account it is
        automatic="m.notice" if content.get("msgtype") == "m.notice" else "",
        public=not room.direct,
        ref=envelope.ref,
        thread=Thread(refs=refs),
    )
    return MessageReceived(message)


def _words(content: Json) -> str:
    """Give what was written; of a file only its caption, of a place only what was said of it."""
    kind, body = text_of(content, "msgtype"), text_of(content, "body")
    if kind == "m.location":
        told = (object_of(content, name) for name in _PLACE)
        return next((text for place in told if (text := text_of(place, "description"))), "")
    if kind in _FILES:
        return body if text_of(content, "filename") not in {"", body} else ""
    return body


def _names(content: Json, me: str) -> bool:
    """Whether a message of a group is for us: named, or an answer to us."""
    users = object_of(content, "m.mentions").get("user_ids")
    if isinstance(users, list) and me in users:
        return True
    written = f"{text_of(content, 'body')} {text_of(content, 'formatted_body')}"
    return re.search(rf"{re.escape(me)}(?![\w:-]|\.\w)", written, re.IGNORECASE) is not None


def _without_name(text: str, name: str, me: str) -> str:
    text = re.sub(re.escape(me), "", text, flags=re.IGNORECASE).strip()
    called = re.compile(rf"@?{re.escape(name)}\b", re.IGNORECASE) if name else None
    text = called.sub("", text, count=1) if called and called.match(text) else text
    return text.lstrip(" ,:;\n")


def _wish(text: str, address: Address) -> InboundEvent | None:
    """Read a message that is one word by which people steer what is written to them."""
    word = text.strip().lstrip("!/").rstrip(".!").casefold()
    match _WISHES.get(word):
        case "stop":
            return OptedOutOf(address, text)
        case "start":
            return HelpAsked(address, text, back_in=True)
        case "help":
            return HelpAsked(address, text)
    return None


def _answered(relation: Json) -> tuple[str, ...]:
    """List the message that is answered, and the first one of its thread."""
    found = [text_of(object_of(relation, "m.in_reply_to"), "event_id")]
    if text_of(relation, "rel_type") == "m.thread":
        found.append(text_of(relation, "event_id"))
    return tuple(dict.fromkeys(ref for ref in found if ref))


def _attachments(content: Json) -> tuple[Attachment, ...]:
    kind = text_of(content, "msgtype")
    if kind not in _FILES:
        return ()
    name, media_type = _FILES[kind]
    name = "message-vocal.ogg" if _VOICE in content else name
    given = text_of(content, "filename") or text_of(content, "body")
    given = "" if _VOICE in content else _UNSAFE.sub("_", given).strip(" .")
    info = object_of(content, "info")
    size = info.get("size")
    return (
        Attachment(
            (given or name)[:120],
            text_of(info, "mimetype") or media_type,
            size if isinstance(size, int) and not isinstance(size, bool) else None,
            text_of(content, "url"),
        ),
    )


def _location(content: Json) -> Location | None:
    """Read a ``geo:`` address (RFC 5870), with the uncertainty in metres where it is told."""
    found = _GEO.fullmatch(text_of(content, "geo_uri"))
    if content.get("msgtype") != "m.location" or not found:
        return None
    accuracy = re.search(r";u=([\d.]{1,20})", found[3])
    try:
        lat, lon = float(found[1]), float(found[2])
        metres = float(accuracy[1]) if accuracy else None
    except ValueError:
        return None
    return Location(lat, lon, metres) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _time(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        return None
    if not 0 <= milliseconds < 2**45:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
