"""The day's money is counted once, whatever overlaps, fails, or lasts over midnight."""

from __future__ import annotations

from town import SetClock

from channels.x_budget import POST_WRITE, Budget


async def post(budget: Budget) -> None:
    await budget.pay("POST", "/2/tweets", {})


async def test_the_day_turns_where_it_is_asked_whether_money_is_left() -> None:
    clock = SetClock()
    budget = Budget(POST_WRITE, clock)
    await post(budget)
    assert (budget.spent, budget.rests, budget.near) == (True, True, True)
    clock.pass_(days=1)
    assert (budget.spent, budget.rests, budget.near) == (False, False, False)
