"""Text messages of a number whose provider is asked for what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from channels.phone.http import HttpCarrier
from channels.phone.settings import SmsSettings
from channels.sms import Sms
from router.ports import Clock, Pulled


class PolledSms(Sms):
    """One number; the cursor is the id of the last message that was fetched."""

    def __init__(self, settings: SmsSettings, account: str, clock: Clock) -> None:
        super().__init__(settings, account, clock)
        self._wait_s = settings.poll_s

    @property
    def poller(self) -> str:
        return f"poll:{self.name}|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Fetch what came after the cursor; where nothing has, wait before the next question."""
        carrier = self._carrier
        found = await carrier.new(int(cursor or 0)) if isinstance(carrier, HttpCarrier) else []
        if not found:
            await asyncio.sleep(self._wait_s)
            return Pulled((), cursor)
        now = received_at()
        envelopes = tuple(one for _, raw in found if raw for one in self._taken(raw, now))
        return Pulled(envelopes, str(found[-1][0]))

    async def settle(self, pulled: Pulled) -> None:
        """Tell nothing: what is fetched stays at the provider."""
