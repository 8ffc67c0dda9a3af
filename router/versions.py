"""Versions of the rules: who published what, when and why, which one is live, which one waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class VersionState(StrEnum):
    PUBLISHED = "published"
    PENDING = "pending"  # waits for a second person
    WITHDRAWN = "withdrawn"  # another version was published while it waited


@dataclass(frozen=True, slots=True)
class RulesetVersion:
    """A version of the YAML: path within the folder → content.

    ``base`` is the version that was live when this one was made, 0 for the first. ``record`` is
    plain JSON for people: what changed, and what the lint and the replay found.
    """

    version: int
    hash: str
    author: str
    reason: str
    at: datetime
    files: Mapping[str, bytes]
    state: VersionState = VersionState.PUBLISHED
    base: int = 0
    approved_by: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What the past cases would have become under a draft.

    ``ruleset`` is the hash of the draft, ``base`` that of the version it was compared with.
    """

    ruleset: str
    base: str
    at: datetime
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShadowDraft:
    """A draft that decides beside the live rules, without effect."""

    hash: str
    author: str
    at: datetime
    files: Mapping[str, bytes]


class Rulesets(Protocol):
    async def active(self) -> RulesetVersion | None: ...
    async def active_hash(self) -> str | None: ...

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
        """Store a new version and make it the live one, in one transaction.

        With ``pending`` it is only stored, and what waited with the same content is withdrawn. ``base`` is the version that must still be live.

        Raises:
            Outdated: another version has become live.
        """
        ...

    async def approve(self, version: int, by: str, now: datetime) -> RulesetVersion:
        """Make a waiting version the live one.

        Raises:
            InvalidInput: no such version waits.
            Outdated: another version has become live since; it waits no more.
        """
        ...

    async def version(self, version: int) -> RulesetVersion | None: ...

    async def versions(self) -> Sequence[RulesetVersion]:
        """List all versions, newest first, without their files."""
        ...

    async def keep_replay(self, report: ReplayReport) -> None:
        """Keep the latest replay of a draft."""
        ...

    async def replay_of(self, hash: str) -> ReplayReport | None: ...

    async def set_shadow(self, draft: ShadowDraft | None) -> None: ...
    async def shadow(self) -> ShadowDraft | None: ...
    async def shadow_hash(self) -> str: ...
