"""`guichet cases`: list, show and export cases."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from app.console import (
    DEFAULT_DATA,
    Data,
    DatabaseUrl,
    Json,
    out,
    print_json,
    speaking,
)
from app.quarantine import quarantine
from app.stores import opened
from router.archive import CaseFilter, CaseReader
from router.case import Case, Event, Status
from router.delivery import Delivery
from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse, printed

cli = typer.Typer(no_args_is_help=True, help="Cases: list, show, export.")
cli.command("quarantine")(quarantine)
_PAGE = 500


@cli.command("list")
def list_cases(
    status: Annotated[str, typer.Option(help="Only this status.")] = "",
    owner: Annotated[str, typer.Option(help="Only this service.")] = "",
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List cases, newest first.

    Example: guichet cases list --owner eclairage-metropole --json
    """
    if status and status not in set(Status):
        raise typer.BadParameter(f"« {status} »: one of {', '.join(Status)}", param_hint="--status")
    wanted = CaseFilter(status=status, owner=owner, channel=channel, limit=limit)

    async def run() -> list[Case]:
        async with opened(data, database_url) as store:
            return list(await store.cases(wanted))

    with speaking():
        found = asyncio.run(run())
        if as_json:
            print_json([summary(case) for case in found])
            return
        if not found:
            out.print("Aucune demande.")
            return
        table = Table()
        table.add_column("numéro", no_wrap=True)
        for name in ("état", "urgence", "service", "catégorie", "canal", "reçue"):
            table.add_column(name)
        for case in found:
            table.add_row(
                printed(case.number),
                case.status,
                case.urgency,
                case.owner,
                case.category or "–",
                case.channel,
                f"{case.received_at:%Y-%m-%d %H:%M}",
            )
        out.print(table)


@cli.command("show")
def show(
    number: Annotated[str, typer.Argument(help="Tracking number, in any spelling.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Show a case: who is in charge, why, and everything that happened.

    Example: guichet cases show 7K4M-Q2XD-9TZ
    """

    async def run() -> tuple[Case, list[Event], list[Delivery]]:
        wanted = _number(number)
        async with opened(data, database_url) as store:
            case = await store.case(wanted)
            if case is None:
                raise InvalidInput(f"Aucune demande ne porte le numéro {printed(wanted)}.")
            return case, list(await store.events(case.id)), list(await store.deliveries(case.id))

    with speaking():
        case, events, deliveries = asyncio.run(run())
        if as_json:
            print_json(whole(case, events, deliveries))
            return
        out.print(f"[bold]{printed(case.number)}[/]  {case.status}  {case.urgency}")
        out.print(f"service   {case.owner} (règle {case.rule})", markup=False)
        if case.partner_ref:
            out.print(f"chez lui  {case.partner_ref}", markup=False)
        out.print(f"lieu      {case.place.text or ', '.join(case.place.communes)}", markup=False)
        out.print(f"texte     {case.text}", markup=False)
        for answer in case.answers:
            out.print(f"répondu   {answer.fact} : {answer.text}", markup=False)
        for file in case.proofs:
            out.print(f"résultat  {file.name} ({file.media_type})", markup=False)
        if case.proposals:
            out.print(f"proposer  {', '.join(case.proposals)}", markup=False)
        for event in events:
            out.print(
                f"{event.at:%Y-%m-%d %H:%M:%S}  {event.kind:<16} {event.who:<10} {event.text}",
                markup=False,
            )
        for delivery in deliveries:
            out.print(
                f"{delivery.kind:<16} {delivery.state:<10} {delivery.address.channel} "
                f"{delivery.address.value} {delivery.error}",
                markup=False,
            )


def _number(typed: str) -> TrackingNumber:
    try:
        return parse(typed)
    except InvalidInput:
        raise InvalidInput(
            f"« {typed} » n'est pas un numéro de suivi : il a onze lettres ou chiffres,"
            " par exemple 7K4M-Q2XD-9TZ."
        ) from None


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
