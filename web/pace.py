"""Reads a request as long as it comes, and gives up on one that is held open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.types import Message, Receive

GRACE_S = 20.0
"""Seconds for which a body may stand still, all its pauses together."""
SLOWEST = 1000
"""Bytes for which one second more is given: a photo by the slowest telephone comes faster."""


class TooSlow(Exception):
    """The body has been waited for longer than what came of it allows."""


class Pace:
    """Stands before ``receive`` until a body has ended; only what is waited for it counts.

    As ``RequestReadTimeout body=20,MinRate=1000`` of Apache does: no fixed time would be right for a
    word and for three photos.
    """

    def __init__(self, receive: Receive, now: Callable[[], float] = time.monotonic) -> None:
        self._receive, self._now = receive, now
        self._left, self._ended = GRACE_S, False

    async def __call__(self) -> Message:
        """Give the next message.

        Raises:
            TooSlow: it did not come in time.
        """
        if self._ended:
            return await self._receive()
        begun = self._now()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError as late:
            raise TooSlow from late
        self._ended = not message.get("more_body", False)
        self._left += len(message.get("body", b"")) / SLOWEST - (self._now() - begun)
        if self._left <= 0 and not self._ended:
            raise TooSlow
        return message
