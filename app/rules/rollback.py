"""`guichet rules rollback`: an older version goes live again, and its cases can be decided again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json
from app.draft import live_rulebook
from app.rulebook import load_files
from app.rules.publish import By, Reason, Teams
from app.rules.publishing import already, asked_of, author_of, waiting_with
from app.rules.refused import Refused, refusing
from app.rules.rolled_back import RolledBack, tell
from app.rules.second_person import Author, needed
from app.rules.sent_since import sent_since
from app.stores import opened
from app.system import SystemClock, SystemIds
from router.case import Case, Status
from router.errors import InvalidInput
from router.handling.reconsider import stays
from router.ports import Ids
from router.store import Store
from router.versions import RulesetVersion, VersionState
from router.work import Timer, TimerKind, Unit
from rules.changes import changes_between
from rules.trials import TrialResult, run

_TIMERS_A_UNIT = 500
_ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}


def rollback(
    number: Annotated[int, typer.Argument(help="Version whose content goes live again.")],
    reason: Reason = "",
    by: By = "",
    teams: Teams = None,
    urgent: Annotated[
        str | None,
        typer.Option(
            "--urgence",
            help="Go live without the second person: why it cannot wait; kept for ever.",
        ),
    ] = None,
    redispatch: Annotated[
        bool, typer.Option("--redispatch", help="Have the running router decide these cases again.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Make an older version live again, as a new one, and list the cases that were sent since.

    What changes rules of danger, or another's files, waits for a second person as a draft does.

    Example: guichet rules rollback 3 --reason "Éclairage mal orienté" --par Awa --redispatch
    Example: guichet rules rollback 3 --reason "Mauvais numéro" --urgence "Le 18 est faux, il est 3 h"
    """

    async def back() -> RolledBack:
        async with opened(data, database_url) as store:
            return await roll_back(
                store, number, reason.strip(), author_of(by, teams), SystemClock().now(),
                SystemIds() if redispatch else None, (urgent or "").strip(),
            )  # fmt: skip

    with refusing(as_json=as_json):
        if not reason.strip():
            raise InvalidInput('Dites pourquoi : --reason "…".')
        if urgent is not None and not urgent.strip():
            raise InvalidInput('Dites pourquoi cela presse : --urgence "…".')
        done = asyncio.run(back())
        if as_json:
            print_json(done.as_json())
        else:
            tell(done, redispatch=redispatch)


async def roll_back(
    store: Store,
    number: int,
    reason: str,
    author: Author,
    now: datetime,
    ids: Ids | None,
    urgent: str = "",
) -> RolledBack:
    """Publish the content of an older version; with ``ids``, its cases are decided again.

    Its essais are run and told, and refuse nothing: the way back stays open. Where that content is live already, no version is made: the cases are listed all the same.
    ``urgent`` says why a second person, where one is needed, is not waited for.

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
    version, trials = live, None
    if target.hash != live.hash:
        version, trials = await _restore(store, target, live, reason, author, now, urgent)
    cases = await sent_since(store, target)
    if version.state is VersionState.PENDING:
        return RolledBack(number, version, cases, 0, needed=asked_of(version), trials=trials)
    due = [case for case, _ in cases if case.status not in _ENDED] if ids else []
    if ids is not None:
        await _decide_again(store, due, now, ids)
    staying = tuple(filter(stays, due))
    return RolledBack(number, version, cases, len(due), staying, trials=trials)


async def _restore(
    store: Store,
    target: RulesetVersion,
    live: RulesetVersion,
    reason: str,
    author: Author,
    now: datetime,
    urgent: str,
) -> tuple[RulesetVersion, tuple[TrialResult, ...]]:
    """Publish a content anew, or have it wait; one that waits so already does on."""
    restored = await asyncio.to_thread(load_files, target.files)
    trials = await asyncio.to_thread(run, restored.ruleset)
    before = await asyncio.to_thread(live_rulebook, live)
    old, new = before.ruleset.configuration if before else None, restored.ruleset.configuration
    changes = changes_between(old, new, live.files, target.files)
    second = needed(changes, old, new, author)
    waits = bool(second) and not urgent
    waiting = already(await waiting_with(store, restored.hash), second) if waits else None
    if waiting is not None:
        return waiting, trials
    passed = sum(one.passed for one in trials)
    record = {"changes": changes.as_json(), "restores": target.version, "rolls_back": live.version,
              "tests": {"passed": passed, "failed": len(trials) - passed},
              "second_person": second.as_json(),
              **({"emergency": urgent} if second and urgent else {})}  # fmt: skip
    published = await store.publish(
        target.files, restored.hash, author.name, reason, now,
        base=live.version, record=record, pending=waits,
    )  # fmt: skip
    return published, trials


async def _decide_again(store: Store, cases: Sequence[Case], now: datetime, ids: Ids) -> None:
    """Leave each case to the clock of a running router, durably."""
    timers = [
        Timer(ids.next(), case.id, TimerKind.REDECIDE, now, case.generation) for case in cases
    ]
    for start in range(0, len(timers), _TIMERS_A_UNIT):
        unit = Unit((), timers=tuple(timers[start : start + _TIMERS_A_UNIT]))
        await store.commit([unit], now)
