"""Asks Telegram for updates, and lets the buttons that were pressed stop waiting."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from telegram.error import TelegramError

from channels.telegram.bot import BotLine
from channels.telegram.http import asked
from channels.telegram.reading import Press

STALE_AFTER = timedelta(days=6)
"""After a quiet week the next update has a random number: an old offset could hide it."""
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


class Feed:
    """What one bot is told."""

    def __init__(self, line: BotLine, poll_s: int) -> None:
        self._line, self._poll_s = line, poll_s
        self._pressed: deque[Press] = deque(maxlen=1000)
        self._press = asyncio.Event()

    async def new(self, cursor: str, now: datetime) -> list[Any]:
        """Ask for the updates after a cursor.

        Raises:
            ConnectionError: Telegram cannot be reached, or somebody else polls this bot.
        """
        offset = _offset(cursor, now)
        wanted = {"timeout": self._poll_s, "allowed_updates": UPDATES}
        wanted |= {} if offset is None else {"offset": offset}
        try:
            # Raw JSON, since one malformed update would make the library refuse all of them; and
            # lower case, which Telegram takes and the library does not warn about.
            return await asked(
                self._line.bot.do_api_request(
                    "getupdates", api_kwargs=wanted, read_timeout=self._poll_s + 5
                ),
                list,
            )
        except TelegramError as error:
            told = f"Telegram: {type(error).__name__}: {self._line.told(error)}"
            raise ConnectionError(told) from None

    def press(self, presses: Iterable[Press]) -> None:
        """Note buttons that a webhook told of."""
        self._pressed.extend(presses)
        if self._pressed:
            self._press.set()

    async def pressed(self) -> list[Press]:
        """Wait a while for buttons that a webhook tells of."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._press.wait()
        self._press.clear()
        pressed = list(self._pressed)
        self._pressed.clear()
        return pressed

    async def settle(self, presses: Iterable[Press]) -> None:
        """Let the buttons that were pressed stop waiting, and go."""
        bot = self._line.bot
        for press in presses:
            # a press is answered for at most some minutes: what comes late is no failure
            with contextlib.suppress(TelegramError):
                await asked(bot.answer_callback_query(press.query), bool)
            with contextlib.suppress(TelegramError):
                if press.chat is not None:
                    gone = bot.edit_message_reply_markup(press.chat, press.message)
                    await asked(gone, object)


def after(updates: list[Any], cursor: str, at: datetime) -> str:
    """Give the cursor after some updates: what they leave where none has a number."""
    numbers = [u["update_id"] for u in updates if isinstance(u, dict) and _has_number(u)]
    return json.dumps({"offset": max(numbers) + 1, "at": at.isoformat()}) if numbers else cursor


def _offset(cursor: str, now: datetime) -> int | None:
    """Read the offset of a cursor; None at first, and when the cursor is stale."""
    if not cursor:
        return None
    known = json.loads(cursor)
    stale = now - datetime.fromisoformat(known["at"]) > STALE_AFTER
    return None if stale else int(known["offset"])


def _has_number(update: Mapping[str, Any]) -> bool:
    number = update.get("update_id")
    return isinstance(number, int) and not isinstance(number, bool)
