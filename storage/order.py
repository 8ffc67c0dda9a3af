"""The two sums of the outbox: which deliveries of a lane may leave, and how many a limit grants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.delivery import Rate

PATIENCE_US = 15 * 60 * 1_000_000
"""How long a delivery that has to wait holds up those behind it, from its first try."""
MOST_IN_LANE = 64
"""Deliveries of one lane that are looked at, in order."""
_CLOCK_JUMP_US = 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that has not left: ``since`` is its first try, or else its creation."""

    id: int
    not_before: int | None
    since: int


def sendable(lane: Sequence[Waiting], now: int) -> tuple[list[int], int | None]:
    """Tell which deliveries of a lane (in id order) may leave, and when the lane is due."""
    ready: list[int] = []
    due: int | None = None
    for place, waiting in enumerate(lane):
        if waiting.not_before is None or waiting.not_before <= now:
            ready.append(waiting.id)
            continue
        blocks = now - waiting.since < PATIENCE_US
        wake = waiting.not_before
        if blocks and place + 1 < len(lane):
            wake = min(wake, waiting.since + PATIENCE_US)
        due = wake if due is None else min(due, wake)
        if blocks:
            break
    return ready, now if ready else due


@dataclass(frozen=True, slots=True)
class Grant:
    """What a limit gives: sends granted, the new arrival time, and the wait until more."""

    granted: int
    arrival: int
    wait_us: int


def grant(arrival: int, closed_until: int, rate: Rate, wanted: int, now: int) -> Grant:
    """Take up to ``wanted`` from a limit by the generic cell rate algorithm (ITU-T I.371)."""
    step = max(1, math.ceil(1_000_000 / rate.per_s))
    room = (max(1, rate.burst) - 1) * step
    if arrival > now + room + step + _CLOCK_JUMP_US:  # written by a clock that was ahead
        arrival = now + room + step
    if closed_until > now:
        return Grant(0, arrival, closed_until - now)
    start = max(arrival, now)
    free = (now + room - start) // step + 1
    granted = max(0, min(wanted, free))
    arrival = start + granted * step if granted else arrival
    return Grant(granted, arrival, max(0, max(arrival, now) - room - now))
