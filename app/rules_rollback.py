"""`guichet rules rollback`: an older version goes live again, and its cases can be decided again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json, say
from app.draft import live_rulebook
from app.french import STATUSES, counted
from app.publishing import author_of
from app.refused import Refused, refusing
from app.rulebook import load_files
from app.rules_publish import By, Reason
from app.stores import opened
from app.system import SystemClock, SystemIds
from router.case import Case, Status
from router.errors import InvalidInput
from router.ports import Ids
from router.record import After
from router.store import Store, Timer, TimerKind, Unit
from router.tracking import printed
from router.versions import RulesetVersion, VersionState
from rules.changes import changes_between

_PAGE = 5_000
_TIMERS_A_UNIT = 500
_ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did: the new version, and the cases that the bad ones had sent somewhere."""

    version: RulesetVersion
    cases: tuple[tuple[Case, str], ...]
    redispatched: int


def rollback(
    number: Annotated[int, typer.Argument(help="Version whose content goes live again.")],
    reason: Reason = "",
    by: By = "",
    redispatch: Annotated[
        bool, typer.Option("--redispatch", help="Have the running router decide these cases again.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Make an older version live again, as a new one, and list the cases that were sent since.

    Example: guichet rules rollback 3 --reason "Éclairage mal orienté" --par Awa --redispatch
    """

    async def run() -> RolledBack:
        async with opened(data, database_url) as store:
            return await roll_back(
                store, number, reason.strip(), author_of(by, None).name, SystemClock().now(),
                SystemIds() if redispatch else None,
            )  # fmt: skip

    with refusing(as_json=as_json):
        if not reason.strip():
            raise InvalidInput('Dites pourquoi : --reason "…".')
        done = asyncio.run(run())
        if as_json:
            print_json(
                {
                    "version": done.version.version,
                    "restores": number,
                    "cases": [_case_json(case, rule) for case, rule in done.cases],
                    "redispatched": done.redispatched,
                }
            )
        else:
            _tell(done, number, redispatch=redispatch)


async def roll_back(
    store: Store, number: int, reason: str, author: str, now: datetime, ids: Ids | None
) -> RolledBack:
    """Publish the content of an older version; with ``ids``, its cases are decided again.

    Where that content is live already, no version is made: the cases are listed all the same.

    Raises:
        Refused: that version was never published.
        InvalidInput: there is no such version.
        BadConfiguration: this version of Guichet no longer reads it.
    """
    target, live = await store.version(number), await store.active()
    if target is None or live is None:
        raise InvalidInput(f"Il n'y a pas de version {number} des règles.")
    if target.state is not VersionState.PUBLISHED:
        raise Refused(f"La version {number} n'a jamais été en service.")
    version = (
        live
        if target.hash == live.hash
        else await _restore(store, target, live, reason, author, now)
    )
    cases = await _routed_since(store, target)
    due = [case for case, _ in cases if case.status not in _ENDED] if ids else []
    if ids is not None:
        await _decide_again(store, due, now, ids)
    return RolledBack(version, cases, len(due))


async def _restore(
    store: Store,
    target: RulesetVersion,
    live: RulesetVersion,
    reason: str,
    author: str,
    now: datetime,
) -> RulesetVersion:
    restored = await asyncio.to_thread(load_files, target.files)
    before = await asyncio.to_thread(live_rulebook, live)
    changes = changes_between(
        before.ruleset.configuration if before else None,
        restored.ruleset.configuration,
        live.files,
        target.files,
    )
    record = {"changes": changes.as_json(), "restores": target.version, "rolls_back": live.version}
    return await store.publish(
        target.files, restored.hash, author, reason, now, base=live.version, record=record
    )


async def _routed_since(store: Store, target: RulesetVersion) -> tuple[tuple[Case, str], ...]:
    """Find the cases whose last decision is by a version that came after the restored one."""
    bad = {
        one.hash: one.at
        for one in await store.versions()
        if one.version > target.version
        and one.state is VersionState.PUBLISHED
        and one.hash != target.hash
    }
    seen: set[int] = set()
    found: list[tuple[Case, str]] = []
    after: After | None = None
    while bad:
        page = await store.decisions(min(bad.values()), after=after, limit=_PAGE, with_facts=False)
        if not page:
            break
        for record in page:
            new = record.case_id not in seen
            seen.add(record.case_id)
            if new and record.ruleset in bad and record.applied:
                case = await store.case_by_id(record.case_id)
                found += [(case, record.outcome.rule)] if case is not None else []
        after = After(page[-1].at, page[-1].id)
    return tuple(reversed(found))


async def _decide_again(store: Store, cases: Sequence[Case], now: datetime, ids: Ids) -> None:
    """Leave each case to the clock of a running router, durably."""
    timers = [
        Timer(ids.next(), case.id, TimerKind.REDECIDE, now, case.generation) for case in cases
    ]
    for start in range(0, len(timers), _TIMERS_A_UNIT):
        unit = Unit((), timers=tuple(timers[start : start + _TIMERS_A_UNIT]))
        await store.commit([unit], now)


def _tell(done: RolledBack, number: int, *, redispatch: bool) -> None:
    if done.version.version == number:
        say(f"La version {number} est déjà en service.")
    else:
        say(f"Version {done.version.version} en service : le contenu de la version {number}.")
    if not done.cases:
        say("Aucun cas n'a été orienté par une autre version depuis.")
        return
    say(f"{counted(len(done.cases), 'cas orienté', 'cas orientés')} entre-temps :")
    for case, rule in done.cases:
        number_ = printed(case.public_number or case.number)
        line = f"  {number_}  {case.owner}, {STATUSES[case.status]}, règle {rule}"
        say(line)
    if redispatch:
        again = counted(done.redispatched, "cas sera décidé", "cas seront décidés")
        say(f"{again} à nouveau par le routeur en marche.")
    else:
        say("Rien ne change pour eux ; --redispatch les ferait décider à nouveau.")


def _case_json(case: Case, rule: str) -> dict[str, Any]:
    return {
        "number": printed(case.public_number or case.number),
        "owner": case.owner,
        "rule": rule,
        "status": case.status.value,
    }
