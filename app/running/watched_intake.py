"""Tells the log that nothing can be accepted, and that it can again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.running.outages import Outages
from router.errors import StoreUnavailable
from router.message import Envelope
from router.ports import Clock
from router.store import Intake
from router.work import Accepted, CursorWrite

_NAME = "accept"
_TOO_LONG_S = 1.0
"""Whoever gives up sooner has hung up; who does later has waited in vain."""


@dataclass(frozen=True, slots=True)
class WatchedIntake:
    """An intake of which it is told how it ends."""

    intake: Intake
    outages: Outages
    clock: Clock

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        """Make envelopes durable.

        Raises:
            StoreUnavailable: nothing is promised.
        """
        began = self.clock.monotonic()
        try:
            accepted = await self.intake.accept(envelopes, cursor)
        except StoreUnavailable as error:
            self.outages.failed(_NAME, error)
            raise
        except asyncio.CancelledError:
            if self.clock.monotonic() - began >= _TOO_LONG_S:
                self.outages.failed(_NAME, TimeoutError("the store did not answer in time"))
            raise
        self.outages.well(_NAME)
        return accepted
