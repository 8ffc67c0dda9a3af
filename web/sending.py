"""Hand over to the journal what people send by our pages, and wait a moment for the router."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from router.errors import StoreUnavailable
from router.message import Envelope, WebhookRequest
from router.ports import TakesWebhooks
from router.work import Accepted
from web.parts import WebParts

T = TypeVar("T")
FORM = ("web", "web")


class Sending:
    """The one way by which a page's form becomes an envelope."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts

    async def form(self, body: bytes) -> None:
        """Send a form's JSON through the web channel.

        Raises:
            StoreUnavailable: nothing is promised; the person must be told and keeps his text.
        """
        channel = self._parts.channels.get(FORM)
        if not isinstance(channel, TakesWebhooks):
            raise StoreUnavailable("the web form is not connected")
        url = self._parts.settings.base_url.rstrip("/") + "/signaler"
        request = WebhookRequest("POST", url, {"content-type": "application/json"}, body)
        envelopes = channel.open(request, self._parts.clock.now())
        await self.accept(envelopes)

    async def accept(self, envelopes: Sequence[Envelope]) -> Sequence[Accepted]:
        """Make envelopes durable and wake the router; tells of each whether it is new.

        Raises:
            StoreUnavailable: the journal could not commit in time.
        """
        try:
            async with asyncio.timeout(self._parts.settings.accept_deadline_s):
                accepted = await self._parts.intake.accept(envelopes)
        except TimeoutError as late:
            raise StoreUnavailable("the journal did not answer in time") from late
        self._parts.wake()
        return accepted

    async def until(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """Look again and again, about two seconds long, until there is something to see."""
        for pause in self._parts.settings.patience:
            found = await look()
            if found is not None:
                return found
            await asyncio.sleep(pause)
        return await look()
