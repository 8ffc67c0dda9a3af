"""`guichet cases`: list, show and export cases."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.city_time import CITY, SECOND
from app.commune_names import commune_names
from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json, say, speaking
from app.french import DELIVERIES, EVENTS, STATUSES, URGENCIES, WHO
from app.quarantine import quarantine
from app.stores import opened
from app.where_to import where_to
from router.archive import CaseFilter, CaseReader
from router.case import Case, Event, EventKind, Status
from router.delivery import Delivery
from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse, printed
from router.words.called import SENDINGS, channel_called
from router.words.place_line import one_line
from router.words.rule_names import by_rule

cli = typer.Typer(no_args_is_help=True, help="Cases: list, show, export.")
cli.command("quarantine")(quarantine)
_PAGE = 500


@cli.command("list")
def list_cases(
    status: Annotated[str, typer.Option(help="Only this status.")] = "",
    owner: Annotated[str, typer.Option(help="Only this service.")] = "",
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    label: Annotated[
        str, typer.Option(help="Only with this label: a-verifier, en-retard, or one of the rules.")
    ] = "",
    text: Annotated[
        str, typer.Option(help="Only with these words, this number, or this number of a service.")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List cases, newest first.

    Example: guichet cases list --owner eclairage-metropole --json
    """
    status = next((code for code, said in STATUSES.items() if status == said), status)
    if status and status not in set(Status):
        raise typer.BadParameter(f"« {status} »: one of {', '.join(Status)}", param_hint="--status")
    wanted = CaseFilter(
        status=status, owner=owner, channel=channel, text=text, label=label, limit=limit
    )

    async def run() -> list[Case]:
        async with opened(data, database_url) as store:
            return list(await store.cases(wanted))

    with speaking():
        found = asyncio.run(run())
        if as_json:
            print_json([summary(case) for case in found])
            return
        if not found:
            say("Aucune demande.")
            return
        for case in found:
            at = CITY.shown(case.received_at)
            state = f"{STATUSES[case.status]}, urgence {URGENCIES[case.urgency]}"
            say(
                f"{printed(case.number)}  {at}  {state}, par {channel_called(case.channel)}",
                hang=15,
            )
            labels = f" ({', '.join(case.labels)})" if case.labels else ""
            what = case.category or "catégorie inconnue"
            say(f"               {case.owner}, {what}{labels}", hang=15)


