"""A circuit breaker: a partner that fails again and again is left alone for a while.

While it rests nothing is sent to it, and what waits loses no try. Then one call goes first; if it
fails too, the next rest is twice as long. Other partners are not concerned: each has its own.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from router.delivery import Retry, SendOutcome, Unknown
from router.ports import Clock

LONGEST_REST_S = 900.0
_BEHIND_PROBE_S = 5.0


class Breaker:
    """Counts failures in a row; open after ``failures`` of them, for ``rest_s`` seconds."""

    def __init__(self, clock: Clock, failures: int, rest_s: float) -> None:
        self._clock = clock
        self._most = failures
        self._first_rest_s = rest_s
        self._rest_s = rest_s
        self._failed = 0
        self._until: float | None = None
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether the partner is being left alone, or has yet to answer the first call after."""
        return self._until is not None

    @property
    def told(self) -> str:
        """Say it in French; nothing while calls are made."""
        times = f"{self._failed} appels ont échoué"
        return f"ne répond pas : {times}, les demandes attendent." if self.open else ""

    def refused(self) -> Retry | None:
        """Tell when to come back; None when a call may be made, which must then be reported."""
        if self._until is None:
            return None
        left = self._until - self._clock.monotonic()
        if left > 0:
            reason = f"le serveur du service a manqué {self._failed} fois de suite : il est laissé en paix"
            return Retry(reason, left, throttled=True, held=True)
        if self._probing:
            return Retry(
                "le serveur du service a manqué : un appel part d'abord, seul",
                _BEHIND_PROBE_S,
                held=True,
            )
        self._probing = True
        return None

    def report(self, outcome: SendOutcome) -> SendOutcome:
        """Count what a call came to; the one that opens the breaker holds all others back.

        A delivery that waits for itself alone tells nothing of the partner, good or bad.
        """
        self._probing = False
        if isinstance(outcome, Retry) and outcome.alone:
            return outcome
        down = isinstance(outcome, Unknown) or (
            isinstance(outcome, Retry) and not outcome.throttled
        )
        if not down:
            self._failed, self._until, self._rest_s = 0, None, self._first_rest_s
            return outcome
        self._failed += 1
        if self._failed < self._most:
            return outcome
        rest_s = self._rest_s
        self._until = self._clock.monotonic() + rest_s
        self._rest_s = min(2 * rest_s, LONGEST_REST_S)
        if isinstance(outcome, Retry):
            return replace(outcome, after_s=max(outcome.after_s or 0.0, rest_s), throttled=True)
        return outcome

    async def through(self, call: Awaitable[SendOutcome]) -> SendOutcome:
        """Make a call that :meth:`refused` let pass; one that is cut off lets the next go first."""
        try:
            return self.report(await call)
        finally:
            self._probing = False
