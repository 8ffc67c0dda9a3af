"""The day's money is counted once, whatever overlaps, fails, or lasts over midnight."""

from __future__ import annotations

import asyncio

import pytest
from town import SetClock

from channels.x.budget import POST_WRITE, Budget, Pocket
from router.errors import StoreUnavailable


class Slow(Pocket):
    """Keeps a sum once it is let, and may fail then."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.failures = 0

    async def add(self, day: str, dollars: float) -> float:
        await self.let.wait()
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("locked")
        return await super().add(day, dollars)


async def post(budget: Budget) -> None:
    await budget.pay("POST", "/2/tweets", {})


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
async def test_calls_that_overlap_are_counted_once_each(failures: int) -> None:
    keeper = Slow()
    keeper.failures = failures
    budget = Budget(1.0, SetClock(), keeper)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(post(budget))
        await asyncio.sleep(0)
        assert budget.share == pytest.approx(3 * POST_WRITE)  # also while it is being kept
        keeper.let.set()
    assert budget.share == pytest.approx(3 * POST_WRITE)
    assert await budget.look() == pytest.approx(3 * POST_WRITE)
    assert await keeper.add("2026-11-24", 0) == pytest.approx(3 * POST_WRITE)


async def test_a_call_that_is_given_up_while_it_is_kept_is_not_forgotten() -> None:
    keeper = Slow()
    budget = Budget(1.0, SetClock(), keeper)
    async with asyncio.TaskGroup() as tasks:
        given_up = tasks.create_task(post(budget))
        await asyncio.sleep(0)
        given_up.cancel()
    keeper.let.set()
    assert await budget.look() == pytest.approx(POST_WRITE)


async def test_a_sum_that_is_kept_over_midnight_is_yesterday_s() -> None:
    keeper, clock = Slow(), SetClock()
    budget = Budget(1.0, clock, keeper)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(post(budget))
        await asyncio.sleep(0)
        clock.pass_(days=1)
        assert budget.share == 0
        keeper.let.set()
    assert budget.share == 0


async def test_the_day_turns_where_it_is_asked_whether_money_is_left() -> None:
    clock = SetClock()
    budget = Budget(POST_WRITE, clock)
    await post(budget)
    assert (budget.spent, budget.rests, budget.near) == (True, True, True)
    clock.pass_(days=1)
    assert (budget.spent, budget.rests, budget.near) == (False, False, False)
