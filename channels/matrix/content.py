"""Read what a Matrix message holds: its words, its files and its place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from channels.file_names import file_name, size_of
from channels.matrix.answers import Json
from router.errors import UnreadablePayload
from router.message import Attachment, Location

_FILES = {
    # msgtype → (name shown, type where the sender tells none)
    "m.image": ("photo.jpg", "image/jpeg"),
    "m.file": ("document", "application/octet-stream"),
    "m.audio": ("audio.ogg", "audio/ogg"),
    "m.video": ("video.mp4", "video/mp4"),
}
_VOICE = "org.matrix.msc3245.voice"
_PLACE = ("m.location", "org.matrix.msc3488.location")
_GEO = re.compile(r"geo:(-?[\d.]{1,20}),(-?[\d.]{1,20})(?:,-?[\d.]+)?((?:;[^;]+)*)")


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


def words_of(content: Json) -> str:
    """Give what was written; of a file only its caption, of a place only what was said of it."""
    kind, body = text_of(content, "msgtype"), text_of(content, "body")
    if kind == "m.location":
        told = (object_of(content, name) for name in _PLACE)
        return next((text for place in told if (text := text_of(place, "description"))), "")
    if kind in _FILES:
        return body if text_of(content, "filename") not in {"", body} else ""
    return body


def attachments_of(content: Json) -> tuple[Attachment, ...]:
    kind = text_of(content, "msgtype")
    if kind not in _FILES:
        return ()
    name, media_type = _FILES[kind]
    name = "message-vocal.ogg" if _VOICE in content else name
    given = text_of(content, "filename") or text_of(content, "body")
    given = "" if _VOICE in content else given
    info = object_of(content, "info")
    return (
        Attachment(
            file_name(given, name),
            text_of(info, "mimetype") or media_type,
            size_of(info.get("size")),
            text_of(content, "url"),
        ),
    )


def location_of(content: Json) -> Location | None:
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
