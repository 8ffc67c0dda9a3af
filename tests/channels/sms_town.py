"""A town that is texted through a Twilio on loopback: signed webhooks in, the Messages API out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway import take
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from town import START, Town

from channels.sms import Sms, SmsSettings
from demo.server import LoopbackServer
from demo.twilio import TwilioSimulator
from router.delivery import Delivery, DeliveryState
from router.outbox import Courier
from router.policy import Policy
from router.worked import Worked

CITIZEN, NEIGHBOUR, COUNTER = "+33612345678", "+33698765432", "+33756000044"
STATES = tuple(DeliveryState)


class SmsTown(Town):
    """Receives what Twilio posts and sends what it has to say, one step at a time."""

    def __init__(self, folder: Path, kind: type[Sms]) -> None:
        super().__init__(folder)
        self.twilio = TwilioSimulator(clock=self.clock)
        self.http = LoopbackServer([Route("/webhooks/sms/{n}", self._take, methods=["POST"])])
        self.kind = kind
        self.refused = 0
        self.policy = Policy(ways={"email": ("partner", "town")}, base_url="https://g.example")

    channel, prefix = "sms", ""

    def make(self, given: dict[str, Any]) -> Any:
        return self.kind(SmsSettings(**given), COUNTER, self.clock)

    def connect(self, **settings: Any) -> None:
        url = f"{self.http.url}/webhooks/sms/{COUNTER}"
        given = {
            "account_sid": self.twilio.account_sid,
            "auth_token": SecretStr(self.twilio.auth_token),
            "base_url": self.twilio.base_url,
            "public_url": url,
            "deadline_s": 2.0,
        }
        self.sms = self.make(given | settings)
        self.router = replace(
            self.router,
            readers={**self.router.readers, (self.channel, COUNTER): self.sms},
            policy=self.policy,
        )
        role = f"send:{self.channel}|{COUNTER}"
        self.courier = Courier(role, self.sms, self.store, self.clock, self.ids)
        self.twilio.connect(self.prefix + COUNTER, url)

    async def _take(self, request: Request) -> Response:
        response = await take(request, self.sms, self.store, self.clock.now())
        self.refused += response.status_code == 403
        return response

    async def texted(
        self, text: str, *media: tuple[str, bytes], sender: str = CITIZEN, **extra: str
    ) -> Worked:
        """Have somebody text us, and route it."""
        self.seen.clear()
        ends = self.prefix + sender, self.prefix + COUNTER
        await self.twilio.citizen_sends(*ends, text, media, **extra)
        await self.twilio.until_quiet()
        await self.route()
        return self.seen[-1]

    async def route(self) -> None:
        while await self.router.run_once():
            pass

    async def send(self) -> None:
        """Send all that is due, and route the receipts."""
        while await self.courier.run_once():
            pass
        await self.twilio.until_quiet()
        await self.route()

    async def deliveries(self, person: str = CITIZEN) -> list[Delivery]:
        found = await self.store.list_deliveries(STATES, 1000)
        return sorted((d for d in found if d.address.value == person), key=lambda d: d.id)

    async def lines(self, case_id: int) -> list[str]:
        return [event.text for event in await self.store.events(case_id)]


@asynccontextmanager
async def sms_town(
    folder: Path, kind: type[Sms] = Sms, town_kind: type[SmsTown] = SmsTown, **settings: Any
) -> AsyncIterator[SmsTown]:
    town = town_kind(folder, kind)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    await town.http.start()
    try:
        async with town.twilio:
            town.connect(**settings)
            yield town
            await town.sms.close()
    finally:
        await town.http.stop()
        await town.store.close()
