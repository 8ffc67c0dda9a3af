"""Keeps what an account of X has cost today in the store, for every process and every restart."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from app.running.held_row import Holds, held_row
from router.ports import Clock
from router.work import CursorWrite


@dataclass(frozen=True, slots=True)
class StoredSpending:
    """The dollars of one account and day; a lease that a process has is not refused to it."""

    store: Holds
    clock: Clock
    account: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False)

    async def add(self, day: str, dollars: float) -> float:
        """Add to a day's sum and give it; a later day begins at nothing."""
        async with self._turn, held_row(self.store, self.clock, f"spent|x|{self.account}") as row:
            spent = self._read(row.cursor, day) + dollars
            if dollars:
                cursor = json.dumps({"day": day, "spent": round(spent, 4)})
                await self.store.accept((), CursorWrite(row.poller, cursor, row.token))
            return spent

    @staticmethod
    def _read(cursor: str, day: str) -> float:
        try:
            kept = json.loads(cursor or "{}")
            return float(kept["spent"]) if kept["day"] == day else 0.0
        except (ValueError, KeyError, TypeError):
            return 0.0
