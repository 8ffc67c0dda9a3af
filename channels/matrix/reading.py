"""Read one event of a Matrix room: a message, a correction, a departure, or nothing for us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from channels.file_names import shown as shown_name
from channels.matrix.answers import Json
from channels.matrix.content import (
    attachments_of,
    location_of,
    object_of,
    text_of,
    words_of,
)
from channels.steering_words import asked_for, wish_of
from router.events import (
    Blocked,
    Encrypted,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
)
from router.message import Address, Envelope, Message, Thread, Trust

_FALLBACK = re.compile(r"> (?:\* )?<@[^>\n]+>[^\n]*(?:\n>[^\n]*)*\n*")
"""How programs older than Matrix 1.13 repeat the message that is answered."""
_SILENT = {
    "m.reaction": "a reaction",
    "m.sticker": "a sticker",
}


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
    body = words_of(content)
    if not room.direct and not _names(content, me):
        return Ignored("group message that does not name the counter")
    refs = _answered(relation)
    quoted = _FALLBACK.match(body) if refs else None
    shown = body[quoted.end() :] if quoted else body
    shown = shown if room.direct else _without_name(shown, room.me, me)
    address = Address.from_key(envelope.conversation)
    files, place = attachments_of(content), location_of(content)
    alone = text_of(event, "sender") if room.direct else ""
    wish = _wish(shown, address, alone)
    if wish is not None and not files and place is None:  # a caption asks for nothing
        return wish
    message = Message(
        address=address,
        provider_id=envelope.provider_id,
        received_at=envelope.received_at,
        sender=text_of(event, "sender"),
        sender_name=shown_name(room.name),
        text=body,
        text_shown=shown.strip(),
        quoted=quoted[0] if quoted else "",
        attachments=files,
        location=place,
        sent_at=_time(event.get("origin_server_ts")),
        trust=Trust.VERIFIED,  # the homeserver knows whose account it is
        automatic="m.notice" if content.get("msgtype") == "m.notice" else "",
        public=not room.direct,
        person=text_of(event, "sender"),
        ref=envelope.ref,
        thread=Thread(refs=refs),
    )
    return MessageReceived(message)


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


def _wish(text: str, address: Address, person: str) -> InboundEvent | None:
    """Read a message that is one word by which people steer what is written to them."""
    wish = wish_of(text.strip().lstrip("!/"))
    return asked_for(wish, address, text, person) if wish else None


def _answered(relation: Json) -> tuple[str, ...]:
    """List the message that is answered, and the first one of its thread."""
    found = [text_of(object_of(relation, "m.in_reply_to"), "event_id")]
    if text_of(relation, "rel_type") == "m.thread":
        found.append(text_of(relation, "event_id"))
    return tuple(dict.fromkeys(ref for ref in found if ref))


def _time(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        return None
    if not 0 <= milliseconds < 2**45:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
