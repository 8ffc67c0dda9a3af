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
from app.rulebook import load_files
from app.rules.publish import By, Reason, Teams
from app.rules.publishing import already, asked_of, author_of, waiting_with
from app.rules.refused import Refused, refusing
from app.rules.second_person import Author, Needed, needed, options
from app.rules.sent_since import sent_since
from app.stores import opened
from app.system import SystemClock, SystemIds
from router.case import Case, Status
from router.errors import InvalidInput
from router.handling.reconsider import stays
from router.ports import Ids
from router.store import Store, Timer, TimerKind, Unit
from router.tracking import printed
from router.versions import RulesetVersion, VersionState
from rules.changes import changes_between

_TIMERS_A_UNIT = 500
_ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did: the new version, and the cases that the bad ones had sent somewhere.

    Of these ``redispatched`` are decided again; ``staying`` are those among them that no rule moves
    any more, but one of danger. Where it waits for a second person, ``needed`` says why, and nothing
    is done yet.
    """

    version: RulesetVersion
    cases: tuple[tuple[Case, str], ...]
    redispatched: int
    staying: tuple[Case, ...] = ()
    needed: Needed = Needed()

    @property
    def waits(self) -> bool:
        return self.version.state is VersionState.PENDING


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

    async def run() -> RolledBack:
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
        done = asyncio.run(run())
        if as_json:
            print_json(
                {
                    "version": done.version.version,
                    "state": done.version.state.value,
                    "restores": number,
                    "second_person": done.needed.as_json(),
                    "emergency": done.version.record.get("emergency"),
                    "cases": [_case_json(case, rule) for case, rule in done.cases],
                    "redispatched": done.redispatched,
                    "staying": [_number(case) for case in done.staying],
                }
            )
        else:
            _tell(done, number, redispatch=redispatch)


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

    Where that content is live already, no version is made: the cases are listed all the same.
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
    version = live
    if target.hash != live.hash:
        version = await _restore(store, target, live, reason, author, now, urgent)
    cases = await sent_since(store, target)
    if version.state is VersionState.PENDING:
        return RolledBack(version, cases, 0, needed=asked_of(version))
    due = [case for case, _ in cases if case.status not in _ENDED] if ids else []
    if ids is not None:
        await _decide_again(store, due, now, ids)
    return RolledBack(version, cases, len(due), tuple(filter(stays, due)))


async def _restore(
    store: Store,
    target: RulesetVersion,
    live: RulesetVersion,
    reason: str,
    author: Author,
    now: datetime,
    urgent: str,
) -> RulesetVersion:
    """Publish a content anew, or have it wait; one that waits so already does on."""
    restored = await asyncio.to_thread(load_files, target.files)
    before = await asyncio.to_thread(live_rulebook, live)
    old, new = before.ruleset.configuration if before else None, restored.ruleset.configuration
    changes = changes_between(old, new, live.files, target.files)
    second = needed(changes, old, new, author)
    waits = bool(second) and not urgent
    waiting = already(await waiting_with(store, restored.hash), second) if waits else None
    if waiting is not None:
        return waiting
    record = {"changes": changes.as_json(), "restores": target.version, "rolls_back": live.version,
              "second_person": second.as_json(),
              **({"emergency": urgent} if second and urgent else {})}  # fmt: skip
    return await store.publish(
        target.files, restored.hash, author.name, reason, now,
        base=live.version, record=record, pending=waits,
    )  # fmt: skip


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
    elif done.waits:
        _tell_waiting(done, number)
    else:
        say(f"Version {done.version.version} en service : le contenu de la version {number}.")
    if not done.cases:
        say("Aucun cas n'a été orienté par une autre version depuis.")
        return
    say(f"{counted(len(done.cases), 'cas orienté', 'cas orientés')} entre-temps :")
    for case, rule in done.cases:
        say(f"  {_number(case)}  {case.owner}, {STATUSES[case.status]}, règle {rule}")
    if done.waits:
        say("Rien ne change pour eux avant l'accord : relancez ensuite cette commande.")
    elif redispatch:
        again = counted(done.redispatched, "cas sera décidé", "cas seront décidés")
        say(f"{again} à nouveau par le routeur en marche.")
        _tell_staying(done.staying)
    else:
        say("Rien ne change pour eux ; --redispatch les ferait décider à nouveau.")


def _tell_waiting(done: RolledBack, number: int) -> None:
    own, needed_ = done.version.version, done.needed
    say(
        f"Version {own} en attente de l'accord d'une deuxième personne, avec le contenu de la "
        f"version {number} :"
    )
    for sentence in needed_.sentences:
        say(f"  {sentence}")
    say(f"  guichet rules approve {own} --par NOM {needed_.speaking}".rstrip())
    if needed_.by_team_alone:
        say(f"  Si vous en êtes, recommencez avec {options((needed_.foreign or {}).values())}")
    say(
        'Si cela ne peut pas attendre, recommencez avec --urgence "pourquoi" : l\'historique le garde.'
    )


def _tell_staying(staying: Sequence[Case]) -> None:
    if not staying:
        return
    stay = counted(len(staying), "restera", "resteront")
    say(
        f"Dont {stay} au même service, sauf danger : le travail a commencé, ou la demande est "
        "transmise ailleurs, divisée ou placée par un agent."
    )
    for case in staying:
        say(f"  {_number(case)}  {case.owner}, {STATUSES[case.status]}")


def _number(case: Case) -> str:
    return printed(case.public_number or case.number)


def _case_json(case: Case, rule: str) -> dict[str, Any]:
    return {
        "number": _number(case),
        "owner": case.owner,
        "rule": rule,
        "status": case.status.value,
    }
