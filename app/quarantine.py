"""`guichet cases quarantine`: messages that could not be read, for an agent to look at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.city_time import CITY
from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json, say, speaking
from app.stores import opened
from channels.system_words import refusal
from router.archive import Action, JournalLine
from router.errors import ConfigurationError, InvalidInput
from router.message import Envelope
from router.words.called import channel_called


def quarantine(
    message: Annotated[
        int | None, typer.Argument(help="Id of one message: show it, or write it with --raw.")
    ] = None,
    raw: Annotated[
        Path | None, typer.Option("--raw", help="Write the message as it came to this file.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List the messages that could not be read and are kept for an agent.

    Example: guichet cases quarantine 4242 --raw message.bin
    """
    if raw is not None and message is None:
        raise typer.BadParameter("which message? guichet cases quarantine ID --raw FILE")

    async def run() -> tuple[list[JournalLine], Envelope | None]:
        async with opened(data, database_url) as store:
            # rare by nature, so all are read: the newest of them are asked for
            lines = await store.journal(action=Action.QUARANTINE, limit=100_000)
            newest = sorted(lines, key=lambda line: line.inbound_id, reverse=True)
            if message is None:
                return newest[:limit], None
            found = [line for line in newest if line.inbound_id == message]
            if not found:
                raise InvalidInput(f"Aucun message illisible ne porte le numéro {message}.")
            return found, await store.envelope(message)

    with speaking():
        lines, envelope = asyncio.run(run())
        if envelope is not None and raw is not None:
            _write(raw, envelope.payload)
        if as_json:
            print_json([_stated(line) for line in lines])
        elif not lines:
            say("Aucun message illisible.")
        else:
            _tell(lines)
        if envelope is not None and raw is not None and not as_json:
            say(f"{len(envelope.payload)} octets écrits dans {raw}")


def _write(path: Path, payload: bytes) -> None:
    try:
        path.write_bytes(payload)
    except OSError as error:
        raise ConfigurationError(f"« {path} » ne peut pas être écrit : {refusal(error)}.") from None


def _stated(line: JournalLine) -> dict[str, object]:
    return {
        "id": line.inbound_id,
        "channel": line.channel,
        "account": line.account,
        "received_at": line.received_at.isoformat(),
        "reason": line.reason,
    }


def _tell(lines: list[JournalLine]) -> None:
    for line in lines:
        at = CITY.shown(line.received_at)
        say(f"{line.inbound_id}  {at}  {channel_called(line.channel)} {line.account}")
        say(f"    {line.reason}", hang=4)
