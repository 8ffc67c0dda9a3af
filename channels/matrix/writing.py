"""Write Matrix events: what the counter sends, and what a person would have sent."""

from __future__ import annotations

import hashlib
from typing import Any

from channels.matrix.answers import Json
from router.message import Location
from router.ports import OutboundPart
from router.stated import Stated


def content_of(part: OutboundPart) -> Json:
    """Write a piece of text; the first hangs under the last message that it answers.

    What no person wrote is a notice, to which no robot may reply (Matrix, m.notice).
    """
    delivery = part.delivery
    content: dict[str, Any] = {"msgtype": "m.notice" if delivery.automatic else "m.text"}
    content["body"] = part.text
    answered = delivery.refs[-1] if delivery.refs else ""
    if not part.index and answered.startswith("$"):
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": answered}}
    return content


def message_of(stated: Stated) -> Json:
    """Make the event that a homeserver would tell of for such a private message."""
    sender, text, files = stated.sender, stated.text, stated.attachments
    content: dict[str, Any] = {"msgtype": "m.text", "body": text}
    if files:
        content = {"msgtype": "m.file", "filename": files[0], "body": text or files[0]}
        content["url"] = "mxc://essai.example/essai"
    elif stated.location:
        content = {"msgtype": "m.location", "body": text, "geo_uri": _geo(stated.location)}
        content["m.location"] = {"description": text}
    return {
        "event_id": f"${_short(stated.message_id or stated.seed)}",
        "room_id": f"!{_short(sender)}",
        "type": "m.room.message",
        "sender": sender if sender.startswith("@") else f"@{sender}:essai.example",
        "origin_server_ts": int(stated.at.timestamp() * 1000),
        "content": content,
    }


def _geo(location: Location) -> str:
    unsure = f";u={location.accuracy_m:.1f}" if location.accuracy_m is not None else ""
    return f"geo:{location.lat:.7f},{location.lon:.7f}{unsure}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:43]
