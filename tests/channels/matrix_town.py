"""A town that people reach by a Matrix homeserver, one step at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from town import START, Town

from channels.matrix import Matrix
from router.case import Case
from router.delivery import Delivery, DeliveryState
from router.outbox import Courier
from router.tokens import PARTNER
from router.work import CursorWrite

STATES = tuple(DeliveryState)


class MatrixTown(Town):
    """Polls a homeserver, routes what came and sends what there is to say."""

    def __init__(self, folder: Path, counter: Matrix) -> None:
        super().__init__(folder)
        self.counter = counter
        readers = {**self.router.readers, ("matrix", counter.account): counter}
        self.router = replace(self.router, readers=readers)
        role = f"send:matrix|{counter.account}"
        self.courier = Courier(role, counter, self.store, self.clock, self.ids)

    async def poll(self) -> int:
        """Ask the homeserver once, commit with the cursor, and route; give how much came."""
        lease = await self.store.take(self.counter.poller, 90.0, self.clock.now())
        assert lease is not None
        pulled = await self.counter.pull(lease.cursor, self.clock.now)
        write = CursorWrite(lease.poller, pulled.cursor, lease.token)
        await self.store.accept(pulled.envelopes, write)
        await self.store.give_back(lease)
        while await self.router.run_once():
            pass
        return len(pulled.envelopes)

    async def hears(self, count: int = 1) -> None:
        """Poll until so much has come."""
        while count > 0:
            count -= await self.poll()

    async def send(self) -> None:
        while await self.courier.run_once():
            pass

    async def step(self) -> None:
        """Let everything happen that can, once."""
        await self.poll()
        await self.send()

    async def service_says(self, case: Case, text: str) -> None:
        token = self.signer.sign(PARTNER, case.number, case.owner)
        await self.hear(f"{case.owner}@services.example", text, tokens=[token])

    async def deliveries(self) -> list[Delivery]:
        """List what was written to people by Matrix, oldest first."""
        found = await self.store.list_deliveries(STATES, 1000)
        return sorted((d for d in found if d.address.channel == "matrix"), key=lambda d: d.id)


@asynccontextmanager
async def matrix_town(folder: Path, counter: Matrix) -> AsyncIterator[MatrixTown]:
    town = MatrixTown(folder, counter)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    try:
        yield town
    finally:
        await town.store.close()
