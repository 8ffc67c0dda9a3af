"""A town that is written to through a Telegram on loopback: updates in, the Bot API out."""

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

from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from demo.server import LoopbackServer
from demo.telegram import TelegramSimulator
from router.case import Case
from router.delivery import Delivery, DeliveryState
from router.outbox import Courier
from router.policy import Policy
from router.polling import Poller
from router.worked import Worked

BOT, ANNE, BOB, GROUP = "GuichetNantesBot", 4242, 4343, -77
SECRET = "secret-du-webhook"
STATES = tuple(DeliveryState)


class TelegramTown(Town):
    """Asks for updates, routes them, and sends what it has to say, one step at a time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.telegram = TelegramSimulator(clock=self.clock)
        self.http = LoopbackServer([Route("/webhooks/telegram/{n}", self._take, methods=["POST"])])
        self.policy = Policy(ways={"email": ("partner", "town")}, base_url="https://g.example")
        self.failures: list[Exception] = []
        self.refused = 0

    def connect(self, **settings: Any) -> None:
        """Start as a fresh process does; what was in memory is gone."""
        given: dict[str, Any] = {
            "token": SecretStr(self.telegram.token),
            "base_url": self.telegram.base_url,
            "base_file_url": self.telegram.base_file_url,
            "poll_s": 0,
            "deadline_s": 2.0,
        }
        self.bot = Telegram(TelegramSettings(**(given | settings)), BOT)
        self.router = replace(
            self.router, readers={("telegram", BOT): self.bot}, policy=self.policy
        )
        role = f"send:telegram|{BOT}"
        self.courier = Courier(role, self.bot, self.store, self.clock, self.ids)
        self.poller = Poller(
            self.bot, self.store, self.store, self.clock, lambda _, e: self.failures.append(e)
        )

    async def _take(self, request: Request) -> Response:
        response = await take(request, self.bot, self.store, self.clock.now())
        self.refused += response.status_code == 403
        return response

    async def poll(self) -> None:
        """Do one round of the poller: lease, pull, commit with the cursor, settle."""
        lease = await self.poller._hold(None, sure=False)
        assert lease is not None
        await self.poller._poll(lease)

    async def hear(self, chat: int, text: str | None = None, **said: Any) -> Worked:  # type: ignore[override]
        """Have somebody write to the bot; gives what became of it."""
        await self.telegram.citizen_sends(chat, text, **said)
        return await self.heard()

    async def heard(self) -> Worked:
        self.seen.clear()
        await self.poll()
        await self.route()
        return self.seen[-1]

    async def route(self) -> None:
        while await self.router.run_once():
            pass

    async def send(self) -> None:
        while await self.courier.run_once():
            pass

    def texts(self, chat: int = ANNE) -> list[str]:
        return [message.text for message in self.telegram.received(chat)]

    async def deliveries(self, chat: int = ANNE) -> list[Delivery]:
        found = await self.store.list_deliveries(STATES, 1000)
        return sorted((d for d in found if d.address.value == str(chat)), key=lambda d: d.id)

    async def lines(self, worked: Worked) -> list[str]:
        assert worked.case is not None
        return [event.text for event in await self.store.events(worked.case.id)]

    async def case_now(self, worked: Worked) -> Case:
        assert worked.case is not None
        case = await self.store.case_by_id(worked.case.id)
        assert case is not None
        return case


@asynccontextmanager
async def telegram_town(folder: Path, **settings: Any) -> AsyncIterator[TelegramTown]:
    town = TelegramTown(folder)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    await town.http.start()
    try:
        async with town.telegram:
            town.connect(**settings)
            yield town
            await town.bot.close()
    finally:
        await town.http.stop()
        await town.store.close()
