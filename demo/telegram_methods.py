"""Answer the methods of the Bot API that a counter calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from demo.telegram_book import ChatBook
from demo.telegram_shapes import error, ok, utf16, written
from demo.telegram_updates import Updates

LONGEST_TEXT = 4096
LARGEST_FILE = 20 * 1024 * 1024
Asked = Mapping[str, Any]


class BotMethods:
    """The methods, over what Telegram holds and the updates that wait."""

    def __init__(self, book: ChatBook, updates: Updates) -> None:
        self._book, self._ledger, self._updates = book, book.ledger, updates

    async def answer(self, method: str, asked: Asked) -> Response:
        """Do what the bot asks, the method in lower case."""
        if method == "getupdates":
            return await self._updates.poll(asked)
        methods: dict[str, Callable[[Asked], Response]] = {
            "getme": lambda _: ok(self._book.me()),
            "sendmessage": self._send_message,
            "sendchataction": self._send_chat_action,
            "editmessagetext": self._edit_message,
            "editmessagereplymarkup": self._edit_message,
            "answercallbackquery": self._answer_callback_query,
            "getfile": self._get_file,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._set_webhook,
            "getwebhookinfo": self._webhook_info,
            "setmycommands": lambda _: ok(True),
        }
        return methods[method](asked) if method in methods else error(404, "Not Found")

    def _send_message(self, asked: Asked) -> Response:
        refusal = self._refusal(asked) or self._text_refusal(asked)
        if refusal:
            return refusal
        chat_id, content = int(asked["chat_id"]), dict(written(str(asked["text"]), "text"))
        reply = json.loads(asked.get("reply_parameters", "{}"))
        if reply:
            quoted = self._book.quoted(chat_id, int(reply["message_id"]))
            if not quoted and not reply.get("allow_sending_without_reply"):
                return error(400, "Bad Request: message to be replied not found")
            content |= {"reply_to_message": quoted} if quoted else {}
        if "reply_markup" in asked:
            content["reply_markup"] = json.loads(asked["reply_markup"])
        message = self._book.record(chat_id, self._book.me(), content)
        self._ledger.changed()
        return ok(message)

    def _refusal(self, asked: Asked) -> Response | None:
        known = self._ledger.data["chats"].get(str(asked.get("chat_id", "")))
        if known is None:
            return error(400, "Bad Request: chat not found")
        if known["moved_to"]:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            return error(400, description, migrate_to_chat_id=known["moved_to"])
        if known["blocked"]:
            return error(403, "Forbidden: bot was blocked by the user")
        return None

    def _text_refusal(self, asked: Asked) -> Response | None:
        text = str(asked.get("text", ""))
        if not text.strip():
            return error(400, "Bad Request: message text is empty")
        if utf16(text) > LONGEST_TEXT:
            return error(400, "Bad Request: message is too long")
        return None

    def _send_chat_action(self, asked: Asked) -> Response:
        refusal = self._refusal(asked)
        if refusal:
            return refusal
        self._ledger.data["actions"].append([int(asked["chat_id"]), asked["action"]])
        return ok(True)

    def _edit_message(self, asked: Asked) -> Response:
        message = self._book.message(int(asked["chat_id"]), int(asked["message_id"]))
        if not message:
            return error(400, "Bad Request: message to edit not found")
        if "text" in asked:
            message |= written(str(asked["text"]), "text")
        message.pop("reply_markup", None)
        if "reply_markup" in asked:
            message["reply_markup"] = json.loads(asked["reply_markup"])
        message["edit_date"] = self._book.now()
        self._ledger.changed()
        return ok(message)

    def _answer_callback_query(self, asked: Asked) -> Response:
        self._ledger.data["answers"][asked["callback_query_id"]] = asked.get("text", "")
        self._ledger.changed()
        return ok(True)

    def _set_webhook(self, asked: Asked) -> Response:
        self._updates.set_webhook(asked)
        return ok(True)

    def _webhook_info(self, _: Asked) -> Response:
        info = {"url": self._ledger.data["webhook"]["url"], "has_custom_certificate": False}
        return ok(info | {"pending_update_count": len(self._updates.waiting)})

    def _get_file(self, asked: Asked) -> Response:
        file = self._ledger.data["files"].get(asked.get("file_id"))
        if file is None:
            return error(400, "Bad Request: invalid file_id")
        if file["file_size"] > LARGEST_FILE:
            return error(400, "Bad Request: file is too big")
        return ok(file)
