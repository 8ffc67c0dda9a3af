"""Stand in for Telegram: the Bot API of one bot and the phones of those who write to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.trusted import trusted
from demo.clock import WallClock
from demo.faults import Fault, FaultKind, Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer, cut
from demo.telegram_book import ChatBook
from demo.telegram_methods import BotMethods
from demo.telegram_shapes import buttons, error, person, photo_sizes, written
from demo.telegram_updates import Updates
from router.ports import Clock

TOKEN = "7000000001:AA-jeton-de-demonstration-0123456789"


@dataclass(frozen=True, slots=True)
class TelegramMessage:
    """A message of the bot as it shows in a chat."""

    message_id: int
    text: str
    reply_to: int | None
    buttons: tuple[tuple[str, str], ...]
    """Text and data of each inline button."""


class TelegramSimulator:
    """One bot and its chats, as a server on loopback.

    Faults: ``send`` (429, 403, 5xx, hang, cut-after-accept), ``poll`` (429, 5xx, hang, cut),
    ``file`` (5xx, hang), ``deliver`` (redeliver what was confirmed last, reorder).
    """

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "GuichetNantesBot",
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.token, self.username = token, username
        self.faults = Faults()
        empty = {"next_update": 700000001, "next_message": 1, "updates": [], "allowed_updates": []}
        empty |= {"chats": {}, "messages": [], "files": {}, "answers": {}, "actions": []}
        self._ledger = Ledger("telegram", state_dir, empty | {"webhook": {"url": "", "secret": ""}})
        self._updates = Updates(self._ledger, self.faults)
        self.book = ChatBook(self._ledger, clock or WallClock(), token, username)
        self._methods = BotMethods(self.book, self._updates)
        self._http = LoopbackServer(
            [
                Route("/file/bot{token}/{path:path}", self._download),
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
            ],
            port,
        )

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What stands for https://api.telegram.org/bot."""
        return f"{self._http.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What stands for https://api.telegram.org/file/bot."""
        return f"{self._http.url}/file/bot"

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        self._updates.closing = False
        self._client = httpx.AsyncClient(timeout=15.0, verify=trusted())
        await self._http.start()
        self._http.spawn(self._updates.push_forever(self._client))

    async def stop(self) -> None:
        self._updates.closing = True
        self._ledger.wake()
        await self._http.stop()
        await self._client.aclose()

    async def __aenter__(self) -> TelegramSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- citizens --------------------------------------------------------------------------------

    async def citizen_sends(
        self,
        chat_id: int,
        text: str | None = None,
        *,
        name: str = "Citoyenne",
        username: str | None = None,
        language: str = "fr",
        user_id: int | None = None,
        title: str = "Voisins",
        location: tuple[float, float] | None = None,
        accuracy: float | None = None,
        photo: bytes | None = None,
        voice: bytes | None = None,
        contact: tuple[str, int] | None = None,
        album: str | None = None,
        reply_to: int | None = None,
    ) -> int:
        """Write to the bot; the text of a photo or voice becomes its caption. Give the message id.

        A negative chat is a group (of that title), in which `user_id` says who writes. A location
        is (latitude, longitude), a contact (telephone, user id).
        """
        sender = person(user_id or abs(chat_id), name, username, language)
        content: dict[str, Any] = {}
        if photo is not None:
            content["photo"] = photo_sizes(self.book.keep_file(photo, "photos", "jpg"))
        if voice is not None:
            content["voice"] = {**self.book.keep_file(voice, "voice", "oga"), "duration": 4}
        if location is not None:
            content["location"] = {"latitude": location[0], "longitude": location[1]}
            if accuracy is not None:
                content["location"]["horizontal_accuracy"] = accuracy
        if contact is not None:
            content["contact"] = {"phone_number": contact[0], "user_id": contact[1]}
            content["contact"]["first_name"] = name
        if album is not None:
            content["media_group_id"] = album
        if text is not None:
            content |= written(text, "caption" if photo or voice else "text")
        if reply_to is not None:
            content["reply_to_message"] = self.book.quoted(chat_id, reply_to)
        self.book.open_chat(chat_id, name, username=username, language=language, title=title)
        message = self.book.record(chat_id, sender, content)
        self._updates.add("message", message)
        return int(message["message_id"])

    async def edit(self, chat_id: int, message_id: int, text: str) -> None:
        """Change the text of a message written before."""
        message = self.book.message(chat_id, message_id)
        message |= written(text, "text" if "text" in message else "caption")
        message["edit_date"] = self.book.now()
        self._updates.add("edited_message", message)

    async def press(self, chat_id: int, message_id: int, data: str) -> str:
        """Press an inline button of the bot's message; give the id of the query."""
        query = {"id": secrets.token_hex(8), "chat_instance": str(chat_id), "data": data}
        query_from = self._ledger.data["chats"][str(chat_id)]["user"]
        message = self.book.message(chat_id, message_id)
        self._updates.add("callback_query", query | {"from": query_from, "message": message})
        return query["id"]

    async def block(self, chat_id: int, *, blocked: bool = True) -> None:
        """Block the bot, or let it write again."""
        known = self._ledger.data["chats"][str(chat_id)]
        known["blocked"] = blocked
        statuses = ("member", "kicked") if blocked else ("kicked", "member")
        bot = self.book.me()
        change: dict[str, Any] = {
            "chat": known["chat"],
            "from": known["user"],
            "date": self.book.now(),
        }
        for when, status in zip(("old", "new"), statuses, strict=True):
            member: dict[str, Any] = {"user": bot, "status": status}
            change[f"{when}_chat_member"] = member | (
                {"until_date": 0} if status == "kicked" else {}
            )
        self._updates.add("my_chat_member", change)

    def migrate(self, chat_id: int, new_id: int) -> None:
        """Make a group a supergroup: its old id answers no more, but names the new one."""
        self._ledger.data["chats"][str(chat_id)]["moved_to"] = new_id
        self.book.open_chat(new_id)
        self._ledger.changed()

    def received(self, chat_id: int) -> list[TelegramMessage]:
        """List what the bot wrote in this chat, oldest first."""
        return [
            TelegramMessage(
                message["message_id"],
                message["text"],
                message.get("reply_to_message", {}).get("message_id"),
                buttons(message),
            )
            for message in self._ledger.data["messages"]
            if message["chat"]["id"] == chat_id and message["from"]["is_bot"]
        ]

    def sent_by(self, chat_id: int) -> list[str]:
        """List what was written in this chat, so that a script can resume where it was killed."""
        return [
            message.get("text", message.get("caption", ""))
            for message in self._ledger.data["messages"]
            if message["chat"]["id"] == chat_id and not message["from"]["is_bot"]
        ]

    def messages(self) -> list[dict[str, Any]]:
        """List all messages of all chats as Telegram keeps them, oldest first."""
        return list(self._ledger.data["messages"])

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(
        self, chat_id: int, count: int = 1, seconds: float = 10.0
    ) -> list[TelegramMessage]:
        """Wait until the bot has written so many messages in this chat."""
        await self._ledger.until(lambda: len(self.received(chat_id)) >= count, seconds)
        return self.received(chat_id)

    def answered(self, query_id: str) -> str | None:
        """Give the text with which the bot answered a pressed button; None: not answered."""
        answers: dict[str, str] = self._ledger.data["answers"]
        return answers.get(query_id)

    # --- the Bot API -----------------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return error(401, "Unauthorized")
        asked: dict[str, Any] = dict(request.query_params)
        if request.headers.get("content-type", "").startswith("application/json"):
            asked |= await request.json()
        else:
            asked |= await request.form()
        method = request.path_params["method"].lower()
        operation = {"sendmessage": "send", "getupdates": "poll", "getfile": "file"}.get(method)
        fault = self.faults.take(operation) if operation else None
        if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
            return await self._fail(fault)
        answer = await self._methods.answer(method, asked)
        return await cut(request) if fault else answer

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._http.hang()
        if fault.kind is FaultKind.TOO_MANY:
            description = f"Too Many Requests: retry after {fault.retry_after}"
            return error(429, description, retry_after=fault.retry_after)
        if fault.kind is FaultKind.FORBIDDEN:
            return error(403, "Forbidden: bot was blocked by the user")
        return error(502, "Bad Gateway")

    async def _download(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return error(401, "Unauthorized")
        for file in self._ledger.data["files"].values():
            if file["file_path"] == request.path_params["path"]:
                content = self._ledger.file(file["file_unique_id"])
                return Response(content, media_type="application/octet-stream")
        return error(404, "Not Found")
