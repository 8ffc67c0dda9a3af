"""`guichet serve`: runs the product."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Annotated

import structlog
import typer

from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Config,
    Data,
    DatabaseUrl,
    config_folder,
    err,
    speaking,
)
from app.server import ROLES, Server
from app.settings import load_settings
from app.stores import opened
from app.wiring import build


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the web.")] = 8000,
    role: Annotated[
        list[str] | None, typer.Option(help=f"Only these roles: {', '.join(ROLES)}.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run Guichet: all roles in one process, or only some of them.

    Example: guichet serve --role courier --database-url postgresql://guichet@db/guichet
    """
    for wanted in role or ():
        if wanted not in ROLES:
            raise typer.BadParameter(f"« {wanted} »: one of {', '.join(ROLES)}", param_hint="role")
    configure_log()
    with speaking():
        settings = load_settings(data=data, database_url=database_url, config=config_folder(config))

        async def run() -> None:
            async with opened(settings.data, settings.database_url) as store:
                product = await build(settings, store)
                for counter in product.unconnected:
                    err.print(f"Pas de réglages pour {counter} : ce canal n'est pas branché.")
                server = Server(product, role or ROLES, host, port)
                server.on_signals()
                err.print(f"Guichet écoute sur http://{host}:{port} (Ctrl-C pour arrêter).")
                await server.run()

        asyncio.run(run())


def configure_log(level: int = logging.INFO) -> None:
    """Write one line an event to stderr; personal data is never among its fields."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
