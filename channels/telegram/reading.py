"""Read one update of the Bot API: a message, an edit, a button, a block, or nothing for us."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from channels.file_names import file_name, shown, size_of
from channels.steering_words import asked_for, wish_of
from router.errors import UnreadablePayload
from router.events import (
    Blocked,
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    OptedOutOf,
)
from router.message import Address, Attachment, Envelope, Location, Message, Thread, Trust

Json = Mapping[str, Any]

LARGEST_FILE = 20 * 1024 * 1024  # what the Bot API hands out
_FILES = {
    # field → (name shown, type where Telegram tells none)
    "document": ("document", "application/octet-stream"),
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("message-vocal.ogg", "audio/ogg"),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video.mp4", "video/mp4"),
}
_COMMAND = re.compile(r"/([a-z]+)(?:@(\w+))?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_OFFERED = re.compile(r"([a-z_]{1,30}):(.{1,60})", re.DOTALL)
_WIDEST_M = 1e7
"""An accuracy beyond that tells nothing on this planet."""
_PAYLOAD = re.compile(r"[\w-]{0,64}", re.ASCII)  # all that a t.me link can carry
_NUMBER = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}")  # a tracking number as it is printed


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: the query that waits for an answer, and the message that it stands under."""

    query: str
    chat: int | None = None
    message: int | None = None


class Shape:
    """Typed access to parts of an update; a part of another type is an unreadable payload."""

    @staticmethod
    def obj(data: Json, name: str) -> Json:
        value = data.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise UnreadablePayload(f"« {name} » of a Telegram update is no object")
        return value

    @staticmethod
    def text(data: Json, name: str) -> str:
        value = data.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise UnreadablePayload(f"« {name} » of a Telegram update is no text")
        return value

    @staticmethod
    def number(data: Json, name: str) -> int:
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnreadablePayload(f"« {name} » of a Telegram update is no number")
        return value

    @staticmethod
    def items(data: Json, name: str) -> Sequence[Json]:
        value = data.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise UnreadablePayload(f"« {name} » of a Telegram update is no list")
        return value


def key_of(update: Json) -> tuple[str, str, str]:
    """Give (provider id, chat id, ref of the message) of an update.

    A message counts once in each of its wordings, however often Telegram tells of it and whatever
    number the update bears.

    Raises:
        UnreadablePayload: it has no id, or its chat cannot be told.
    """
    for field in ("message", "edited_message"):
        message = Shape.obj(update, field)
        if message:
            chat = Shape.number(Shape.obj(message, "chat"), "id")
            ref = f"{chat}:{Shape.number(message, 'message_id')}"
            return f"{ref}:{message.get('edit_date') or 0}", str(chat), ref
    provider_id = f"update:{Shape.number(update, 'update_id')}"
    query = Shape.obj(update, "callback_query")
    if query:
        chat = Shape.number(
            Shape.obj(Shape.obj(query, "message"), "chat") or Shape.obj(query, "from"), "id"
        )
        under = Shape.obj(query, "message").get("message_id", Shape.text(query, "id"))
        # however often it is pressed: one button says one thing once
        data = Shape.text(query, "data").encode("utf-8", "replace")
        said = hashlib.sha256(data).hexdigest()[:16]
        return f"press:{chat}:{under}:{said}", str(chat), ""
    member = Shape.obj(update, "my_chat_member")
    if member:
        chat = Shape.number(Shape.obj(member, "chat"), "id")
        status = Shape.text(Shape.obj(member, "new_chat_member"), "status")
        # not the number of the update: after a quiet week Telegram numbers anew
        return f"member:{chat}:{member.get('date') or provider_id}:{status}", str(chat), ""
    return provider_id, provider_id, ""


