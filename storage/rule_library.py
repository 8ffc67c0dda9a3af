"""The half of the store that knows the rules: versions, replays, the shadow, past decisions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from router.record import After, DecisionRecord
from router.tracking import TrackingNumber
from router.versions import ReplayReport, RulesetVersion, ShadowDraft
from storage import decisions, rulesets
from storage.codec import to_us
from storage.database import Database

T = TypeVar("T")


class RuleLibrary:
    """The ports Rulesets and Decisions, one transaction a call."""

    def __init__(self, database: Database, cell: str) -> None:
        self._database = database
        self._cell = cell

    async def _read(self, tx: Callable[..., T], *args: Any) -> T:
        return await self._database.read(lambda conn: tx(conn, self._cell, *args))

    async def _change(self, tx: Callable[..., T], *args: Any) -> T:
        return await self._database.write(lambda conn: tx(conn, self._cell, *args))

    async def active(self) -> RulesetVersion | None:
        return await self._read(rulesets.active)

    async def active_hash(self) -> str | None:
        return await self._database.read(
            lambda conn: conn.scalar(rulesets.ACTIVE_HASH, {"cell_": self._cell})
        )

    async def publish(
        self,
        files: Mapping[str, bytes],
        hash: str,
        author: str,
        reason: str,
        now: datetime,
        *,
        base: int | None = None,
        record: Mapping[str, Any] | None = None,
        pending: bool = False,
    ) -> RulesetVersion:
        row = {
            "hash": hash,
            "author": author,
            "reason": reason,
            "at": to_us(now),
            "files": rulesets.files_text(files),
            "record": record or {},
        }
        number = await self._change(rulesets.publish, row, pending, base)
        found = await self.version(number)
        assert found is not None  # noqa: S101 -- versions are never deleted
        return found

    async def approve(self, version: int, by: str, now: datetime) -> RulesetVersion:
        return await self._change(rulesets.approve, version, by)

    async def version(self, version: int) -> RulesetVersion | None:
        return await self._read(rulesets.version, version)

    async def versions(self) -> Sequence[RulesetVersion]:
        return await self._read(rulesets.versions)

    async def keep_replay(self, report: ReplayReport) -> None:
        await self._change(rulesets.keep_replay, report)

    async def replay_of(self, hash: str) -> ReplayReport | None:
        return await self._read(rulesets.replay_of, hash)

    async def set_shadow(self, draft: ShadowDraft | None) -> None:
        await self._change(rulesets.set_shadow, draft)

    async def shadow(self) -> ShadowDraft | None:
        return await self._read(rulesets.shadow)

    async def shadow_hash(self) -> str:
        found = await self._database.read(
            lambda conn: conn.scalar(rulesets.SHADOW_HASH, {"cell_": self._cell})
        )
        return found or ""

    async def decisions(
        self,
        since: datetime,
        *,
        after: After | None = None,
        limit: int = 5_000,
        with_facts: bool = True,
    ) -> Sequence[DecisionRecord]:
        return await self._read(decisions.page, to_us(since), after, limit, with_facts)

    async def count_decisions(self, since: datetime) -> int:
        return await self._read(decisions.count, to_us(since))

    async def numbers_of(self, cases: Collection[int]) -> dict[int, TrackingNumber]:
        return await self._read(decisions.numbers, cases)

    async def last_hits(self) -> dict[str, datetime]:
        return await self._read(decisions.last_hits)
