"""Write the update by which Telegram would tell of a made-up message."""

from __future__ import annotations

import hashlib
from typing import Any

from router.stated import Stated


def update_of(stated: Stated) -> dict[str, Any]:
    """Make the update that Telegram would send for such a private message."""
    chat = _number_of(stated.sender)
    number = _number_of(stated.message_id or stated.seed)
    handle = stated.sender.removeprefix("@") if stated.sender.startswith("@") else ""
    user: dict[str, Any] = {"id": chat, "is_bot": False, "first_name": stated.name}
    user |= {"username": handle} if handle else {}
    message: dict[str, Any] = {
        "message_id": number,
        "date": int(stated.at.timestamp()),
        "chat": {"id": chat, "type": "private"},
        "from": user,
    }
    files = stated.attachments
    if files:
        message["document"] = {"file_id": files[0], "file_name": files[0]}
    if stated.location:
        message["location"] = {
            "latitude": stated.location.lat,
            "longitude": stated.location.lon,
        }
    message["caption" if files else "text"] = stated.text
    return {"update_id": number, "message": message}


def _number_of(name: str) -> int:
    """Give a chat number for a made-up sender; a number stays what it is."""
    if name.removeprefix("-").isascii() and name.removeprefix("-").isdigit():
        return int(name)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")
