"""Ends a connection of aioimaplib whose server speaks nonsense, before the library dies of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aioimaplib.aioimaplib import IMAP4ClientProtocol

LONGEST_LINE = 1_000_000
"""Bytes of one line; a server that sends more without its end would fill the memory."""


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
        try:
            self._hear(data)
        except Exception as error:  # answers of other tags, lines without number, 975 lines at once
            self._end(f"spoke oddly ({type(error).__name__})")
            return
        command = self._protocol.current_command
        if len(self._protocol.incomplete_line) > LONGEST_LINE:
            self._end("sends a line without end")
        elif command is not None and command._expected_size > self._largest:
            self._end("sends more than was asked for")

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
