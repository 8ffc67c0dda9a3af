"""The live rules: the version published in the store, reloaded when another one is published.

A version was tested before it was published, so that a reload need not test it again.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from app.first_version import FirstVersion
from app.rulebook import LoadedRulebook, files_of, load_files
from router.errors import ConfigurationError, Outdated
from router.ports import Clock
from router.versions import Rulesets, RulesetVersion

_LOOK_EVERY_S = 1.0
_COLLECT_AFTER = (50_000, 20, 50)  # objects, young collections, middle ones
log = structlog.get_logger("guichet")


class LiveRulebooks:
    """Holds the published rule book, and the draft in shadow beside it.

    Running decisions keep the one they began with.
    """

    def __init__(self, rulesets: Rulesets, clock: Clock) -> None:
        self._rulesets = rulesets
        self._clock = clock
        self._current: LoadedRulebook | None = None
        self._unreadable: set[str] = set()

    def current(self) -> LoadedRulebook:
        if self._current is None:
            raise RuntimeError("LiveRulebooks.start has not been awaited")
        return self._current

    async def start(self, config: Path, *, publish: bool = True) -> LoadedRulebook:
        """Load the published version; a first start publishes ``config``, unless told not to.

        Raises:
            BadConfiguration: the folder has errors; nothing was published.
            ConfigurationError: one of its tests fails; nothing was published.
        """
        active = await self._rulesets.active()
        if active is None:
            first = await asyncio.to_thread(FirstVersion.of, config)
            if publish:
                active = await self._publish_first(config, first)
            self._current = first.rulebook
        if active is not None and (self._current is None or active.hash != self._current.hash):
            self._current = await asyncio.to_thread(load_files, active.files)
        await self._follow_shadow()
        return self.current()

    def settle(self) -> None:
        """Take all that is loaded out of the collector's sight, once what it replaces is gone.

        Rules, territory and modules are a million objects that live as long as this version: looking
        through them again and again stopped everything for a sixth of a second every thousand cases.
        A batch makes tens of thousands that end with it, hardly any of them in a circle: looking after
        every 700 of them cost a sixth of all CPU.
        """
        gc.set_threshold(*_COLLECT_AFTER)
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    async def _publish_first(self, config: Path, first: FirstVersion) -> RulesetVersion | None:
        """Publish the first version, or take the one of a process that started beside this one."""
        files, why = files_of(config), "première mise en service"
        record = await asyncio.to_thread(first.record)
        try:
            return await self._rulesets.publish(
                files, first.rulebook.hash, "guichet", why, self._clock.now(), base=0, record=record
            )
        except Outdated:
            return await self._rulesets.active()

    async def follow(self) -> None:
        """Swap in each newly published version, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.refresh()

    async def refresh(self) -> None:
        """Load the published version if it is not the one held, and the draft in shadow."""
        wanted = await self._rulesets.active_hash()
        if wanted is not None and wanted != self.current().hash:
            active = await self._rulesets.active()
            if active is not None:
                loaded = await self._load(active.hash, active.files)
                if loaded is not None:
                    self._current = replace(loaded, shadow=self.current().shadow)
                    self.settle()
        await self._follow_shadow()

    async def _follow_shadow(self) -> None:
        current = self.current()
        held = current.shadow.hash if current.shadow else ""
        wanted = await self._rulesets.shadow_hash()
        if wanted == held or wanted in self._unreadable:
            return
        draft = await self._rulesets.shadow()
        shadow = await self._load(draft.hash, draft.files) if draft else None
        self._current = replace(self.current(), shadow=shadow)

    async def _load(self, hash: str, files: Mapping[str, bytes]) -> LoadedRulebook | None:
        """Load a version; one that this process cannot read is told once, and it goes on.

        A disk that is full for now is no reason to give a version up: it is tried again.
        """
        if hash in self._unreadable:
            return None
        try:
            return await asyncio.to_thread(load_files, files)
        except ConfigurationError as error:
            self._unreadable.add(hash)
            log.error("rules not loaded", ruleset=hash, error=str(error))
        except OSError as error:
            log.error("rules not loaded yet", ruleset=hash, error=str(error))
        return None
