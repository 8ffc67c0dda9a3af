"""`guichet rules list`: beside each rule, how often it is used, refused and corrected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from app.city_time import CITY, DAY
from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    configured,
    print_json,
    say,
)
from app.french import counted
from app.rulebook import LoadedRulebook, load_files, load_folder
from app.rules.refused import refusing
from app.rules.use import Use, gather_refusals, uses
from app.stores import opened
from app.system import SystemClock
from router.store import Store
from rules.coverage import trials_of
from rules.naming import Naming

_LONGEST_NAME = 36  # with it a line has 80 columns
_LONG, _SHORT = timedelta(days=90), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Listed:
    """One rule, where it stands, and what is known of its use."""

    id: str
    where: str
    priority: str
    owner: str
    trials: int
    use: Use
    last: datetime | None
    fix: str

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.where,
            "priority": self.priority,
            "owner": self.owner or None,
            "hits_7d": self.use.recent,
            "hits_90d": self.use.hits,
            "last_hit": self.last.isoformat() if self.last else None,
            "refused": self.use.refused,
            "corrected": self.use.corrected,
            "trials": self.trials,
            "fix": self.fix or None,
        }


def list_rules(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder to list instead of the live rules.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List the rules with their use in 7 and 90 days, refusals, corrections, and what to mend.

    Example: guichet rules list --json
    """

    async def run() -> tuple[list[Listed], Naming]:
        async with opened(data, database_url) as store:
            rulebook = await _rulebook(store, folder)
            found = await listed(store, rulebook, SystemClock().now())
            return found, Naming(rulebook.ruleset)

    with refusing(as_json=as_json):
        found, naming = asyncio.run(run())
        if as_json:
            print_json([one.as_json() for one in found])
        else:
            _tell(found, naming)


async def _rulebook(store: Store, folder: Path | None) -> LoadedRulebook:
    live = await store.active() if folder is None else None
    if live is not None:
        return await asyncio.to_thread(load_files, live.files)
    return await asyncio.to_thread(
        load_folder, config_folder(folder or configured("config", DEFAULT_CONFIG))
    )


async def listed(store: Store, rulebook: LoadedRulebook, now: datetime) -> list[Listed]:
    """Gather what is known of each rule and of each cell of the competence table."""
    used = await uses(store, now - _LONG, now - _SHORT)
    await gather_refusals(store, used)
    last = await store.last_hits()
    covered = await asyncio.to_thread(trials_of, rulebook.ruleset)
    ruleset = rulebook.ruleset
    rules = [
        (rule.id, rule.at, rule.priority, rule.effects.owner.id if rule.effects.owner else "")
        for file in ruleset.configuration.files
        for rule in file.rules
    ]
    rules += [
        (cell.id, cell.owner.at, "competence", cell.owner.id)
        for cell in ruleset.configuration.cells
    ]
    return [
        Listed(
            id,
            f"{at.file}:{at.line}",
            priority,
            owner,
            covered.get(id, 0),
            used.get(id, Use()),
            max(filter(None, (last.get(id), used.get(id, Use()).last)), default=None),
            used.get(id, Use()).fix(rulebook.commune_name),
        )
        for id, at, priority, owner in rules
    ]


def _tell(found: list[Listed], naming: Naming) -> None:
    longest = min(_LONGEST_NAME, max((len(one.id) for one in found), default=0))
    file = ""
    for one in found:
        own, _, line = one.where.rpartition(":")
        if own != file:
            file = own
            say(f"\n{file}")
            say(f"{'ligne':>6}  {'règle':<{longest}}    7 j   90 j  dernière fois  essais")
        say(f"{line:>6}  {one.id:<{longest}}  {_use(one)}")
        for aside in _aside(one, naming):
            say(f"        {aside}")
    fixes = [one for one in found if one.fix]
    if fixes:
        say("\nÀ revoir :")
    for one in fixes:
        say(f"  {one.where} {one.id} : {one.fix}")
    never = sum(one.last is None for one in found)
    untried = sum(one.trials == 0 for one in found)
    unused = counted(never, "jamais appliquée", "jamais appliquées")
    say(f"\n{counted(len(found), 'règle')}, {unused}, {untried} sans essai.")


def _use(one: Listed) -> str:
    last = CITY.shown(one.last, DAY) if one.last else "jamais"
    return f"{one.use.recent:>5}  {one.use.hits:>5}  {last:<13}  {one.trials or 'aucun':>6}"


def _aside(one: Listed, naming: Naming) -> list[str]:
    """Tell what became of the cases of a rule that services refused or agents corrected."""
    told = [f"{one.use.refused} refus"] if one.use.refused else []
    if one.use.corrected:
        told.append(f"{counted(one.use.corrected, 'correction')} par des agents")
    if not told:
        return []
    owner = f" (responsable : {naming.service(one.owner)})" if one.owner else ""
    return [", ".join(told) + owner]
