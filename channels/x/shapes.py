"""Read what X says, in the shapes of API version 2 and of the older webhooks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from router.errors import UnreadablePayload
from router.message import Attachment

Json = Mapping[str, Any]

DM, MENTION = "dm", "mention"
_ID = re.compile(r"[0-9]{1,19}")
_EPOCH_MS = 1288834974657
_ENVELOPES = {"data", "meta", "errors", "includes", "for_user_id"}
"""What an answer of the API or a webhook may consist of, beside lists of events."""
_MEDIA_TYPES = {"photo": "image/jpeg", "video": "video/mp4", "animated_gif": "video/mp4"}


@dataclass(frozen=True, slots=True)
class Item:
    """One event of X: a private message, a post that names us, or (kind empty) another thing."""

    kind: str
    id: str
    author: str
    text: str = ""
    name: str = ""
    handle: str = ""
    created_at: datetime | None = None
    answers: str = ""
    conversation: str = ""
    repost: bool = False
    media: tuple[Attachment, ...] = ()


def singles_of(data: object) -> Iterator[dict[str, Any]]:
    """Give each event of a payload as a payload of its own, which :func:`item_of` reads.

    Raises:
        UnreadablePayload: this is no list of events; a single one that is malformed passes.
    """
    if not isinstance(data, Mapping):
        raise UnreadablePayload("no JSON object")
    if "dm_event" in data or "post" in data:  # one event, as this module writes it
        yield dict(data)
        return
    bare = _kind_of(data)
    if bare:
        yield {name: data[name] for name in ("includes", "users") if name in data} | {bare: data}
        return
    if not any(name in _ENVELOPES or name.endswith(("_events", "_event")) for name in data):
        raise UnreadablePayload("this is nothing that X sends")
    for record in _listed(data.get("data")):
        kind = _kind_of(record) or "post"
        yield {kind: record, "includes": _narrowed(data.get("includes"), record)}
    for event in _listed(data.get("direct_message_events")):
        yield {"dm_event": event, "users": data.get("users")}
    for post in _listed(data.get("tweet_create_events")):
        yield {"post": post, "users": data.get("users")}


def _kind_of(record: object) -> str:
    """Tell a private message or a post that stands alone, in its older or newer shape."""
    if not isinstance(record, Mapping):
        return ""
    if "event_type" in record or "sender_id" in record or "message_create" in record:
        return "dm_event"
    if "author_id" in record or ("user" in record and "id_str" in record):
        return "post"
    return ""


def item_of(data: object) -> Item:
    """Read one event.

    Raises:
        UnreadablePayload: it has not the documented parts.
    """
    if not isinstance(data, Mapping):
        raise UnreadablePayload("no JSON object")
    if "dm_event" in data:
        event = _object(data, "dm_event")
        return _older_dm(event, data) if "message_create" in event else _dm(event, data)
    post = _object(data, "post")
    return _older_post(post) if "id_str" in post else _post(post, data)


def _dm(event: Json, data: Json) -> Item:
    kind = DM if _text(event, "event_type") in {"", "MessageCreate"} else ""
    author = _id(event, "sender_id")
    user = _user(data, author)
    return Item(
        kind,
        _id(event, "id"),
        author,
        html.unescape(_text(event, "text")),
        _text(user, "name"),
        _text(user, "username"),
        _time(event.get("created_at")),
        conversation=_text(event, "dm_conversation_id"),
        media=_media(event, data),
    )


def _older_dm(event: Json, data: Json) -> Item:
    created = _object(event, "message_create")
    author = _id(created, "sender_id")
    user = _object(_object(data, "users"), author)
    content = _object(created, "message_data")
    medium = _object(_object(content, "attachment"), "media")
    return Item(
        DM if _text(event, "type") in {"", "message_create"} else "",
        _id(event, "id"),
        author,
        html.unescape(_text(content, "text")),
        _text(user, "name"),
        _text(user, "screen_name"),
        _milliseconds(event.get("created_timestamp")),
        media=(_medium(medium, "media_url_https"),) if medium else (),
    )


def _post(post: Json, data: Json) -> Item:
    author = _id(post, "author_id")
    user = _user(data, author)
    related = {
        _text(record, "type"): _text(record, "id")
        for record in _records(post.get("referenced_tweets") or ())
    }
    text = html.unescape(_text(post, "text"))
    return Item(
        MENTION,
        _id(post, "id"),
        author,
        text,
        _text(user, "name"),
        _text(user, "username"),
        _time(post.get("created_at")),
        related.get("replied_to", ""),
        _text(post, "conversation_id"),
        "retweeted" in related or text.startswith("RT @"),
        _media(post, data),
    )


def _older_post(post: Json) -> Item:
    user = _object(post, "user")
    text = html.unescape(_text(_object(post, "extended_tweet"), "full_text") or _text(post, "text"))
    return Item(
        MENTION,
        _id(post, "id_str"),
        _id(user, "id_str"),
        text,
        _text(user, "name"),
        _text(user, "screen_name"),
        answers=_text(post, "in_reply_to_status_id_str"),
        repost="retweeted_status" in post or text.startswith("RT @"),
    )


# --- parts ---------------------------------------------------------------------------------------


def _object(data: Json, name: str) -> Json:
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UnreadablePayload(f"« {name} » of X is no object")
    return value


def _records(value: object) -> Sequence[Json]:
    items = [value] if isinstance(value, Mapping) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(i, Mapping) for i in items):
        raise UnreadablePayload("a list of X is none")
    return items


def _text(data: Json, name: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadablePayload(f"« {name} » of X is no text")
    return value


def _id(data: Json, name: str) -> str:
    value = _text(data, name)
    if not is_id(value):
        raise UnreadablePayload(f"« {name} » of X is no id")
    return value


def is_id(value: object) -> bool:
    """Whether this is an id of X: digits of a 64-bit number, as text."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def part_of(data: Json, name: str) -> Json:
    """Give an object that an answer holds; an empty one where it holds none."""
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _user(data: Json, author: str) -> Json:
    users = _records(_object(data, "includes").get("users") or ())
    return next((user for user in users if user.get("id") == author), {})


