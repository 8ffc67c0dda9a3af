"""Write the event by which X would tell of a made-up message."""

from __future__ import annotations

import hashlib
from typing import Any

from channels.x.shapes import MENTION
from router.stated import Stated


def event_of(stated: Stated) -> dict[str, Any]:
    """Make a private message, or with ``mention`` a post, in the shapes of API version 2."""
    handle = stated.sender.removeprefix("@")
    seed = stated.message_id or stated.seed
    author, number = _number_of(handle), _number_of(seed)
    keys = [f"3_{place}" for place, _ in enumerate(stated.attachments)]
    record: dict[str, Any] = {
        "id": number,
        "text": stated.text,
        "created_at": stated.at.isoformat(),
    }
    record |= {"attachments": {"media_keys": keys}} if keys else {}
    known = "" if handle.isdigit() else handle  # an id says nothing of the name
    user = {"id": author, "name": stated.name, "username": known}
    media = [{"media_key": key, "type": "photo", "url": ""} for key in keys]
    includes = {"users": [user], "media": media}
    if stated.kind == MENTION:
        single = {"post": record | {"author_id": author}, "includes": includes}
    else:
        event = {"event_type": "MessageCreate", "sender_id": author}
        single = {"dm_event": record | event, "includes": includes}
    return single


def _number_of(name: str) -> str:
    """Give an id for a made-up name; an id stays what it is."""
    if name.isascii() and name.isdigit() and len(name) < 20:
        return name
    return str(int.from_bytes(hashlib.sha256(name.lower().encode()).digest()[:6], "big"))