def read_update(update: Json, envelope: Envelope, bot: str) -> InboundEvent:
    """Read an update for the bot of this user name.

    Raises:
        UnreadablePayload: its parts are not of the shapes that the Bot API documents.
    """
    address = Address.from_key(envelope.conversation)
    if update.get("my_chat_member"):
        status = Shape.text(
            Shape.obj(Shape.obj(update, "my_chat_member"), "new_chat_member"), "status"
        )
        blocked = status in {"kicked", "left"}
        return Blocked(address) if blocked else Ignored(f"the bot is « {status} » in the chat")
    if update.get("callback_query"):
        return _pressed(Shape.obj(update, "callback_query"), address, envelope)
    if update.get("message"):
        return _message(Shape.obj(update, "message"), address, envelope, bot)
    if update.get("edited_message"):
        return _edited(Shape.obj(update, "edited_message"), address, envelope, bot)
    kinds = ", ".join(name for name in update if name != "update_id")
    return Ignored(f"an update of another kind ({kinds[:80]})")


def _edited(raw: Json, address: Address, envelope: Envelope, bot: str) -> InboundEvent:
    if Shape.obj(raw, "location").get("live_period"):
        return Ignored("a shared position that moves")
    event = _message(raw, address, envelope, bot)
    if isinstance(event, MessageReceived):
        return MessageEdited(event.message, event.message.ref)
    return event


def _pressed(query: Json, address: Address, envelope: Envelope) -> InboundEvent:
    under = Shape.obj(query, "message")
    refs = (f"{address.value}:{under['message_id']}",) if "message_id" in under else ()
    data = Shape.text(query, "data")
    offered = _OFFERED.fullmatch(data)
    asked, text = offered.groups() if offered else ("", data)
    message = replace(
        _from(Shape.obj(query, "from"), address, envelope),
        text=text,
        text_shown=text,
        pressed=asked,
        public=_is_group(Shape.obj(under, "chat")),
        thread=Thread(refs=refs),
    )
    return MessageReceived(message)


def _is_group(chat: Json) -> bool:
    return Shape.text(chat, "type") not in {"private", ""}


def offer(asked: str, choice: str) -> str:
    """Write what a button says when it is pressed, at most 64 bytes; `_pressed` reads it."""
    return f"{asked}:{choice}".encode()[:64].decode("utf-8", "ignore")


def press_of(update: object) -> Press | None:
    """Give what a pressed button waits with; None of any other update."""
    query = update.get("callback_query") if isinstance(update, Mapping) else None
    if not isinstance(query, Mapping) or not isinstance(query.get("id"), str):
        return None
    under = query.get("message")
    chat = under.get("chat") if isinstance(under, Mapping) else None
    where = chat.get("id") if isinstance(chat, Mapping) else None
    message = under.get("message_id") if isinstance(under, Mapping) else None
    whole = isinstance(where, int) and isinstance(message, int)
    return Press(query["id"], where if whole else None, message if whole else None)


def _message(raw: Json, address: Address, envelope: Envelope, bot: str) -> InboundEvent:
    text = Shape.text(raw, "text") or Shape.text(raw, "caption")
    group = _is_group(Shape.obj(raw, "chat"))
    alone = "" if group else str(Shape.obj(raw, "from").get("id") or "")
    if group and not _to_us(raw, text, bot):
        return Ignored("group message that does not name the bot")
    shown = re.sub(rf"@{re.escape(bot)}\b", "", text, flags=re.IGNORECASE) if group else text
    files = _attachments(raw)  # a caption asks for nothing: the photo would be lost
    wish = "" if group or files else wish_of(text)
    if wish:  # our texts say: answer STOP, answer START
        return asked_for(wish, address, text, alone)
    command = _COMMAND.fullmatch(text.strip())
    if command and (command[2] or bot).lower() == bot.lower():
        asked, rest = "" if files else command[1].lower(), (command[3] or "").strip()
        if asked in {"help", "aide"} and not rest:
            return HelpAsked(address, text, person=alone)
        if asked in {"stop", "arret"} and not rest:
            return OptedOutOf(address, text)
        named = _NUMBER.fullmatch(rest)  # a link that names a case is a word about it
        if asked == "start" and _PAYLOAD.fullmatch(rest) and not named:
            return HelpAsked(address, text, rest, back_in=True, person=alone)
        shown = rest or shown
    message = _from(Shape.obj(raw, "from"), address, envelope)
    message = replace(
        message,
        text=text,
        text_shown=" ".join(shown.split(" ")).strip(),
        attachments=files,
        too_large=any((file.size or 0) > LARGEST_FILE for file in files),
        location=_location(raw),
        sent_at=_time(raw.get("date")),
        ref=envelope.ref,
        thread=Thread(refs=_replied(raw, address)),
        album=Shape.text(raw, "media_group_id"),
        public=group,
    )
    return _with_extras(raw, message)


