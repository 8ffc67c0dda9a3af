"""Shape what Telegram says: chats, messages, files and refusals of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

DEFAULT_UPDATES = frozenset(
    {"message", "edited_message", "callback_query", "my_chat_member", "channel_post"}
)
"""What a bot is sent when it names nothing."""


def ok(result: object) -> JSONResponse:
    """Answer as the Bot API does when all went well."""
    return JSONResponse({"ok": True, "result": result})


def error(status: int, description: str, **parameters: int) -> JSONResponse:
    """Refuse as the Bot API does."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return JSONResponse(body, status)


def utf16(text: str) -> int:
    """Count UTF-16 units, the only length that Telegram knows."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities(text: str) -> list[dict[str, Any]]:
    """Mark the commands and mentions of a text."""
    return [
        {
            "type": "bot_command" if found[0].startswith("/") else "mention",
            "offset": utf16(text[: found.start()]),
            "length": utf16(found[0]),
        }
        for found in re.finditer(r"(?<!\S)/[a-z_]+|@\w{5,}", text)
    ]


def person(user_id: int, name: str, username: str | None, language: str) -> dict[str, Any]:
    """Describe a user."""
    first, _, last = name.partition(" ")
    user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": first}
    if last:
        user["last_name"] = last
    if username:
        user["username"] = username
    return user | {"language_code": language}


def chat(chat_id: int, user: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Describe a chat: negative ids are groups."""
    if chat_id < 0:
        return {"id": chat_id, "type": "supergroup" if chat_id < -(10**12) else "group"} | {
            "title": title
        }
    shown = ("first_name", "last_name", "username")
    return {"id": chat_id, "type": "private"} | {k: user[k] for k in shown if k in user}


def photo_sizes(file: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the sizes of a photo, smallest first, as thumbnails and original."""
    small = {**file, "width": 90, "height": 67}
    return [small, {**file, "width": 1280, "height": 960}]


def buttons(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """List the inline buttons of a message as (text, data)."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return tuple((key["text"], key.get("callback_data", "")) for row in rows for key in row)


def written(text: str, field: str) -> dict[str, Any]:
    """Give a text as a field of a message (``text`` or ``caption``), with its marks."""
    marks, name = entities(text), "entities" if field == "text" else "caption_entities"
    return {field: text} | ({name: marks} if marks else {})
