"""A partner that fails again and again rests; the first call after that decides for all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.breaker import LONGEST_REST_S, Breaker
from router.delivery import Permanent, Retry, SendOutcome, Sent, Unknown

DOWN, UP, NO = Retry("503"), Sent(("1",)), Permanent("400", "no")


@dataclass
class Clock:
    ticks: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 26, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.ticks


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock, failures=3, rest_s=60)
    for _ in range(3):
        assert breaker.refused() is None
        breaker.report(DOWN)
    return breaker


def test_the_failure_that_opens_it_holds_all_others_back() -> None:
    breaker = Breaker(Clock(), failures=2, rest_s=60)
    assert breaker.report(DOWN) == DOWN
    last = breaker.report(DOWN)
    assert isinstance(last, Retry)
    assert (last.throttled, last.after_s) == (True, 60)
    held = breaker.refused()
    assert held is not None
    assert (held.throttled, held.held, held.after_s) == (True, True, 60)


def test_after_the_rest_one_call_goes_first() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.ticks = 61
    assert breaker.refused() is None
    behind = breaker.refused()
    assert behind is not None
    assert (behind.throttled, behind.held) == (False, True)
    breaker.report(UP)
    assert (breaker.open, breaker.refused()) == (False, None)


def test_a_first_call_that_fails_doubles_the_rest_up_to_a_bound() -> None:
    clock = Clock()
    breaker = opened(clock)
    rests = []
    for _ in range(8):
        held = breaker.refused()
        assert held is not None
        rests.append(held.after_s)
        clock.ticks += held.after_s or 0
        assert breaker.refused() is None
        breaker.report(DOWN)
    assert rests == [60, 120, 240, 480, 900, 900, 900, 900]
    assert max(rests) == LONGEST_REST_S


async def test_a_first_call_that_was_cut_off_lets_another_go_first() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.ticks = 61
    assert breaker.refused() is None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await breaker.through(asyncio.get_running_loop().create_future())
    assert breaker.refused() is None


OURS = Retry("it has not given its number yet", 60.0, alone=True)
OUTCOMES = st.sampled_from(
    [DOWN, UP, NO, Unknown("cut"), Retry("429", 2.0, throttled=True), OURS],
)


@given(st.lists(OUTCOMES))
def test_only_failures_in_a_row_open_it(outcomes: list[SendOutcome]) -> None:
    breaker = Breaker(Clock(), failures=3, rest_s=60)
    row = 0
    for outcome in outcomes:
        if breaker.refused() is not None:
            break
        assert breaker.report(outcome) == outcome or breaker.open
        failed = isinstance(outcome, Unknown) or outcome == DOWN
        row = row + failed if failed or outcome == OURS else 0
        assert breaker.open == (row >= 3)


@given(st.lists(st.just(OURS), max_size=9))
def test_what_waits_for_itself_alone_tells_nothing_of_the_partner(waits: list[Retry]) -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.ticks = 61
    for wait in waits:
        assert breaker.refused() is None
        assert breaker.report(wait) == wait
        assert breaker.open
    assert breaker.refused() is None
    breaker.report(UP)
    assert not breaker.open
