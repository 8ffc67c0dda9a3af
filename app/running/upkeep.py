"""Has the store and its photos tidied once a day, by one process of all; when it was last done lies in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.running.photo_sweep import sweep
from app.running.photos import PhotoFolder
from router.ports import Clock
from router.store import Store
from router.work import CursorWrite, Lease

NAME = "upkeep"
EVERY = timedelta(days=1)
_LEASE_S = 3600.0

log = structlog.get_logger("guichet")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Looks whether the day has passed since the last upkeep, and does it."""

    store: Store
    clock: Clock
    photos: PhotoFolder | None = None

    async def run_once(self) -> bool:
        """Do the upkeep if it is due; tells whether it was done here and now.

        Raises:
            StoreUnavailable: it was not finished and will be tried again.
        """
        now = self.clock.now()
        lease = await self.store.take(NAME, _LEASE_S, now)
        if lease is None:  # another process is at it
            return False
        try:
            return await self._when_due(lease, now)
        finally:
            await self.store.give_back(lease)

    async def _when_due(self, lease: Lease, now: datetime) -> bool:
        last = datetime.fromisoformat(lease.cursor) if lease.cursor else None
        if last is not None and timedelta(0) <= now - last < EVERY:
            return False
        removed = await self.store.tidy(now)
        photos = await sweep(self.photos, self.store, last, now) if self.photos else 0
        await self.store.accept([], CursorWrite(NAME, now.isoformat(), lease.token))
        log.info("tidied", payloads_removed=removed, photos_removed=photos)
        return True
