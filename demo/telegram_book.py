"""Keep the chats, messages and files of a simulated Telegram bot."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from demo.ledger import Ledger
from demo.telegram_shapes import chat, person
from router.ports import Clock


class ChatBook:
    """What Telegram holds of one bot."""

    def __init__(self, ledger: Ledger, clock: Clock, token: str, username: str) -> None:
        self.ledger = ledger
        self._clock, self._token, self._username = clock, token, username

    def open_chat(
        self,
        chat_id: int,
        name: str = "Citoyenne",
        *,
        username: str | None = None,
        language: str = "fr",
        title: str = "Voisins",
    ) -> None:
        """Let the bot know this chat; a bot cannot write to a person who never wrote to it."""
        user = person(abs(chat_id), name, username, language)
        known = {
            "chat": chat(chat_id, user, title),
            "user": user,
            "blocked": False,
            "moved_to": None,
        }
        self.ledger.data["chats"].setdefault(str(chat_id), known)

    def me(self) -> dict[str, Any]:
        """Describe the bot."""
        me = {"id": int(self._token.partition(":")[0]), "is_bot": True, "first_name": "Guichet"}
        me |= {"username": self._username, "can_join_groups": True}
        return me | {"can_read_all_group_messages": False, "supports_inline_queries": False}

    def now(self) -> int:
        """Tell the time as Telegram does, in seconds."""
        return int(self._clock.now().timestamp())

    def record(
        self, chat_id: int, sender: Mapping[str, Any], content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Keep a new message."""
        data = self.ledger.data
        message = {"message_id": data["next_message"], "from": sender, "date": self.now()}
        message |= {"chat": data["chats"][str(chat_id)]["chat"], **content}
        data["next_message"] += 1
        data["messages"].append(message)
        return message

    def message(self, chat_id: int, message_id: int) -> dict[str, Any]:
        """Find a message; empty when there is none."""
        for message in self.ledger.data["messages"]:
            if (message["chat"]["id"], message["message_id"]) == (chat_id, message_id):
                found: dict[str, Any] = message
                return found
        return {}

    def quoted(self, chat_id: int, message_id: int) -> dict[str, Any]:
        """Give a message as another quotes it; empty when there is none."""
        # a quoted message never quotes in its turn
        message = self.message(chat_id, message_id)
        return {name: value for name, value in message.items() if name != "reply_to_message"}

    def keep_file(self, content: bytes, folder: str, ending: str) -> dict[str, Any]:
        """Keep a file and give it as a message names it."""
        unique = secrets.token_hex(8)
        file = {"file_id": f"AgACAgQ{unique}", "file_unique_id": unique, "file_size": len(content)}
        self.ledger.keep_file(unique, content)
        path = f"{folder}/file_{unique}.{ending}"
        self.ledger.data["files"][file["file_id"]] = file | {"file_path": path}
        return file
