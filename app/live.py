"""The live rules: the version published in the store, reloaded when another one is published."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.rulebook import LoadedRulebook, files_of, load_files, load_folder
from router.ports import Clock
from router.versions import Rulesets

_LOOK_EVERY_S = 1.0


class LiveRulebooks:
    """Holds the published rule book; running decisions keep the one they began with."""

    def __init__(self, rulesets: Rulesets, clock: Clock) -> None:
        self._rulesets = rulesets
        self._clock = clock
        self._current: LoadedRulebook | None = None

    def current(self) -> LoadedRulebook:
        if self._current is None:
            raise RuntimeError("LiveRulebooks.start has not been awaited")
        return self._current

    async def start(self, config: Path, *, publish: bool = True) -> LoadedRulebook:
        """Load the published version; a first start publishes ``config``, unless told not to.

        Raises:
            BadConfiguration: the folder has errors; nothing was published.
        """
        active = await self._rulesets.active()
        if active is None:
            self._current = await asyncio.to_thread(load_folder, config)
            if publish:
                await self._rulesets.publish(
                    files_of(config),
                    self._current.hash,
                    "guichet",
                    "première mise en service",
                    self._clock.now(),
                )
        else:
            self._current = await asyncio.to_thread(load_files, active.files)
        return self._current

    async def follow(self) -> None:
        """Swap in each newly published version, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.refresh()

    async def refresh(self) -> None:
        """Load the published version if it is not the one held."""
        if await self._rulesets.active_hash() == self.current().hash:
            return
        active = await self._rulesets.active()
        if active is not None:
            self._current = await asyncio.to_thread(load_files, active.files)
