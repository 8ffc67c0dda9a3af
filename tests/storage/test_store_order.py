"""The laws of order in a lane and of a shared limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.delivery import Rate
from storage.order import PATIENCE_US, Waiting, grant, sendable

NOW = 10_000_000_000
moments = st.integers(NOW - 2 * PATIENCE_US, NOW + 2 * PATIENCE_US)
lanes = st.lists(st.tuples(st.none() | moments, moments.map(lambda at: min(at, NOW))), max_size=8)


def lane_of(rows):
    return [Waiting(place, before, since) for place, (before, since) in enumerate(rows)]


@given(lanes)
def test_what_leaves_keeps_its_order_is_due_and_passes_only_the_patient(rows):
    lane = lane_of(rows)
    ready, due = sendable(lane, NOW)
    assert ready == sorted(ready)
    for waiting in lane:
        if waiting.id in ready:
            assert waiting.not_before is None or waiting.not_before <= NOW
            assert all(
                passed.id in ready or NOW - passed.since >= PATIENCE_US
                for passed in lane[: waiting.id]
            )
    assert (due is None) == (not lane)
    assert bool(ready) == (due == NOW)


@given(lanes)
def test_a_lane_with_nothing_ready_has_something_ready_when_it_is_due(rows):
    lane = lane_of(rows)
    ready, due = sendable(lane, NOW)
    while lane and not ready:
        later, next_due = sendable(lane, due)
        assert later or next_due > due  # it always moves on
        ready, due = later, next_due


@given(
    st.floats(0.1, 500),
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(1, 40)), max_size=40),
)
def test_no_window_of_time_holds_more_than_the_limit_allows(per_s, burst, asks):
    rate, arrival, now = Rate(per_s, burst), 0, NOW
    given_at = []
    for lapse, wanted in asks:
        now += lapse
        answer = grant(arrival, 0, rate, wanted, now)
        assert 0 <= answer.granted <= wanted
        arrival = answer.arrival
        given_at.append((now, answer.granted))
    for start in range(len(given_at)):
        total = 0
        for at, granted in given_at[start:]:
            total += granted
            assert total <= burst + (at - given_at[start][0]) / 1_000_000 * per_s + 1e-6


@given(st.floats(0.1, 500), st.integers(1, 30))
def test_whoever_waits_as_told_is_served(per_s, burst):
    rate = Rate(per_s, burst)
    first = grant(0, 0, rate, 1_000, NOW)
    assert first.granted == burst
    assert grant(first.arrival, 0, rate, 1, NOW + first.wait_us).granted == 1


def test_a_limit_written_by_a_clock_that_was_ahead_opens_again():
    rate = Rate(10, 5)
    answer = grant(NOW + 10**12, 0, rate, 1, NOW)
    assert answer.granted == 0
    assert answer.wait_us <= 200_000
