"""Keeps in the store which channels are degraded or silent, for the desk of any process to show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from app.running.held_row import Holds, held_row
from router.errors import StoreUnavailable
from router.ports import Clock
from router.work import CursorWrite
from web.parts import Trouble

_ROW = "troubles"
GOES_STALE = timedelta(minutes=15)
"""How long a trouble is believed that nobody has confirmed: its process may have been killed."""
_LOOKED_AT_S = 20.0
Key = tuple[str, str]


@dataclass(slots=True)
class Troubles:
    """The troubles that all processes know; each process writes its own."""

    store: Holds
    clock: Clock
    _mine: frozenset[Key] = frozenset()
    _known: tuple[Trouble, ...] = ()
    _looked_at: float | None = field(default=None)

    async def told(self) -> tuple[Trouble, ...]:
        """List them, those of longest standing first; what cannot be read now is not told."""
        now = self.clock.monotonic()
        if self._looked_at is None or now - self._looked_at > _LOOKED_AT_S:
            self._looked_at = now
            try:
                async with held_row(self.store, self.clock, _ROW) as row:
                    known = _read(row.cursor, self.clock.now())
            except StoreUnavailable:
                return self._known
            self._known = tuple(sorted(known.values(), key=lambda one: one.since))
        return self._known

    async def write(self, mine: Mapping[Key, str]) -> None:
        """Keep what is wrong with our channels (a French sentence each), and drop what was.

        Raises:
            StoreUnavailable: nothing was written.
        """
        now = self.clock.now()
        async with held_row(self.store, self.clock, _ROW) as row:
            known = _read(row.cursor, now)
            for gone in self._mine - mine.keys():
                known.pop(gone, None)
            for (channel, account), sentence in mine.items():
                before = known.get((channel, account))
                since = before.since if before else now
                known[channel, account] = Trouble(channel, account, since, now, sentence)
            kept = json.dumps([asdict(one) for one in known.values()], default=_iso)
            await self.store.accept((), CursorWrite(row.poller, kept, row.token))
        self._mine = frozenset(mine)


def _read(text: str, now: datetime) -> dict[Key, Trouble]:
    try:
        found = [
            Trouble(
                one["channel"],
                one["account"],
                datetime.fromisoformat(one["since"]),
                datetime.fromisoformat(one["seen"]),
                one["sentence"],
            )
            for one in json.loads(text or "[]")
        ]
    except (ValueError, KeyError, TypeError):
        return {}
    return {(one.channel, one.account): one for one in found if now - one.seen < GOES_STALE}


def _iso(moment: object) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else str(moment)
