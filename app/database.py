"""`guichet db`: the tables of the store."""

from __future__ import annotations

import asyncio

import typer

from app.console import DEFAULT_DATA, Data, DatabaseUrl, say, speaking
from app.stores import migrate

cli = typer.Typer(no_args_is_help=True, help="The tables of the store.")


@cli.callback()
def _db() -> None:
    """The tables of the store."""


@cli.command("upgrade")
def upgrade(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "") -> None:
    """Bring the tables to this version of Guichet; safe to repeat.

    Example: guichet db upgrade --database-url postgresql://guichet@localhost/guichet
    """
    with speaking():
        asyncio.run(migrate(data, database_url))
        say("La base est à jour.")