def _listed(value: object) -> Sequence[object]:
    """Give what a payload lists, whatever it is; a single thing counts as a list of one."""
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _narrowed(includes: object, record: object) -> object:
    """Keep of a page's included objects those that one record names."""
    if not isinstance(includes, Mapping) or not isinstance(record, Mapping):
        return includes
    people = [record.get("author_id"), record.get("sender_id")]
    keys = _keys(record)
    return {
        "users": [u for u in _listed(includes.get("users")) if _field(u, "id") in people],
        "media": [m for m in _listed(includes.get("media")) if _field(m, "media_key") in keys],
    }


def _field(thing: object, name: str) -> object:
    return thing.get(name) if isinstance(thing, Mapping) else None


def _keys(record: Json) -> list[object]:
    keys = part_of(record, "attachments").get("media_keys")
    return keys if isinstance(keys, list) else []


def _media(record: Json, data: Json) -> tuple[Attachment, ...]:
    keys = _keys(record)
    media = _records(_object(data, "includes").get("media") or ())
    return tuple(_medium(medium, "url") for medium in media if medium.get("media_key") in keys)


def _medium(medium: Json, url: str) -> Attachment:
    media_type = _MEDIA_TYPES.get(_text(medium, "type") or "photo", "application/octet-stream")
    name = "photo.jpg" if media_type == "image/jpeg" else "video.mp4"
    return Attachment(name, media_type, None, _text(medium, url))


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _milliseconds(text: object) -> datetime | None:
    digits = str(text)
    known = digits.isascii() and digits.isdigit() and len(digits) < 15
    return datetime.fromtimestamp(int(digits) / 1000, UTC) if known else None


def first_id(moment: datetime) -> str:
    """Give the lowest id of a moment: ids hold milliseconds, then 22 other bits (a snowflake)."""
    milliseconds = int(moment.timestamp() * 1000) - _EPOCH_MS
    return str(max(0, milliseconds) << 22)
