"""Tell what a provider's trouble means: whether a call may have arrived, and how long to wait."""

from __future__ import annotations

import math

import httpx

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""After these the provider has not had the call: it can be repeated without a second copy."""
_LONGEST_WAIT_S = 3600.0
"""No answer keeps messages back for longer."""


def seconds_of(said: object) -> float | None:
    """Read how many seconds a provider asks us to wait; None where it says no such thing."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    try:
        seconds = float(said)
    except (ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_WAIT_S) if 0 <= seconds < math.inf else None
