"""A provider that falls silent at any step ends the round, and the next one is made."""

from __future__ import annotations

import asyncio

import pytest
from town import CountedIds, SetClock

from router import polling
from router.ports import Pulled
from storage.memory import MemoryStore


class Silent:
    """A provider that answers nothing more from one step on, a few times."""

    poller = "silent"

    def __init__(self, step: str) -> None:
        self.step, self.silences, self.settled = step, 2, asyncio.Event()

    async def _answer(self, step: str) -> None:
        if step == self.step and self.silences:
            self.silences -= 1
            await asyncio.Event().wait()

    async def pull(self, cursor, received_at):
        await self._answer("pull")
        return Pulled((), cursor)

    async def settle(self, pulled):
        await self._answer("settle")
        self.settled.set()
        await asyncio.sleep(0)

    async def close(self):
        pass


@pytest.mark.parametrize("step", ["pull", "settle"])
async def test_a_provider_that_falls_silent_ends_the_round_and_is_asked_again(step, monkeypatch):
    monkeypatch.setattr(polling, "LEASE_S", 0.2)
    provider, store, told = Silent(step), MemoryStore(CountedIds()), []

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    report = lambda name, error: told.append((name, type(error)))  # noqa: E731 -- one line
    poller = polling.Poller(provider, store, store, SetClock(), report, at_once)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(poller.run())
        await provider.settled.wait()
        running.cancel()
    assert told == [("silent", TimeoutError)] * 2
