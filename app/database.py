"""`guichet db`: the tables of the store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.backup import back_up
from app.console import DEFAULT_DATA, Data, DatabaseUrl, say, speaking
from app.running.incarnation import begin_anew
from app.settings import Settings, load_settings
from app.stores import migrate, opened
from app.system import SystemClock
from router.errors import ConfigurationError

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


@cli.command("backup")
def backup(
    to: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
) -> None:
    """Copy the database, the secret, photos and large payloads into a folder, while all runs.

    The folder serves as a data folder itself: --data reads it.

    Example: guichet db backup /srv/sauvegardes/2026-11-27
    """
    with speaking():
        back_up(data, database_url, to)
        say(f"Sauvegardé dans « {to} » : base, secret, photos et pièces.")


@cli.command("restored")
def restored(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "") -> None:
    """Tell the store that its data came from a copy of another kind than `guichet db backup`.

    What is told to other installations counts from then on, before any number that they have heard.

    Example: guichet db restored --database-url postgresql://guichet@localhost/guichet
    """
    with speaking():
        settings = load_settings(data=data, database_url=database_url)
        if not settings.cell:
            raise ConfigurationError(
                "Le réglage cell manque ici : sans autre installation, il n'y a rien à faire après"
                " une restauration."
            )
        asyncio.run(_begin_anew(settings))
        say(
            "Une nouvelle vie des données commence. Au prochain départ de `guichet serve`, les autres"
            " installations croiront de nouveau ce qui leur est dit."
        )


async def _begin_anew(settings: Settings) -> None:
    async with opened(settings.data, settings.database_url) as store:
        await begin_anew(store, SystemClock())