def _with_extras(raw: Json, message: Message) -> InboundEvent:
    """Add what stands beside the text; a message without anything of use is ignored."""
    venue, contact = Shape.obj(raw, "venue"), Shape.obj(raw, "contact")
    if venue:
        place = ", ".join(
            x for x in (Shape.text(venue, "title"), Shape.text(venue, "address")) if x
        )
        return MessageReceived(replace(message, text=place, text_shown=place))
    if contact:
        if str(contact.get("user_id", "")) != message.sender:
            return Ignored("the telephone number of somebody else")
        number = f"Téléphone : {Shape.text(contact, 'phone_number')}"
        return MessageReceived(replace(message, text=number, text_shown=number))
    if message.text.strip() or message.attachments or message.location:
        return MessageReceived(message)
    what = next((n for n in ("sticker", "dice", "poll", "game", "story") if n in raw), "")
    return Ignored(f"a Telegram {what}" if what else "a service message of Telegram")


def _from(user: Json, address: Address, envelope: Envelope) -> Message:
    names = (Shape.text(user, "first_name"), Shape.text(user, "last_name"))
    return Message(
        address=address,
        provider_id=envelope.provider_id,
        trust=Trust.VERIFIED,  # the provider knows whose account it is
        received_at=envelope.received_at,
        sender=str(user.get("id", address.value)),
        person=str(user.get("id") or ""),
        sender_name=shown(" ".join(name for name in names if name)),
        automatic="sent by a bot" if user.get("is_bot") else "",
    )


def _to_us(raw: Json, text: str, bot: str) -> bool:
    if re.search(rf"@{re.escape(bot)}\b", text, re.IGNORECASE):
        return True
    answered = Shape.obj(Shape.obj(raw, "reply_to_message"), "from")
    return Shape.text(answered, "username").lower() == bot.lower()


def _replied(raw: Json, address: Address) -> tuple[str, ...]:
    answered = Shape.obj(raw, "reply_to_message")
    return (f"{address.value}:{answered['message_id']}",) if "message_id" in answered else ()


def _attachments(raw: Json) -> tuple[Attachment, ...]:
    sizes = Shape.items(raw, "photo")
    if sizes:
        return (_file(max(sizes, key=_pixels), "photo.jpg", "image/jpeg"),)
    for field, (name, media_type) in _FILES.items():
        file = Shape.obj(raw, field)
        if file:
            return (_file(file, name, media_type),)
    return ()


def _pixels(size: Json) -> int:
    width, height = size_of(size.get("width")), size_of(size.get("height"))
    return (width or 0) * (height or 0)


def _file(file: Json, name: str, media_type: str) -> Attachment:
    given = Shape.text(file, "file_name")
    size = size_of(file.get("file_size"))
    if size is not None and size > LARGEST_FILE:
        given = f"pièce trop grande ({size // 10**6} Mo) {given or name}"
    kind = Shape.text(file, "mime_type") or media_type
    return Attachment(file_name(given, name), kind, size, Shape.text(file, "file_id"))


def _location(raw: Json) -> Location | None:
    place = Shape.obj(raw, "location") or Shape.obj(Shape.obj(raw, "venue"), "location")
    lat, lon = place.get("latitude"), place.get("longitude")
    if not isinstance(lat, (int, float)) or not isinstance(lon, (int, float)):
        return None
    if not (abs(lat) <= 90 and abs(lon) <= 180):  # so that NaN is none either
        return None
    accuracy = place.get("horizontal_accuracy")
    known = isinstance(accuracy, (int, float)) and 0 <= accuracy <= _WIDEST_M
    return Location(lat, lon, accuracy if known else None)


def _time(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**35:
        return None
    return datetime.fromtimestamp(seconds, UTC)
