"""Tells the log that the store does not take what we do, once a minute, and once that it does again."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from router.ports import Clock

EVERY_S = 60.0

log = structlog.get_logger("guichet")


@dataclass(slots=True)
class Outages:
    """What fails for want of the store, by name: a loop, or ``accept``."""

    clock: Clock
    _told: dict[str, float] = field(default_factory=dict)
    """When each was last told; kept after its end, so that what comes and goes fills no log."""
    _since: dict[str, float] = field(default_factory=dict)
    """Since when each fails, of those that were told."""

    def failed(self, name: str, error: BaseException) -> None:
        """Hear that something failed, as often as it does."""
        now = self.clock.monotonic()
        told = self._told.get(name)
        if told is not None and now - told < EVERY_S:
            return
        self._told[name] = now
        self._since.setdefault(name, now)
        log.warning("store unavailable", loop=name, error=str(error))

    def well(self, name: str) -> None:
        """Hear that something worked; where it had failed the store is back for all others too."""
        if name not in self._since:
            return
        lasted = self.clock.monotonic() - min(self._since.values())
        self._since.clear()
        log.info("store available again", loop=name, after_s=round(lasted, 1))
