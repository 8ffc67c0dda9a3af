"""What the log and whoever balances the load are told while the database takes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import httpx
import pytest
from ruled import SetClock
from store_parts import envelope
from structlog.testing import capture_logs

from app.running.outages import Outages
from app.running.readiness import Readiness
from app.running.server import Loop
from app.running.watched_intake import WatchedIntake
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from router.errors import StoreUnavailable
from storage.memory import MemoryStore

CONFIG = Path(__file__).parents[2] / "config"
DOWN = StoreUnavailable("no space left")
pytestmark = pytest.mark.usefixtures("whole_log")


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def outages(clock):
    return Outages(clock)


def told(logs) -> list[tuple[str, str]]:
    return [(one["event"], one["loop"]) for one in logs]


def test_a_loop_that_fails_again_and_again_is_told_once_a_minute(outages, clock):
    with capture_logs() as logs:
        for _ in range(121):
            outages.failed("route", DOWN)
            outages.failed("timer", DOWN)
            clock.pass_(seconds=1)
    assert told(logs) == [("store unavailable", "route"), ("store unavailable", "timer")] * 3


def test_one_line_says_that_the_store_is_back_and_after_how_long(outages, clock):
    with capture_logs() as logs:
        outages.failed("route", DOWN)
        outages.failed("timer", DOWN)
        clock.pass_(seconds=90)
        for name in ("rules", "timer", "route", "timer"):
            outages.well(name)
    assert told(logs)[2:] == [("store available again", "timer")]
    assert logs[2]["after_s"] == 90.0


def test_a_store_that_comes_and_goes_fills_no_log(outages, clock):
    with capture_logs() as logs:
        for _ in range(50):
            outages.failed("route", DOWN)
            outages.well("route")
            clock.pass_(seconds=1)
    assert len(logs) == 2


async def test_a_message_that_cannot_be_kept_is_one_line_and_so_is_the_first_that_can(
    ids, outages, clock, monkeypatch
):
    store = MemoryStore(ids)
    intake = WatchedIntake(store, outages, clock)

    async def down(*_):
        raise DOWN

    with capture_logs() as logs:
        with monkeypatch.context() as patched:
            patched.setattr(store, "accept", down)
            for _ in range(9):
                with pytest.raises(StoreUnavailable):
                    await intake.accept([envelope(id="SM1")])
        for _ in range(3):
            await intake.accept([envelope(id="SM1")])
    assert told(logs) == [("store unavailable", "accept"), ("store available again", "accept")]
    assert logs[0]["error"] == "no space left"


@pytest.mark.parametrize(("waited_s", "lines"), [(0.5, 0), (10.0, 1)], ids=["hung up", "waited"])
async def test_who_hangs_up_is_no_outage_and_who_waits_in_vain_meets_one(
    ids, outages, clock, monkeypatch, waited_s, lines
):
    store = MemoryStore(ids)

    async def hangs(*_):
        clock.pass_(seconds=waited_s)
        raise asyncio.CancelledError

    monkeypatch.setattr(store, "accept", hangs)
    with capture_logs() as logs, contextlib.suppress(asyncio.CancelledError):
        await WatchedIntake(store, outages, clock).accept([envelope(id="SM1")])
    assert len(logs) == lines


async def test_a_loop_tells_when_the_store_goes_and_when_it_is_back(outages, clock, monkeypatch):
    monkeypatch.setattr("app.running.server._STORE_WAIT_S", 0.0)
    stop, rounds = asyncio.Event(), iter([DOWN, DOWN, DOWN, None, None])

    async def once() -> int:
        error = next(rounds, stop)
        if error is stop:
            stop.set()
        elif error is not None:
            raise error
        return 1

    async def never() -> None:
        return None

    with capture_logs() as logs:
        await Loop("route", once, never, clock, outages).run(stop)
    assert told(logs) == [("store unavailable", "route"), ("store available again", "route")]


async def test_readyz_says_503_while_the_database_takes_no_write(tmp_path, monkeypatch):
    """Another program holds the write lock; the process itself lives all the same."""
    monkeypatch.setattr("app.running.readiness._ASKED_AGAIN_S", 0.0)
    monkeypatch.setattr("app.running.readiness._PATIENCE_S", 0.2)
    settings = load_settings(data=tmp_path, config=CONFIG)
    async with opened(settings.data, "") as store:
        product = await build(settings, store)
        transport = httpx.ASGITransport(product.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.example") as client:
            ready = await client.get("/readyz")
            with contextlib.closing(sqlite3.connect(tmp_path / "guichet.sqlite")) as other:
                other.execute("BEGIN IMMEDIATE")
                waits, lives = await client.get("/readyz"), await client.get("/healthz")
                other.rollback()
            for _ in range(200):
                again = await client.get("/readyz")
                if again.status_code == 200:
                    break
                await asyncio.sleep(0.05)
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
    assert (waits.status_code, waits.json()) == (503, {"status": "the store does not answer"})
    assert (lives.status_code, again.json()) == (200, {"status": "ok"})


async def test_readyz_asks_the_store_once_a_second_however_often_it_is_asked(ids, clock):
    class Counting(MemoryStore):
        asked = 0

        async def take(self, *given):
            self.asked += 1
            return await super().take(*given)

    store = Counting(ids)
    ready = Readiness(store, clock)
    assert [await ready() for _ in range(20)] == [True] * 20
    clock.pass_(seconds=1)
    assert await ready()
    assert store.asked == 2
