"""Real time and real chance, for the ports that ask for them."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime

from router.tracking import RANDOM_BITS, TrackingNumber, from_bits

_NODE_BITS = 12
_SEQUENCE_BITS = 9


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 -- the one place where time comes in

    def monotonic(self) -> float:
        return time.monotonic()


class SystemIds:
    """Ids in order of time: 42 bits of milliseconds, 12 of this process, 9 of sequence.

    Two processes that draw the same 12 bits can meet only within one millisecond; the store then
    refuses the second row and its work is done again under new ids.
    """

    def __init__(self) -> None:
        self._node = secrets.randbits(_NODE_BITS) << _SEQUENCE_BITS
        self._lock = threading.Lock()
        self._millisecond = 0
        self._sequence = 0

    def next(self) -> int:
        with self._lock:
            millisecond = max(time.time_ns() // 1_000_000, self._millisecond)
            self._sequence = self._sequence + 1 if millisecond == self._millisecond else 0
            if self._sequence >> _SEQUENCE_BITS:  # more than 512 in a millisecond: borrow the next
                millisecond, self._sequence = millisecond + 1, 0
            self._millisecond = millisecond
            return (millisecond << (_NODE_BITS + _SEQUENCE_BITS)) | self._node | self._sequence

    def number(self) -> TrackingNumber:
        return from_bits(secrets.randbits(RANDOM_BITS))

    def token(self) -> str:
        return secrets.token_hex(16)
