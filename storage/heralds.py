"""Tells the other processes on a PostgreSQL which roles got work, and hears it from them.

A message may be lost: beside every wake-up there is a slow poll. So a herald never fails anybody,
never delays a transaction, and comes back by itself when its connection was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

CHANNEL = "guichet_work"
HERALD = "guichet herald"
"""How its connection is called in pg_stat_activity."""
_GATHER_S = 0.05
"""Seconds between two messages at least: what happens in between is told in one."""
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LONGEST_MESSAGE = 7_900
"""Bytes: PostgreSQL takes less than 8,000."""
_NOTIFY = "SELECT pg_notify($1, $2)"


class Herald:
    """One connection of its own, which listens and tells."""

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], cell: str, heard: Callable[[str], None]
    ) -> None:
        """Connect by ``connect``, which gives an asyncpg connection; ``heard`` gets each role."""
        self._connect = connect
        self._cell = cell
        self._heard = heard
        self._me = secrets.token_hex(8)
        self._news: set[str] = set()
        self._something = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def open(self) -> None:
        # a task of its own, like the committer: it lives as long as the store; close() ends it
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    def tell(self, role: str) -> None:
        """Have the other processes told soon that a role got work."""
        self._news.add(role)
        self._something.set()

    async def _run(self) -> None:
        wait = _FIRST_WAIT_S
        while True:
            connection = None
            try:
                connection = await self._connect()
                await connection.add_listener(CHANNEL, self._hear)
                wait = _FIRST_WAIT_S
                await self._tell_while_connected(connection)
            except Exception:  # whatever the trouble is, the slow poll does without us
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
            finally:
                if connection is not None:
                    with contextlib.suppress(Exception):
                        await connection.close(timeout=1)

    async def _tell_while_connected(self, connection: Any) -> None:
        connection.add_termination_listener(lambda _: self._something.set())
        while True:
            await self._something.wait()
            self._something.clear()
            if connection.is_closed():
                raise ConnectionError("the connection of the herald was lost")
            for message in self._messages():
                await connection.execute(_NOTIFY, CHANNEL, message)
            await asyncio.sleep(_GATHER_S)

    def _messages(self) -> list[str]:
        """Say all news in as few messages as they fit in."""
        roles, self._news = sorted(self._news), set()
        message = json.dumps([self._cell, self._me, *roles])
        if len(message) <= _LONGEST_MESSAGE:
            return [message] if roles else []
        return [
            each
            for role in roles
            if len(each := json.dumps([self._cell, self._me, role])) <= _LONGEST_MESSAGE
        ]

    def _hear(self, _connection: object, _pid: int, _channel: str, message: str) -> None:
        try:
            cell, sender, *roles = json.loads(message)
        except (ValueError, TypeError):  # somebody else uses the same channel
            return
        if cell == self._cell and sender != self._me:
            for role in roles:
                self._heard(str(role))
