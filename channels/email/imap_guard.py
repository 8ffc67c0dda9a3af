"""Ends a connection of aioimaplib whose server speaks nonsense, before the library dies of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from aioimaplib.aioimaplib import IMAP4ClientProtocol

LONGEST_LINE = 1_000_000
"""Bytes of one line; a server that sends more without its end would fill the memory."""


_LINES_AT_ONCE = 200
_MOST_LINES = 500
"""Of one answer; ours ask for fifty messages at most, and each line costs as much as all before."""


class Guard:
    """Stands between a connection and the library, which lets its errors out into the event loop.

    ``largest`` is the most bytes that a literal may have; ``ended`` is told why, once.
    """

    def __init__(
        self, protocol: IMAP4ClientProtocol, largest: int, ended: Callable[[str], None]
    ) -> None:
        self._protocol = protocol
        self._largest = largest
        self._ended = ended
        self.greeted = asyncio.Event()
        """Set once the server has said who it is and what it can do."""
        self._greeting: asyncio.Future[None] | None = None
        self._hear, self._greet = protocol.data_received, protocol.welcome
        protocol.data_received = self._heard
        protocol.welcome = self._greeted

    def _heard(self, data: bytes) -> None:
        for piece in self._pieces(data):
            try:
                self._hear(piece)
            except Exception as error:  # answers of other tags, lines without a number
                self._end(f"spoke oddly ({type(error).__name__})")
                return
            if trouble := self._trouble():
                self._end(trouble)
                return

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Cut what came at once: the library goes one call deeper for every line."""
        command = self._protocol.current_command
        inside = command is not None and command.wait_literal_data()
        if inside and command._expected_size - len(command._resp_literal_data) >= len(data):
            yield data
            return
        start = 0
        while start < len(data):
            end = start
            for _ in range(_LINES_AT_ONCE):
                end = data.find(b"\n", end) + 1
                if not end:
                    end = len(data)
                    break
            yield data[start:end]
            start = end

    def _trouble(self) -> str:
        """Say what no sensible server sends, before it fills the memory or the time."""
        command = self._protocol.current_command
        if len(self._protocol.incomplete_line) > LONGEST_LINE:
            return "sends a line without end"
        if command is not None and command._expected_size > self._largest:
            return "sends more than was asked for"
        if command is not None and len(command._resp_lines) > _MOST_LINES:
            return "answers without end"
        return ""

    def _greeted(self, line: bytes) -> asyncio.Future[None]:
        """Take the first line for the greeting: the library would start a task for each of many."""
        if self._greeting is None:
            self._greeting = asyncio.ensure_future(self._first(line))
        return self._greeting

    async def _first(self, line: bytes) -> None:
        try:
            await self._greet(line)
            self.greeted.set()
        except Exception as error:  # in a task of the library that nobody looks at
            self._end(f"greets us oddly ({type(error).__name__})")

    def _end(self, why: str) -> None:
        self._ended(why)
        if self._protocol.transport is not None:
            self._protocol.transport.abort()
