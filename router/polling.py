"""Asks a provider for what is new, as the only process to do so, and commits before it settles."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from router.errors import StoreUnavailable
from router.ports import Clock, Polls
from router.store import Intake, Leases
from router.work import CursorWrite, Lease

LEASE_S = 180.0
"""Half of it is for a pull, in which one large mail on a slow line must arrive, half to settle it."""
_WAIT_FOR_LEASE_S = 5.0
_LONGEST_BACK_OFF_S = 300.0


@dataclass(frozen=True, slots=True)
class Poller:
    """Runs one polling channel: lease, pull, commit with the cursor, settle."""

    channel: Polls
    leases: Leases
    intake: Intake
    clock: Clock
    report: Callable[[str, Exception], None]
    """Told of every failure: the poller's name and the error."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Poll until cancelled; a failure is reported and waited out, never a hot loop."""
        lease: Lease | None = None
        failures = 0
        try:
            while True:
                try:
                    lease = await self._hold(lease, sure=failures == 0)
                    if lease is None:
                        await self.pause(_WAIT_FOR_LEASE_S)
                        continue
                    lease = await self._poll(lease)
                    failures = 0
                except Exception as error:  # a channel's defect too: it must not end the others
                    failures += 1
                    self.report(self.channel.poller, error)
                    await self.pause(min(2.0 ** min(failures, 20), _LONGEST_BACK_OFF_S))
        finally:
            try:
                await asyncio.shield(self._give_back(lease))
            finally:
                await self.channel.close()

    async def _hold(self, lease: Lease | None, *, sure: bool) -> Lease | None:
        """Renew the lease, or take it; after a failure its cursor is read again."""
        now = self.clock.now()
        if lease is not None and sure and await self.leases.renew(lease, LEASE_S, now):
            return lease
        return await self.leases.take(self.channel.poller, LEASE_S, now)

    async def _poll(self, lease: Lease) -> Lease:
        async with asyncio.timeout(LEASE_S / 2):
            pulled = await self.channel.pull(lease.cursor, self.clock.now)
        if pulled.envelopes or pulled.cursor != lease.cursor:
            write = CursorWrite(lease.poller, pulled.cursor, lease.token)
            await self.intake.accept(pulled.envelopes, write)
        async with asyncio.timeout(LEASE_S / 2):
            await self.channel.settle(pulled)
        return replace(lease, cursor=pulled.cursor)

    async def _give_back(self, lease: Lease | None) -> None:
        if lease is not None:
            # a store that is down keeps the lease until it runs out; we are leaving in any case
            with contextlib.suppress(StoreUnavailable):
                await self.leases.give_back(lease)
