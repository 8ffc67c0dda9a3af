"""Counts the lives of an installation's data: a restore from a backup begins a new one."""

from __future__ import annotations

from app.running.held_row import Holds, held_row
from router.ports import Clock
from router.work import CursorWrite
from storage.backup import INCARNATION


async def incarnation(store: Holds, clock: Clock) -> int:
    """Give the number of this life: the second of 1970 in which it began, which is now for a copy.

    Raises:
        StoreUnavailable: it cannot be read or kept.
    """
    async with held_row(store, clock, INCARNATION) as row:
        if row.cursor.isdecimal():
            return int(row.cursor)
        return await _begin(store, clock, row.poller, row.token, 0)


async def begin_anew(store: Holds, clock: Clock) -> int:
    """Begin a new life, later than the one before: the data were restored by another way than ours."""
    async with held_row(store, clock, INCARNATION) as row:
        known = int(row.cursor) if row.cursor.isdecimal() else 0
        return await _begin(store, clock, row.poller, row.token, known)


async def _begin(store: Holds, clock: Clock, poller: str, token: str, known: int) -> int:
    begun = max(int(clock.now().timestamp()), known + 1)
    await store.accept((), CursorWrite(poller, str(begun), token))
    return begun
