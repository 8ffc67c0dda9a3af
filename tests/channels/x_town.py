"""A town that is written to on an X on loopback: private messages and mentions in, answers out."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from town import START, Town

from app.running.x_spending import StoredSpending
from app.running.x_tokens import StoredTokens
from app.running.x_told import StoredTold
from channels.x.api import login_of
from channels.x.channel import X
from channels.x.settings import XSettings
from demo.x import XSimulator
from router.delivery import Delivery, DeliveryState
from router.outbox import Courier
from router.policy import Policy
from router.polling import Poller
from router.worked import Worked

ACCOUNT, SECRET = "GuichetNantes", "secret-de-l-application"
WRITTEN = tuple(set(DeliveryState) - {DeliveryState.WITHHELD})


class XTown(Town):
    """Asks X for what is new, routes it, and sends what it has to say, one step at a time."""

    def __init__(self, folder: Path, **sim: Any) -> None:
        super().__init__(folder)
        self.sim = XSimulator(clock=self.clock, **sim)
        self.policy = Policy(ways={"email": ("partner", "town")}, base_url="https://g.example")
        self.failures: list[Exception] = []

    def connect(self, **settings: Any) -> None:
        """Start as a fresh process does; what was in memory is gone."""
        given: dict[str, Any] = {
            "access_token": SecretStr(self.sim.keys.access_token),
            "refresh_token": SecretStr(self.sim.keys.refresh_token),
            "client_id": self.sim.keys.client_id,
            "consumer_secret": SecretStr(SECRET),
            "base_url": self.sim.base_url,
            "poll_s": 0,
            "per_second": 100,
            "deadline_s": 2.0,
        }
        made = XSettings(**(given | settings))
        tokens = StoredTokens(self.store, self.clock, ACCOUNT, login_of(made).tokens)
        spending = StoredSpending(self.store, self.clock, ACCOUNT)
        told = StoredTold(self.store, self.clock, ACCOUNT)
        self.x = X(made, ACCOUNT, self.clock, tokens, spending, told)
        self.router = replace(self.router, readers={("x", ACCOUNT): self.x}, policy=self.policy)
        self.courier = Courier(f"send:x|{ACCOUNT}", self.x, self.store, self.clock, self.ids)
        self.poller = Poller(
            self.x, self.store, self.store, self.clock, lambda _, e: self.failures.append(e)
        )

    async def poll(self) -> None:
        """Do one round of the poller: lease, pull, commit with the cursor, settle."""
        lease = await self.poller._hold(None, sure=False)
        assert lease is not None
        await self.poller._poll(lease)

    async def heard(self) -> Worked:
        """Poll and route; gives what became of the last message."""
        self.seen.clear()
        await self.poll()
        while await self.router.run_once():
            pass
        return self.seen[-1]

    async def send(self) -> None:
        while await self.courier.run_once():
            pass

    async def deliveries(self) -> list[Delivery]:
        """List what was written to people by X, oldest first; what is withheld is not written yet."""
        found = await self.store.list_deliveries(WRITTEN, 1000)
        return sorted((d for d in found if d.address.channel == "x"), key=lambda d: d.id)

    async def lines(self, worked: Worked) -> list[str]:
        assert worked.case is not None
        return [event.text for event in await self.store.events(worked.case.id)]


def signature(data: bytes, key: str = SECRET) -> str:
    digest = hmac.new(key.encode(), data, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


@asynccontextmanager
async def x_town(
    folder: Path, sim: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[XTown]:
    town = XTown(folder, **(sim or {}))
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    try:
        async with town.sim:
            town.connect(**settings)
            yield town
            await town.x.close()
    finally:
        await town.store.close()
