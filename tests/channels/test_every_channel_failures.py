"""What Telegram, X and Matrix survive side by side: a hang, a stop in mid-send, a lost database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from matrix_town import matrix_town
from pydantic import SecretStr
from telegram_town import ANNE, telegram_town
from town import Town
from x_town import x_town

from app.running.alone import at_work
from app.running.server import Server
from app.running.wiring import build
from app.settings import Settings
from app.system import SystemClock, SystemIds
from channels.matrix import Matrix, MatrixSettings
from demo.matrix import MatrixSimulator
from demo.telegram import TelegramSimulator
from demo.x import XSimulator
from router.errors import StoreUnavailable
from router.outbox import Courier
from router.polling import Poller
from router.ports import Polls
from storage.engine import open_store

CONFIG = Path(__file__).parents[2] / "config"
LAMP = "Le lampadaire devant le 12 rue Crébillon à Nantes est cassé"


def settings(
    folder: Path, telegram: TelegramSimulator, x: XSimulator, matrix: MatrixSimulator
) -> Settings:
    channels = {
        "telegram": {
            "token": telegram.token,
            "base_url": telegram.base_url,
            "base_file_url": telegram.base_file_url,
            "poll_s": 1,
        },
        "x": {
            "access_token": x.bearer,
            "base_url": x.base_url,
            "client_id": "c",
            "poll_s": 0.1,
            "per_second": 50,
        },
        "matrix": {"access_token": matrix.token, "base_url": matrix.base_url, "poll_s": 0.1},
    }
    return Settings(data=folder, config=CONFIG, channels=channels)


@asynccontextmanager
async def serving(wanted: Settings) -> AsyncIterator[Callable[[], Any]]:
    """Run the product as `guichet serve` does; what is given stops it as SIGTERM does."""
    listener = socket.create_server(("127.0.0.1", 0))
    store = open_store(wanted.data, ids=SystemIds())
    await store.open()
    async with at_work(wanted.data, store, SystemClock()):
        product = await build(wanted, store, with_inactive=True)
        server = Server(product, sockets=[listener])
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.run())

            async def stop() -> None:
                server.stop.set()
                async with asyncio.timeout(10):
                    await running

            await server.started.wait()
            yield stop
            server.stop.set()
    listener.close()
    await store.close()


class Later(SystemClock):
    """An hour on, when what was cut is due again."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


async def send_an_hour_later(wanted: Settings) -> None:
    """Start again, and send all that still waits for Telegram."""
    store = open_store(wanted.data, ids=SystemIds())
    await store.open()
    async with at_work(wanted.data, store, Later()):
        product = await build(wanted, store, with_inactive=True)
        [role] = [name for name in product.senders if name.startswith("send:telegram|")]
        courier = Courier(role, product.senders[role], store, Later(), product.ids)
        while await courier.run_once():
            pass
        for channel in product.pollers:
            await channel.close()
    await store.close()


async def test_one_provider_hangs_while_others_flow_and_sigterm_in_mid_send_loses_no_answer(
    tmp_path: Path,
) -> None:
    async with TelegramSimulator() as telegram, XSimulator() as x, MatrixSimulator() as matrix:
        wanted = settings(tmp_path, telegram, x, matrix)
        telegram.faults.push("hang")
        async with serving(wanted) as stop:
            await telegram.citizen_sends(42, LAMP)
            while len(telegram.faults):  # noqa: ASYNC110 -- until Telegram hangs; it rings no bell
                await asyncio.sleep(0.01)
            await x.dm("anne", LAMP)
            await matrix.citizen_sends("anne", LAMP)
            await x.until_received("anne", seconds=20)
            await matrix.until_received("anne", seconds=20)
            assert telegram.received(42) == []
            await stop()
        await send_an_hour_later(wanted)
        assert len(telegram.received(42)) == 1
        assert len(x.received("anne")) == len(matrix.received("anne")) == 1


class Down:
    """A journal that is away."""

    async def accept(self, *_: object) -> None:
        raise StoreUnavailable("the database is down")


@asynccontextmanager
async def telegram_that_was_written_to(folder: Path) -> AsyncIterator[tuple[Town, Polls]]:
    async with telegram_town(folder) as town:
        await town.telegram.citizen_sends(ANNE, LAMP)
        yield town, town.bot


@asynccontextmanager
async def x_that_was_written_to(folder: Path) -> AsyncIterator[tuple[Town, Polls]]:
    async with x_town(folder) as town:
        await town.sim.dm("anne", LAMP)
        yield town, town.x


@asynccontextmanager
async def matrix_that_was_written_to(folder: Path) -> AsyncIterator[tuple[Town, Polls]]:
    async with MatrixSimulator() as sim:
        made = MatrixSettings(base_url=sim.base_url, access_token=SecretStr(sim.token), poll_s=0)
        counter = Matrix(made, sim.counter)
        async with matrix_town(folder, counter) as town:
            sim.room_with("anne")
            for _ in range(2):
                await town.poll()  # invited, then within
            await sim.citizen_sends("anne", LAMP)
            yield town, counter
            await counter.close()


WRITTEN_TO = [
    telegram_that_was_written_to, x_that_was_written_to, matrix_that_was_written_to,
]  # fmt: skip


@pytest.mark.parametrize("written_to", WRITTEN_TO)
async def test_while_the_database_is_down_nothing_is_confirmed_and_it_all_comes_again(
    tmp_path: Path, written_to: Any
) -> None:
    async with written_to(tmp_path) as (town, channel):
        well = Poller(channel, town.store, town.store, town.clock, lambda name, error: None)
        ill = replace(well, intake=Down())
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await poll(ill)
        assert await town.store.journal() == []
        await poll(well)
        assert len(await town.store.journal()) == 1


async def poll(poller: Poller) -> None:
    """Do one round: lease, pull, commit with the cursor, settle."""
    lease = await poller._hold(None, sure=False)
    assert lease is not None
    await poller._poll(lease)
