"""Tasks cancelled at every await point of the way of a message."""

from __future__ import annotations

import asyncio
import shutil

from affair import SHORT, Life, LifeIds, World, begin, broken, nothing_happens, picture
from stepping import AwaitPoints
from test_kill import folder  # noqa: F401 -- a fixture

from storage.engine import open_store


async def _lives(place, template, cut):
    """Live with one cut, then once more to the end; tells the await points passed, and the end."""
    shutil.copytree(template, place)
    world, points = World(place), AwaitPoints(cut)
    for life in (1, 2):
        store = open_store(place, ids=LifeIds(life))
        await store.open()
        try:
            if life == 1:
                points.install()
            await asyncio.gather(Life(store, world, life, nothing_happens, SHORT).run())
        except asyncio.CancelledError:
            assert life == 1
        finally:
            asyncio.get_running_loop().set_task_factory(None)
            if life == 2:
                told = await picture(store), await broken(store, world, SHORT)
            await store.close()
    shutil.rmtree(place)
    return points.passed, *told


async def test_whatever_task_is_cancelled_the_same_cases_come_out(folder):  # noqa: F811
    template = folder / "template"
    store = open_store(template, ids=LifeIds(0))
    await store.open()
    await begin(store)
    await store.close()
    passed, whole, wrong = await _lives(folder / "whole", template, 0)
    assert wrong == []
    for cut in range(1, passed + 1):
        _, after, wrong = await _lives(folder / str(cut), template, cut)
        assert wrong == [], cut
        assert after == whole, cut
