"""Hold the faults that a simulator will commit next, in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can go wrong at a provider."""

    TOO_MANY = "429"
    FORBIDDEN = "403"
    TEMPORARY = "4xx"
    """On SMTP only: refused for now (greylisting)."""
    BROKEN = "5xx"
    HANG = "hang"
    """Takes the call and never answers."""
    CUT_AFTER_ACCEPT = "cut-after-accept"
    """Does what was asked, then closes without answering."""
    REDELIVER = "redeliver"
    """Hands over twice what it hands over next."""
    REORDER = "reorder"
    """Hands over in the wrong order what it hands over next."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to commit."""

    kind: FaultKind
    on: str
    """The operation that it hits; each simulator names its own (``send``, ``poll`` …)."""
    retry_after: int = 1
    """Seconds that a 429 asks the client to wait."""
    code: int | None = None
    """The provider's own error code, where it has several for one status."""


class Faults:
    """A queue of faults; each is committed once, by the next operation that it is meant for."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def push(
        self,
        kind: FaultKind | str,
        *,
        on: str | None = None,
        retry_after: int = 1,
        code: int | None = None,
        times: int = 1,
    ) -> None:
        """Plan a fault: by default for the next hand-over or, for refusals, the next sending."""
        kind = FaultKind(kind)
        if on is None:
            on = "deliver" if kind in (FaultKind.REDELIVER, FaultKind.REORDER) else "send"
        self._waiting.extend([Fault(kind, on, retry_after, code)] * times)

    def take(self, on: str) -> Fault | None:
        """Remove and give the first fault meant for this operation."""
        for fault in self._waiting:
            if fault.on == on:
                self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Be a healthy provider again."""
        self._waiting.clear()
