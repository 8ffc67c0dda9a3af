"""Keeps in the store whom an account of X has told in public how else to reach us, across restarts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field

from app.running.held_row import Holds, held_row
from router.ports import Clock
from router.work import CursorWrite

_MOST = 5_000
"""People remembered; who was told before so many others may hear it once more."""


@dataclass(frozen=True, slots=True)
class StoredTold:
    """The people of one account, each as a hash; a lease that a process has is not refused to it."""

    store: Holds
    clock: Clock
    account: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False)

    async def knows(self, person: str) -> bool:
        """Say whether a person was told.

        Raises:
            StoreUnavailable: it cannot be read now.
        """
        async with self._turn, held_row(self.store, self.clock, self._name) as row:
            return _mark(person) in _read(row.cursor)

    async def remember(self, person: str) -> None:
        """Keep that a person was told.

        Raises:
            StoreUnavailable: it was not kept.
        """
        async with self._turn, held_row(self.store, self.clock, self._name) as row:
            marks = [one for one in _read(row.cursor) if one != _mark(person)]
            cursor = json.dumps([*marks, _mark(person)][-_MOST:])
            await self.store.accept((), CursorWrite(row.poller, cursor, row.token))

    @property
    def _name(self) -> str:
        return f"told|x|{self.account}"


def _mark(person: str) -> str:
    return hashlib.sha256(person.encode()).hexdigest()[:16]


def _read(cursor: str) -> list[str]:
    try:
        kept = json.loads(cursor or "[]")
    except ValueError:
        return []
    return [str(one) for one in kept] if isinstance(kept, list) else []
