"""`guichet rules shadow`: a draft decides beside the live rules, without effect."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.city_time import CITY
from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, err, print_json, say
from app.draft import draft_of, live_rulebook
from app.french import counted
from app.rulebook import BadConfiguration, load_files
from app.rules.differing import change_told
from app.rules.publish import By
from app.rules.publishing import author_of
from app.rules.refused import refusing
from app.since import Since
from app.since import since as moment_of
from app.stores import opened
from app.system import SystemClock
from router.errors import InvalidInput
from router.record import After, DecisionRecord
from router.store import Store
from router.tracking import printed
from router.versions import ShadowDraft
from rules.differences import Change, as_json, compared
from rules.naming import PLAIN, Naming

_PAGE = 5_000


def shadow(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the draft.")] = None,
    off: Annotated[bool, typer.Option("--off", help="End the trial.")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="List what would have differed.")
    ] = False,
    since: Since = "90j",
    by: By = "",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    json_: Json = False,
) -> None:
    """Try a draft on what comes in: the live rules are applied, the differences are kept.

    Example: guichet rules shadow config/ ; guichet rules shadow --report ; guichet rules shadow --off
    """

    async def run() -> None:
        async with opened(data, database_url) as store:
            if folder is not None:
                await _begin(store, folder, author_of(by, None).name, json_)
            elif off:
                await _end(store, json_)
            else:
                await _report(store, moment_of(since, SystemClock().now()), json_)

    with refusing(as_json=json_):
        if [folder is not None, off, report].count(True) != 1:
            raise InvalidInput("Donnez le dossier d'un brouillon, --off ou --report.")
        asyncio.run(run())


async def _begin(store: Store, folder: Path, author: str, json_: bool) -> None:
    now, live, before = SystemClock().now(), await store.active(), await store.shadow()
    draft = await asyncio.to_thread(draft_of, folder, live, now.date())
    hash_ = draft.rulebook.hash
    idle = live is not None and live.hash == hash_
    if not idle and not (before and before.hash == hash_):
        await store.set_shadow(ShadowDraft(hash_, author, now, draft.files))
    for kept in draft.kept:
        say(f"! {kept}", to=err)
    if json_:
        tried = None if idle else hash_
        print_json({"shadow": tried, "kept": [one.path for one in draft.kept]})
    else:
        say(_NOTHING if idle else _begun(hash_, before))


_NOTHING = "Rien à essayer : ce contenu est déjà en service."


def _begun(hash_: str, before: ShadowDraft | None) -> str:
    """Say that a draft is on trial, and what it was that was on trial before."""
    if before is None:
        return "Le brouillon décide désormais à côté des règles en service, sans effet."
    since = CITY.shown(before.at)
    if before.hash == hash_:
        return (
            f"Ce brouillon est déjà à l'essai : {before.author} l'a mis à côté des règles en "
            f"service le {since}. Son essai continue."
        )
    return (
        "Le brouillon décide désormais à côté des règles en service, sans effet. Il remplace celui "
        f"que {before.author} avait mis à l'essai le {since}."
    )


async def _end(store: Store, json_: bool) -> None:
    before = await store.shadow_hash()
    await store.set_shadow(None)
    if json_:
        print_json({"shadow": None, "was": before or None})
    else:
        say("L'essai à blanc est terminé." if before else "Aucun brouillon n'était à l'essai.")


async def _report(store: Store, since: datetime, json_: bool) -> None:
    found = await compare(store, since)
    if json_:
        print_json(found.as_json())
    else:
        _tell(found, *await _names(store, found.draft))


@dataclass(slots=True)
class Compared:
    """What the draft in shadow decided, beside what was applied."""

    draft: ShadowDraft | None
    decisions: int = 0
    changes: list[Change] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)

    def look(self, records: Iterable[DecisionRecord]) -> None:
        for record in records:
            if record.shadow is None:
                continue
            if self.draft is not None and record.shadow.ruleset != self.draft.hash:
                continue
            self.decisions += 1
            kinds = compared(record.outcome, record.shadow.outcome)
            if kinds:
                after = record.shadow.outcome
                self.changes.append(
                    Change(record.case_id, record.at, kinds, record.outcome, after, "")
                )

    def as_json(self) -> dict[str, Any]:
        return {
            "shadow": self.draft.hash if self.draft else None,
            "since": self.draft.at.isoformat() if self.draft else None,
            "decisions": self.decisions,
            "changed": len(self.changes),
            "changes": [as_json(one, self.numbers.get(one.case_id, "–")) for one in self.changes],
        }


async def compare(store: Store, since: datetime) -> Compared:
    """Gather what the draft that is in shadow, or the last one that was, decided otherwise."""
    found = Compared(await store.shadow())
    after: After | None = None
    while page := await store.decisions(since, after=after, limit=_PAGE, with_facts=False):
        found.look(page)
        after = After(page[-1].at, page[-1].id)
    numbers = await store.numbers_of({one.case_id for one in found.changes})
    found.numbers = {case_id: printed(number) for case_id, number in numbers.items()}
    return found


def _tell(found: Compared, before: Naming, after: Naming) -> None:
    for line in lines_of(found, before, after):
        say(line)


def lines_of(found: Compared, before: Naming = PLAIN, after: Naming = PLAIN) -> list[str]:
    """Say what would have differed as a supervisor reads it: where cases would go, then each.

    ``before`` names what the live rules speak of, ``after`` what the draft does.
    """
    if found.draft is None and not found.decisions:
        return ["Aucun brouillon n'est à l'essai."]
    if not found.decisions:
        return ["Le brouillon n'a encore rien décidé."]
    flows = Counter(
        (one.before.owner, one.after.owner)
        for one in found.changes
        if one.before.owner != one.after.owner
    )
    lines = [
        f"{counted(found.decisions, 'décision comparée')}, "
        f"{counted(len(found.changes), 'différente')}."
    ]
    lines += [
        f"  {count}  {before.service(start)} → {after.service(end)}"
        for (start, end), count in flows.most_common()
    ]
    for one in found.changes:
        told = as_json(one, found.numbers.get(one.case_id, "–"))
        lines += [f"  {line}" for line in change_told(told, before, after)]
    return lines


async def _names(store: Store, draft: ShadowDraft | None) -> tuple[Naming, Naming]:
    """Find the names of the live rules, and those of the draft where it can be read."""
    live = await asyncio.to_thread(live_rulebook, await store.active())
    before = Naming(live.ruleset) if live else PLAIN
    if draft is None:
        return before, before
    try:
        tried = await asyncio.to_thread(load_files, draft.files)
    except BadConfiguration:  # it was written for another version of Guichet
        return before, before
    return before, Naming(tried.ruleset)
