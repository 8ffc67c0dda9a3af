"""Tell the simulators the time of this machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class WallClock:
    """The machine's own clock, as `router.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        return time.monotonic()
