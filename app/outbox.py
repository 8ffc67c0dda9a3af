"""`guichet outbox`: what could not be sent, and sending it again."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from app.city_time import CITY
from app.console import (
    BAD_INPUT,
    DEFAULT_DATA,
    Data,
    DatabaseUrl,
    Json,
    err,
    print_json,
    say,
    speaking,
)
from app.french import DELIVERIES, counted
from app.running.stranded import stranded_deliveries
from app.stores import opened
from app.system import SystemClock
from router.archive import OutboxAdmin
from router.delivery import WAITING, Delivery, DeliveryState
from router.handling.desk import CHANNEL as DESK
from router.store import Store
from router.words.called import SENDINGS, channel_called
from web.desk.tasks import late_tasks

cli = typer.Typer(no_args_is_help=True, help="What waits to be sent, and what could not be.")
_MOST = 100_000
_STUCK = ("dead", "rejected", "bounced")


@cli.command("list")
def list_outbox(
    state: Annotated[
        list[str] | None,
        typer.Option(help="queued, sending, deferred, awaits, withheld, dead, rejected, bounced."),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", help="All that was written to this address, newest last.")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 100,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List deliveries, by default those given up and those that wait too long or in vain.

    With --to all of one address, whatever became of them.

    Example: guichet outbox list --state deferred
    """
    known = {str(value) for value in DeliveryState}
    for wanted in state or ():
        if wanted not in known:
            raise typer.BadParameter(f"« {wanted} »: one of {', '.join(sorted(known))}")

    async def run() -> list[Delivery]:
        states = [DeliveryState(value) for value in state or (known if to else _STUCK)]
        async with opened(data, database_url) as store:
            if to:
                return await _written_to(store, to, states, limit)
            found = list(await store.list_deliveries(states, limit))
            if not state:
                found += await late_tasks(store, SystemClock().now())
                found += await _stranded(store)
            return found[:limit]

    with speaking():
        found = asyncio.run(run())
        if as_json:
            print_json([_stated(delivery) for delivery in found])
            return
        if not found:
            say("Aucun envoi dans cet état." if state else "Aucun envoi abandonné.")
            return
        for delivery in found:
            at = f"{CITY.shown(delivery.settled_at or delivery.created_at)}  " if to else ""
            tries = counted(delivery.tries, "essai")
            what = f"{SENDINGS[delivery.kind]} par {channel_called(delivery.address.channel)}"
            say(f"{delivery.id}  {at}{DELIVERIES[delivery.state]}, {tries} : {what}")
            if delivery.error:
                say(f"    {delivery.error}", hang=4)
            elif (
                not (state or to) and delivery.state in WAITING and delivery.address.channel != DESK
            ):
                channel, account = delivery.address.channel, delivery.address.account
                say(f"    aucun réglage pour ce canal ({channel} {account}).", hang=4)


def _stated(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "state": delivery.state,
        "channel": delivery.address.channel,
        "to": delivery.address.value,
        "tries": delivery.tries,
        "error": delivery.error,
        "case": delivery.case_id,
        "created_at": delivery.created_at.isoformat(),
        "settled_at": delivery.settled_at.isoformat() if delivery.settled_at else None,
        "provider_id": delivery.provider_id,
    }


@cli.command("requeue")
def requeue(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids shown by `outbox list`.")] = None,
    to: Annotated[
        str, typer.Option("--to", help="All that could not be sent to this address instead.")
    ] = "",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
) -> None:
    """Put dead deliveries back into the outbox.

    Example: guichet outbox requeue 4242
    """
    if bool(ids) == bool(to):
        raise typer.BadParameter("give ids, or --to ADDRESS")

    async def run() -> tuple[int, list[int]]:
        async with opened(data, database_url) as store:
            now = SystemClock().now()
            wanted = ids or await _failed(store, to)
            return len(wanted), [one for one in wanted if not await store.requeue(one, now)]

    with speaking():
        count, refused = asyncio.run(run())
        say(f"{count - len(refused)} remis dans la file.")
        if refused:
            say(f"Pas d'envoi abandonné sous : {', '.join(map(str, refused))}", to=err)
            raise typer.Exit(BAD_INPUT)


async def _stranded(store: Store) -> list[Delivery]:
    """List what waits for accounts that have no settings here."""
    from app.settings import load_settings  # a fifth of a second, which the other lists spare

    settings = load_settings()
    return await stranded_deliveries(
        store, lambda channel, account: settings.connects(channel, account) is not None
    )


async def _written_to(
    outbox: OutboxAdmin, to: str, states: list[DeliveryState], limit: int
) -> list[Delivery]:
    """List the latest that were written to one address, newest last."""
    found = await outbox.list_deliveries(states, _MOST, newest=True)
    return [delivery for delivery in found if delivery.address.value == to][:limit][::-1]


async def _failed(outbox: OutboxAdmin, to: str) -> list[int]:
    """List what was given up or refused at one address, oldest first."""
    states = (DeliveryState.DEAD, DeliveryState.REJECTED)
    found = await outbox.list_deliveries(states, _MOST)
    return [delivery.id for delivery in found if delivery.address.value == to]
