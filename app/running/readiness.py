"""Asks whether the store takes a write now: whoever balances the load sends nobody here otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from router.errors import StoreUnavailable
from router.ports import Clock
from router.work import Lease

_ROW = "ready"
_PATIENCE_S = 1.0
_ASKED_AGAIN_S = 1.0
"""Each question is a write: however often it is put, the store is asked once a second."""
_LEASE_S = 0.001


class Takes(Protocol):
    async def take(self, poller: str, lease_s: float, now: datetime) -> Lease | None: ...


@dataclass(slots=True)
class Readiness:
    """Remembers for a second what the store answered."""

    store: Takes
    clock: Clock
    _answer: bool = False
    _asked_at: float | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self) -> bool:
        """Tell whether the store takes a write within a second."""
        async with self._asking:
            now = self.clock.monotonic()
            if self._asked_at is None or now - self._asked_at >= _ASKED_AGAIN_S:
                self._answer = await self._ask()
                self._asked_at = self.clock.monotonic()
            return self._answer

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.store.take(_ROW, _LEASE_S, self.clock.now())
        except (StoreUnavailable, TimeoutError):
            return False
        return True
