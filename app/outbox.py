"""`guichet outbox`: what could not be sent, and sending it again."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from app.console import (
    BAD_INPUT,
    DEFAULT_DATA,
    Data,
    DatabaseUrl,
    Json,
    err,
    out,
    print_json,
    speaking,
)
from app.stores import opened
from app.system import SystemClock
from router.delivery import Delivery, DeliveryState

cli = typer.Typer(no_args_is_help=True, help="What waits to be sent, and what could not be.")
_STUCK = ("dead", "rejected", "bounced")


@cli.command("list")
def list_outbox(
    state: Annotated[
        list[str] | None, typer.Option(help="queued, sending, deferred, dead, rejected, bounced.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 100,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List deliveries, by default those that were given up.

    Example: guichet outbox list --state deferred
    """
    known = {str(value) for value in DeliveryState}
    for wanted in state or ():
        if wanted not in known:
            raise typer.BadParameter(f"« {wanted} »: one of {', '.join(sorted(known))}")

    async def run() -> list[Delivery]:
        states = [DeliveryState(value) for value in state or _STUCK]
        async with opened(data, database_url) as store:
            return list(await store.list_deliveries(states, limit))

    with speaking():
        found = asyncio.run(run())
        if as_json:
            print_json(
                [
                    {
                        "id": delivery.id,
                        "kind": delivery.kind,
                        "state": delivery.state,
                        "channel": delivery.address.channel,
                        "to": delivery.address.value,
                        "tries": delivery.tries,
                        "error": delivery.error,
                        "case": delivery.case_id,
                    }
                    for delivery in found
                ]
            )
            return
        if not found:
            out.print("Aucun envoi dans cet état." if state else "Aucun envoi abandonné.")
            return
        table = Table()
        table.add_column("envoi", no_wrap=True)
        for name in ("sorte", "état", "canal", "essais", "erreur"):
            table.add_column(name)
        for delivery in found:
            table.add_row(
                str(delivery.id),
                delivery.kind,
                delivery.state,
                delivery.address.channel,
                str(delivery.tries),
                delivery.error,
            )
        out.print(table)


@cli.command("requeue")
def requeue(
    ids: Annotated[list[int], typer.Argument(help="Ids shown by `outbox list`.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
) -> None:
    """Put dead deliveries back into the outbox.

    Example: guichet outbox requeue 4242
    """

    async def run() -> list[int]:
        async with opened(data, database_url) as store:
            now = SystemClock().now()
            return [one for one in ids if not await store.requeue(one, now)]

    with speaking():
        refused = asyncio.run(run())
        out.print(f"{len(ids) - len(refused)} remis dans la file.")
        if refused:
            err.print(f"Pas d'envoi abandonné sous : {', '.join(map(str, refused))}")
            raise typer.Exit(BAD_INPUT)
