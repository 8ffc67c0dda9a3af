"""The way of a draft to the live rules: checked, tested, replayed, agreed, then all at once."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.draft import Draft, live_rulebook
from app.french import counted
from app.lint_record import lint_record
from app.rules.refused import Refused
from app.rules.second_person import Author, Needed, needed
from router.store import Store
from router.versions import ReplayReport, RulesetVersion, VersionState
from rules import trials
from rules.changes import Changes, changes_between

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a draft; ``version`` is None when it held nothing new.

    With ``waited`` it is one that waited already. ``withdrawn`` waited with the same content, and
    ``replay`` is None where no case was ever decided.
    """

    version: RulesetVersion | None
    changes: Changes
    needed: Needed
    replay: Mapping[str, Any] | None = None
    waited: bool = False
    withdrawn: tuple[int, ...] = ()


async def publish(
    store: Store,
    draft: Draft,
    live: RulesetVersion | None,
    author: Author,
    reason: str,
    now: datetime,
) -> Published:
    """Publish a draft, or have it wait for a second person; one that waits so already does on.

    Raises:
        Refused: a test fails, or the draft was not replayed upon the version that is live.
        Outdated: somebody else published meanwhile.
    """
    old = await asyncio.to_thread(live_rulebook, live)
    new = draft.rulebook.ruleset.configuration
    before = old.ruleset.configuration if old else None
    changes = changes_between(before, new, live.files if live else {}, draft.files)
    if live is not None and not changes.files:
        return Published(None, changes, Needed())
    second = needed(changes, before, new, author) if live is not None else Needed()
    waiting = await waiting_with(store, draft.rulebook.hash)
    found = already(waiting, second)
    if found is not None:
        asked = asked_of(found)
        return Published(found, changes, asked, found.record.get("replay"), waited=True)
    passed = await asyncio.to_thread(_test, draft)
    report = await _replay(store, draft, live)
    record: dict[str, Any] = {
        "changes": changes.as_json(),
        "lint": lint_record(draft.problems),
        "tests": {"passed": passed},
        "replay": _replay_record(report),
        "kept": [one.path for one in draft.kept],
        "second_person": second.as_json(),
    }
    version = await store.publish(
        draft.files,
        draft.rulebook.hash,
        author.name,
        reason,
        now,
        base=live.version if live else 0,
        record=record,
        pending=bool(second),
    )
    withdrawn = tuple(one.version for one in waiting)
    return Published(version, changes, second, record["replay"], withdrawn=withdrawn)


async def waiting_with(store: Store, content: str) -> list[RulesetVersion]:
    """List the versions that wait with the very content of this hash."""
    return [
        one
        for one in await store.versions()
        if one.state is VersionState.PENDING and one.hash == content
    ]


def already(waiting: Iterable[RulesetVersion], second: Needed) -> RulesetVersion | None:
    """Find the one that waits for nobody but those who must agree this time as well."""
    return next((one for one in waiting if asked_of(one) and asked_of(one).within(second)), None)


def asked_of(version: RulesetVersion) -> Needed:
    """Tell who must agree, or had to, for a version to go live."""
    return Needed.from_json(version.record.get("second_person", {}))


def _test(draft: Draft) -> int:
    results = trials.run(draft.rulebook.ruleset)
    failed = [one for one in results if not one.passed]
    if failed:
        lines = ["\n    ".join(one.lines) for one in failed]
        told = counted(len(failed), "essai en échec", "essais en échec")
        raise Refused("\n".join([*lines, f"{told} : rien n'est publié."]))
    return len(results)


async def _replay(store: Store, draft: Draft, live: RulesetVersion | None) -> ReplayReport | None:
    """Find the replay of this very draft; none is needed where nothing was ever decided."""
    report = await store.replay_of(draft.rulebook.hash)
    if live is None or not await store.decisions(_EVER, limit=1, with_facts=False):
        return report
    if report is None:
        raise Refused(
            "Ce brouillon n'a pas été rejoué tel qu'il est : lancez « guichet rules replay » "
            "sur ce dossier, lisez ce qui changerait, puis publiez."
        )
    if report.base != live.hash:
        raise Refused(
            f"Le rejeu de ce brouillon le comparait à une autre version que la {live.version}, en "
            "service depuis : rejouez-le, puis publiez."
        )
    return report


def _replay_record(report: ReplayReport | None) -> Mapping[str, Any] | None:
    if report is None:
        return None
    own = {key: value for key, value in report.record.items() if key != "changes"}
    return {"at": report.at.isoformat(), **own}


def author_of(name: str, teams: list[str] | None) -> Author:
    """Name who acts: the name given, else that of the session on this machine."""
    return Author(name.strip() or os.environ.get("GUICHET_PAR") or _session(), tuple(teams or ()))


def _session() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"utilisateur {os.getuid()}"
