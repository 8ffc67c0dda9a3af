"""`guichet rules replay`: what the cases of the past would become under a draft."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.city_time import CITY, DAY
from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    FAILED,
    Data,
    DatabaseUrl,
    Folder,
    Json,
    config_folder,
    err,
    print_json,
    say,
)
from app.draft import Draft, draft_of, live_rulebook
from app.french import URGENCIES, counted
from app.rules.differing import EFFECTS, NAMES, change_told
from app.rules.refused import refusing
from app.since import Since
from app.since import since as moment_of
from app.stores import opened
from app.system import SystemClock
from app.written import check_writable, write
from router.decision import Urgency
from router.record import After
from router.store import Store
from router.tracking import printed
from router.versions import ReplayReport
from rules.alike import alike
from rules.differences import Kind, as_json
from rules.naming import PLAIN, Naming
from rules.replay import Reason, Replay

_PAGE = 2_000
_KEPT_CHANGES = 200
_NOT_REPLAYED = ("cas n'a pas pu être rejoué", "cas n'ont pas pu être rejoués")
_WHY_NOT = {
    Reason.FACTS_MISSING: "les faits ne sont plus là",
    Reason.ENGINE_ERROR: "le moteur a échoué",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay with the numbers of the cases that it changes."""

    replay: Replay
    changes: list[Mapping[str, Any]]
    since: datetime
    seconds: float

    def summary(self) -> dict[str, Any]:
        return {"since": self.since.isoformat(), **self.replay.summary()}


def replay(
    folder: Folder = DEFAULT_CONFIG,
    since: Since = "90j",
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write every changed case to this file.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Run past cases, with their facts as they were, through a draft; nothing is changed.

    Example: guichet rules replay config/ --since 90j --csv changements.csv
    """

    async def run() -> tuple[Draft, Replayed]:
        now = SystemClock().now()
        start = moment_of(since, now)
        async with opened(data, database_url) as store:
            live = await store.active()
            draft = await asyncio.to_thread(draft_of, config_folder(folder), live, now.date())
            found = await replayed(store, draft, start, quiet=as_json)
            record = {**found.summary(), "changes": found.changes[:_KEPT_CHANGES]}
            base = live.hash if live else ""
            await store.keep_replay(ReplayReport(draft.rulebook.hash, base, now, record))
            return draft, found

    with refusing(as_json=as_json):
        check_writable(csv_file)
        draft, found = asyncio.run(run())
        if csv_file is not None:
            _write_csv(csv_file, found.changes)
        if as_json:
            kept = [one.path for one in draft.kept]
            whole = {"ruleset": draft.rulebook.hash, "kept_files": kept, **found.summary()}
            print_json({**whole, "seconds": round(found.seconds, 3), "changes": found.changes})
        else:
            _tell(draft, found)
        if draft.kept:
            raise typer.Exit(FAILED)


async def replayed(store: Store, draft: Draft, since: datetime, *, quiet: bool) -> Replayed:
    """Replay everything since a moment, a page at a time, with a bar on stderr."""
    live = await asyncio.to_thread(live_rulebook, await store.active())
    same = await asyncio.to_thread(alike, live.ruleset, draft.rulebook.ruleset) if live else None
    replay = Replay(draft.rulebook, live, same)
    total = await store.count_decisions(since)
    began = perf_counter()
    after: After | None = None
    with _bar(quiet) as progress:
        task = progress.add_task("Rejeu", total=total)
        while page := await store.decisions(since, after=after, limit=_PAGE):
            await asyncio.to_thread(replay.look, page)
            after = After(page[-1].at, page[-1].id)
            progress.advance(task, len(page))
    changes = replay.worst_first()
    numbers = await store.numbers_of({one.case_id for one in changes})
    told = [
        as_json(one, printed(numbers[one.case_id]) if one.case_id in numbers else "–")
        for one in changes
    ]
    return Replayed(replay, told, since, perf_counter() - began)


def _bar(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=quiet,
        transient=True,
    )


def _tell(draft: Draft, found: Replayed) -> None:
    for kept in draft.kept:
        say(f"! {kept}", to=err)
    for line in lines_of(found, Naming(draft.rulebook.ruleset)):
        say(line)


def lines_of(found: Replayed, naming: Naming = PLAIN) -> list[str]:
    """Say a replay as a supervisor reads it: what is worst first, then every case."""
    replay = found.replay
    if not replay.cases:
        day = CITY.shown(found.since, DAY)
        return [f"Aucun cas n'a été décidé depuis le {day} : il n'y a rien à rejouer."]
    lines = [_headline(replay, naming)]
    lines += [
        counted(replay.count(kind), *NAMES[kind])
        for kind in Kind
        if kind is not Kind.OWNER and replay.count(kind)
    ]
    lines += _not_replayed(replay)
    for kind in Kind:
        own = [one for one in found.changes if one["kinds"][0] == kind.value]
        if own:
            name = NAMES[kind][len(own) > 1]
            lines += ["", f"{name[0].upper()}{name[1:]} :"]
            lines += [f"  {line}" for one in own for line in change_told(one, naming, naming)]
    seconds = f"{found.seconds:.1f}".replace(".", ",")
    told = counted(replay.replayed, "cas rejoué", "cas rejoués")
    lines += ["", f"{told} depuis le {CITY.shown(found.since, DAY)}, en {seconds} s."]
    return lines


def _headline(replay: Replay, naming: Naming) -> str:
    changed = len(replay.changes)
    if not changed:
        if replay.replayed == 1:
            return "Le seul cas rejoué ne changerait pas."
        return f"Aucun des {replay.replayed} cas rejoués ne changerait."
    told = counted(changed, "cas changerait", "cas changeraient")
    flows = [
        f"{count} {naming.service(start)} → {naming.service(end)}"
        for start, end, count in replay.flows()
    ]
    return f"{told} : {', '.join(flows)}" if flows else f"{told}."


def _not_replayed(replay: Replay) -> list[str]:
    lines = [
        f"{counted(replay.missed[reason], *_NOT_REPLAYED)} : {_WHY_NOT[reason]}."
        for reason in Reason
        if replay.missed[reason]
    ]
    return lines + [f"  {error}" for error in list(replay.errors)[:5]]


def _write_csv(path: Path, changes: list[Mapping[str, Any]]) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=";")
    writer.writerow(
        ["numero", "date", "effets", "de", "a", "regle_avant", "regle_apres",
         "urgence_avant", "urgence_apres", "pourquoi"]
    )  # fmt: skip
    for one in changes:
        before, after = one["from"], one["to"]
        writer.writerow(
            [one["number"], one["at"], ", ".join(EFFECTS[Kind(kind)] for kind in one["kinds"]), before["owner"],
             after["owner"], before["rule"], after["rule"],
             URGENCIES[Urgency(before["urgency"])], URGENCIES[Urgency(after["urgency"])], one["why"]]
        )  # fmt: skip
    write(path, sheet.getvalue(), "utf-8-sig")  # spreadsheets want the mark
