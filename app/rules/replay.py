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
from rules.naming import PLAIN, Naming
from rules.replay import Kind, Reason, Replay, as_json

_PAGE = 2_000
_KEPT_CHANGES = 200
_NAMES = {
    Kind.DANGER_LOST: ("danger qui ne serait plus vu", "dangers qui ne seraient plus vus"),
    Kind.WITHOUT_RULE: ("cas qui n'aurait plus de règle", "cas qui n'auraient plus de règle"),
    Kind.URGENCY_LOWERED: ("urgence abaissée", "urgences abaissées"),
    Kind.OWNER: ("cas qui changerait de service", "cas qui changeraient de service"),
    Kind.PARTS: ("cas partagé autrement", "cas partagés autrement"),
    Kind.REPLIES: ("cas dont la réponse changerait", "cas dont la réponse changerait"),
    Kind.CONFIDENTIAL: (
        "cas qui changerait de confidentialité",
        "cas qui changeraient de confidentialité",
    ),
    Kind.NOTIFY: (
        "cas qui informerait d'autres services",
        "cas qui informeraient d'autres services",
    ),
    Kind.URGENCY_RAISED: ("urgence relevée", "urgences relevées"),
    Kind.DANGER_FOUND: ("danger nouvellement vu", "dangers nouvellement vus"),
}
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
        counted(replay.count(kind), *_NAMES[kind])
        for kind in Kind
        if kind is not Kind.OWNER and replay.count(kind)
    ]
    lines += _not_replayed(replay)
    for kind in Kind:
        own = [one for one in found.changes if one["kinds"][0] == kind.value]
        if own:
            name = _NAMES[kind][len(own) > 1]
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


def change_told(one: Mapping[str, Any], old: Naming, new: Naming) -> list[str]:
    """Tell a case that would change: who had it and would have it, how urgent, and by which rules.

    ``old`` names what the live rules speak of, ``new`` what the draft does.
    """
    before, after = one["from"], one["to"]
    day = CITY.shown(datetime.fromisoformat(one["at"]), DAY)
    rules = old.rule(before["rule"]), new.rule(after["rule"])
    told = f"{one['number']}  {day}  "
    if before["owner"] != after["owner"]:
        told += f"{old.service(before['owner'])} → "
    lines = [told + new.service(after["owner"])]
    if before["urgency"] != after["urgency"]:
        urgency, then = (URGENCIES[Urgency(each["urgency"])] for each in (before, after))
        lines.append(f"  urgence : {urgency} → {then}")
    if before["rule"] != after["rule"]:
        lines.append(f"  règle : {rules[0]} → {rules[1]}")
    for key, name in _DONE.items():
        does, will_do = (_done_told(key, each.get(key)) for each in (before, after))
        if does != will_do:
            lines.append(f"  {name} : {does} → {will_do}")
    return [*lines, f"  {one['why']}"] if one["why"] else lines


_DONE = {
    "parts": "parts",
    "replies": "réponse",
    "confidential": "confidentiel",
    "notify": "services informés",
}
"""What a decision does beside naming a service, by its key in the JSON of a change."""


def _done_told(key: str, value: Any) -> str:
    if key == "confidential":
        return "oui" if value else "non"
    named = [f"{one['part']} ({one['owner']})" if key == "parts" else one for one in value or ()]
    return ", ".join(named) or "rien"


_EFFECTS = {
    Kind.DANGER_LOST: "danger perdu",
    Kind.WITHOUT_RULE: "sans règle",
    Kind.URGENCY_LOWERED: "urgence abaissée",
    Kind.OWNER: "autre service",
    Kind.PARTS: "autres parts",
    Kind.REPLIES: "autre réponse",
    Kind.CONFIDENTIAL: "confidentialité changée",
    Kind.NOTIFY: "autres services informés",
    Kind.URGENCY_RAISED: "urgence relevée",
    Kind.DANGER_FOUND: "danger trouvé",
}


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
            [one["number"], one["at"], ", ".join(_EFFECTS[Kind(kind)] for kind in one["kinds"]), before["owner"],
             after["owner"], before["rule"], after["rule"],
             URGENCIES[Urgency(before["urgency"])], URGENCIES[Urgency(after["urgency"])], one["why"]]
        )  # fmt: skip
    write(path, sheet.getvalue(), "utf-8-sig")  # spreadsheets want the mark
