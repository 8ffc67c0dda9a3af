"""Holds a row of the store for one process at a time: what it reads there nobody else changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from router.errors import StoreUnavailable
from router.ports import Clock
from router.store import Intake, Leases
from router.work import Lease

_LEASE_S = 60.0
_PATIENCE_S = 10.0
_PAUSE_S = 0.1


class Holds(Leases, Intake, Protocol):
    """A store that leases a row to one process and lets only the holder write it."""


@asynccontextmanager
async def held_row(store: Holds, clock: Clock, name: str) -> AsyncIterator[Lease]:
    """Hold the row of this name.

    Raises:
        StoreUnavailable: another process holds it and does not come to an end.
    """
    end = clock.monotonic() + _PATIENCE_S
    while (lease := await store.take(name, _LEASE_S, clock.now())) is None:
        if clock.monotonic() > end:
            raise StoreUnavailable(f"another process holds « {name} »")
        await asyncio.sleep(_PAUSE_S)
    try:
        yield lease
    finally:
        await store.give_back(lease)
