"""A process that pauses anywhere on the way, and wakes with leases that others hold by now."""

from __future__ import annotations

import asyncio

import pytest
from affair import WHOLE, Life, LifeIds, World, begin, broken, picture

from storage.engine import open_store
from storage.memory import MemoryStore

PLACES = (
    "accept",
    "gather",
    "commit",
    "reserve",
    "begin",
    "settle",
    "finish",
    "release",
    "claim_timers",
)


class Pausing:
    """A store whose caller falls asleep just before the ``count``-th call of one method."""

    def __init__(self, store, method: str, count: int) -> None:
        self._store, self._method, self._count = store, method, count
        self.asleep, self.wake = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        method = getattr(self._store, name)
        if name != self._method:
            return method

        async def paused(*arguments, **more):
            self._count -= 1
            if self._count == 0:
                self.asleep.set()
                await self.wake.wait()
            return await method(*arguments, **more)

        return paused


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("method", PLACES)
async def test_who_wakes_with_an_old_lease_changes_nothing(sqlite_folder, tmp_path, method, count):
    memory = MemoryStore(LifeIds(0))
    await begin(memory)
    (tmp_path / "never paused").mkdir()
    await Life(memory, World(tmp_path / "never paused"), 1).run()

    (tmp_path / "paused").mkdir()
    world = World(tmp_path / "paused")
    one, two = (open_store(sqlite_folder, ids=LifeIds(life)) for life in (1, 2))
    await one.open()
    await two.open()
    await begin(one)
    pausing = Pausing(one, method, count)
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(Life(pausing, world, 1).run())
        falls_asleep = tasks.create_task(pausing.asleep.wait())
        await asyncio.wait({sleeper, falls_asleep}, return_when=asyncio.FIRST_COMPLETED)
        await Life(two, world, 2).run()
        pausing.asleep.set()
        pausing.wake.set()
    assert await broken(two, world, WHOLE) == []
    assert await picture(two) == await picture(memory)
    await one.close()
    await two.close()
