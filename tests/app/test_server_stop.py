"""A server that stops waits for nobody who did not hear that he should stop."""

from __future__ import annotations

import asyncio

from app.running.server import cancelled


async def test_a_task_that_swallows_its_first_cancellation_is_cancelled_again() -> None:
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 2:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                heard += 1
                if heard == 2:
                    raise

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(deaf())
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await cancelled([task])
    assert task.cancelled()
    assert heard == 2


async def test_a_task_that_ends_in_order_is_waited_for() -> None:
    closed = False

    async def orderly() -> None:
        nonlocal closed
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            closed = True

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(orderly())
        await asyncio.sleep(0)
        await cancelled([task])
    assert closed