@cli.command("show")
def show(
    number: Annotated[
        str,
        typer.Argument(help="Tracking number, in any spelling, or the number that a service gave."),
    ],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Show a case: who is in charge, why, and everything that happened.

    Example: guichet cases show 7K4M-Q2XD-9TZ
    """

    async def run() -> tuple[Case, list[Event], list[Delivery], Mapping[str, str]]:
        async with opened(data, database_url) as store:
            case = await _found(store, number)
            live = None if as_json else await store.active()
            communes = commune_names(live.files) if live else {}
            written = list(await store.deliveries(case.id))
            return case, list(await store.events(case.id)), written, communes

    with speaking():
        case, events, deliveries, communes = asyncio.run(run())
        if as_json:
            print_json(whole(case, events, deliveries))
            return
        _tell(case, events, deliveries, communes)


_ASIDE = 10
"""Columns of the names at the left of a case."""


def _tell(
    case: Case, events: list[Event], deliveries: list[Delivery], communes: Mapping[str, str]
) -> None:
    say(
        f"{printed(case.number)}  {STATUSES[case.status]}, urgence {URGENCIES[case.urgency]}",
        style="bold",
    )
    rows = [
        ("service", f"{case.owner} : {by_rule(case.rule)}"),
        ("chez lui", case.partner_ref),
        ("lieu", _where(case, communes) or "inconnu"),
        *(("texte", line) for line in case.text.splitlines()),
        *(("répondu", f"{answer.fact} : {answer.text}") for answer in case.answers),
        *(("résultat", f"{file.name} ({file.media_type})") for file in case.proofs),
        ("proposer", ", ".join(case.proposals)),
        ("étiquettes", ", ".join(case.labels)),
    ]
    said = ""
    for name, value in rows:
        if value:
            say(f"{name if name != said else '':<{_ASIDE}}{value}", hang=_ASIDE)
            said = name
    for event in events:
        at = CITY.shown(event.at, SECOND)
        say(
            f"{at}  {EVENTS[event.kind]:<13} {WHO.get(event.who, event.who):<10} {_words(event)}".rstrip(),
            hang=21,
        )
    for sent in deliveries:
        state = DELIVERIES[sent.state]
        say(
            f"{SENDINGS[sent.kind]:<15} {state}, {where_to(sent.address)}  {sent.error}".rstrip(),
            hang=16,
        )


def _where(case: Case, communes: Mapping[str, str]) -> str:
    """Write where it is, with names alone."""
    place = case.place
    names = " ou ".join(communes.get(code, code) for code in place.communes)
    text = communes.get(place.text, place.text)  # older cases hold the code that a form gave
    return one_line((text, place.street, names))


def _words(event: Event) -> str:
    """Give what an event tells; a change of state says which one before it."""
    state = STATUSES[Status(event.data)] if _is_state(event) else ""
    return " : ".join(part for part in (state, event.text) if part)


def _is_state(event: Event) -> bool:
    return event.kind is EventKind.STATUS and event.data in set(Status)


async def _found(store: CaseReader, typed: str) -> Case:
    """Find a case by its number, or by the one that a service gave it.

    Raises:
        InvalidInput: there is none, or several services gave the same number.
    """
    number = _number(typed)
    case = await store.case(number) if number else None
    if case is not None:
        return case
    theirs = typed.strip().lower()
    wanted = CaseFilter(text=typed, limit=_PAGE) if theirs else None
    listed = await store.cases(wanted) if wanted else ()
    found = [each for each in listed if each.partner_ref.lower() == theirs]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(printed(each.number) for each in found)
        raise InvalidInput(f"Plusieurs demandes portent « {typed} » chez un service : {numbers}.")
    if number:
        raise InvalidInput(f"Aucune demande ne porte le numéro {printed(number)}.")
    raise InvalidInput(
        f"« {typed} » n'est pas un numéro de suivi : il a onze lettres ou chiffres,"
        " par exemple 7K4M-Q2XD-9TZ. Aucun service n'a donné ce numéro non plus."
    )


def _number(typed: str) -> TrackingNumber | None:
    try:
        return parse(typed)
    except InvalidInput:
        return None


@cli.command("export")
def export(
    form: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
) -> None:
    """Write all cases to stdout, free of names, addresses and texts.

    Example: guichet cases export --format jsonl > cases.jsonl
    """
    if form not in {"csv", "jsonl"}:
        raise typer.BadParameter("csv or jsonl", param_hint="--format")

    async def run() -> None:
        writer: Any = None
        async with opened(data, database_url) as store:
            async for case in _all(store):
                row = summary(case)
                if form == "jsonl":
                    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
                    continue
                if writer is None:
                    writer = csv.DictWriter(sys.stdout, list(row))
                    writer.writeheader()
                writer.writerow(row)

    with speaking():
        asyncio.run(run())


async def _all(store: CaseReader) -> Any:
    before: int | None = None
    while page := await store.cases(CaseFilter(limit=_PAGE, before=before)):
        for case in page:
            yield case
        before = page[-1].id


def summary(case: Case) -> dict[str, Any]:
    """What may be shown of a case in a list: no name, no address, no text."""
    return {
        "number": printed(case.number),
        "status": str(case.status),
        "owner": case.owner,
        "rule": case.rule,
        "category": case.category,
        "urgency": str(case.urgency),
        "public": not case.discreet,
        "nature": str(case.nature),
        "communes": " ".join(case.place.communes),
        "labels": list(case.labels),
        "channel": case.channel,
        "language": case.language,
        "reporters": len(case.reporters),
        "received_at": case.received_at.isoformat(),
        "updated_at": case.updated_at.isoformat(),
        "due_at": case.due_at.isoformat() if case.due_at else None,
    }


def whole(case: Case, events: list[Event], deliveries: list[Delivery]) -> dict[str, Any]:
    """Everything about a case, for the operator."""
    return {
        **summary(case),
        "subject": case.subject,
        "text": case.text,
        "place": asdict(case.place),
        "partner_ref": case.partner_ref,
        "answers": [asdict(answer) for answer in case.answers],
        "proposals": list(case.proposals),
        "proof": case.proof,
        "proofs": [asdict(file) for file in case.proofs],
        "people": [asdict(reporter) for reporter in case.reporters],
        "events": [{**asdict(event), "data": _json(event.data)} for event in events],
        "deliveries": [asdict(delivery) for delivery in deliveries],
    }


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
