"""Asks a provider for what is new, as the only process to do so, and commits before it settles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from router.errors import StoreUnavailable
from router.ports import Clock, Polls
from router.store import CursorWrite, Intake, Lease, Leases

LEASE_S = 90.0
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

    async def run(self) -> None:
        """Poll until cancelled; a failure is reported and waited out, never a hot loop."""
        failures = 0
        try:
            while True:
                try:
                    lease = await self.leases.take(self.channel.poller, LEASE_S, self.clock.now())
                    if lease is None:
                        await asyncio.sleep(_WAIT_FOR_LEASE_S)
                        continue
                    await self._poll_while_held(lease)
                    failures = 0
                except (OSError, TimeoutError, StoreUnavailable, ExceptionGroup) as error:
                    failures += 1
                    self.report(self.channel.poller, error)
                    await asyncio.sleep(min(2.0**failures, _LONGEST_BACK_OFF_S))
        finally:
            await self.channel.close()

    async def _poll_while_held(self, lease: Lease) -> None:
        cursor = lease.cursor
        try:
            while await self.leases.renew(lease, LEASE_S, self.clock.now()):
                async with asyncio.timeout(LEASE_S / 2):
                    pulled = await self.channel.pull(cursor, self.clock.now)
                write = CursorWrite(lease.poller, pulled.cursor, lease.token)
                if pulled.envelopes or pulled.cursor != cursor:
                    await self.intake.accept(pulled.envelopes, write)
                    cursor = pulled.cursor
                await self.channel.settle(pulled)
        except asyncio.CancelledError:
            await asyncio.shield(self.leases.give_back(lease))
            raise
