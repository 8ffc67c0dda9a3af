"""Versions of the rules and past decisions of the store in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from router.case import Case
from router.errors import InvalidInput, Outdated
from router.record import After, DecisionRecord
from router.tracking import TrackingNumber
from router.versions import ReplayReport, RulesetVersion, ShadowDraft, VersionState
from storage.memory_state import State
from storage.rulesets import not_waiting, outdated


class MemoryRules:
    """The ports Rulesets and Decisions over plain lists."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def active(self) -> RulesetVersion | None:
        live = self._state.live_ruleset
        return self._state.rulesets[live - 1] if live else None

    async def active_hash(self) -> str | None:
        found = await self.active()
        return found.hash if found else None

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
        live = self._state.live_ruleset
        if base is not None and base != live:
            raise Outdated(outdated(live))
        made = RulesetVersion(
            len(self._state.rulesets) + 1,
            hash,
            author,
            reason,
            now,
            dict(files),
            VersionState.PENDING if pending else VersionState.PUBLISHED,
            live,
            "",
            dict(record or {}),
        )
        if pending:
            self._withdraw(hash)
        self._state.rulesets.append(made)
        if not pending:
            self._make_live(made)
        return made

    async def approve(self, version: int, by: str, now: datetime) -> RulesetVersion:
        found = await self.version(version)
        if found is None or found.state is not VersionState.PENDING:
            raise InvalidInput(not_waiting(version))
        if found.base != self._state.live_ruleset:
            raise Outdated(outdated(self._state.live_ruleset))
        made = replace(found, state=VersionState.PUBLISHED, approved_by=by)
        self._state.rulesets[version - 1] = made
        self._make_live(made)
        return made

    def _make_live(self, version: RulesetVersion) -> None:
        """Withdraw what waited upon the older version."""
        self._state.live_ruleset = version.version
        self._withdraw()

    def _withdraw(self, hash: str = "") -> None:
        """Withdraw what waits, or only what waits with one content."""
        self._state.rulesets = [
            replace(each, state=VersionState.WITHDRAWN)
            if each.state is VersionState.PENDING and hash in {"", each.hash}
            else each
            for each in self._state.rulesets
        ]

    async def version(self, version: int) -> RulesetVersion | None:
        known = 1 <= version <= len(self._state.rulesets)
        return self._state.rulesets[version - 1] if known else None

    async def versions(self) -> Sequence[RulesetVersion]:
        return [replace(each, files={}) for each in reversed(self._state.rulesets)]

    async def keep_replay(self, report: ReplayReport) -> None:
        self._state.replays[report.ruleset] = report

    async def replay_of(self, hash: str) -> ReplayReport | None:
        return self._state.replays.get(hash)

    async def set_shadow(self, draft: ShadowDraft | None) -> None:
        self._state.shadow = draft

    async def shadow(self) -> ShadowDraft | None:
        return self._state.shadow

    async def shadow_hash(self) -> str:
        return self._state.shadow.hash if self._state.shadow else ""

    async def decisions(
        self,
        since: datetime,
        *,
        after: After | None = None,
        limit: int = 5_000,
        with_facts: bool = True,
    ) -> Sequence[DecisionRecord]:
        newest_first = sorted(
            self._state.decisions, key=lambda each: (each.at, each.id), reverse=True
        )
        found = [
            each if with_facts and self._has_words(each) else replace(each, facts=None)
            for each in newest_first
            if each.at >= since and (after is None or (each.at, each.id) < (after.at, after.id))
        ]
        return found[:limit]

    def _has_words(self, record: DecisionRecord) -> bool:
        """Tell whether the case still holds the words that were decided on."""
        case, facts = self._state.cases.get(record.case_id), record.facts
        return case is not None and facts is not None and case.text.startswith(facts.text)

    async def count_decisions(self, since: datetime) -> int:
        return sum(each.at >= since for each in self._state.decisions)

    async def numbers_of(self, cases: Collection[int]) -> dict[int, TrackingNumber]:
        known = self._state.cases
        return {each: _shown(known[each]) for each in cases if each in known}

    async def last_hits(self) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for each in self._state.decisions:
            rule = each.outcome.rule
            found[rule] = max(each.at, found.get(rule, each.at))
        return found


def _shown(case: Case) -> TrackingNumber:
    return case.public_number or case.number
