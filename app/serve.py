"""`guichet serve`: runs the product."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Config,
    Data,
    DatabaseUrl,
    config_folder,
    err,
    say,
    speaking,
)
from app.named_accounts import strangers
from app.running.alone import at_work
from app.running.log import configure_log
from app.running.server import ROLES, Server
from app.running.stranded import stranded
from app.running.wiring import build
from app.settings import Settings, load_settings
from app.stores import folder_of, opened
from channels.system_words import not_listening
from router.errors import ConfigurationError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the web.", min=0, max=65535)] = 8000,
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
        asyncio.run(_run(settings, role or ROLES, host, port))


async def _run(settings: Settings, roles: Sequence[str], host: str, port: int) -> None:
    async with AsyncExitStack() as stack:
        sockets = None
        if {"gateway", "web"} & set(roles):
            sockets = [stack.enter_context(listening(host, port))]
        store = await stack.enter_async_context(opened(settings.data, settings.database_url))
        product = await build(settings, store)
        folder = folder_of(settings.data, settings.database_url)
        if folder is not None:
            await stack.enter_async_context(at_work(folder, store, product.clock))
        for name, sentence in strangers(settings, product.rulebooks.current().directory):
            say(f"{name} : {sentence}", to=err)
        for one in await stranded(store, product.sends):
            say(one.sentence, to=err)
        for counter in product.unconnected:
            say(f"Pas de réglages pour {counter} : ce canal n'est pas branché.", to=err)
        server = Server(product, roles, sockets=sockets)
        server.on_signals()
        if sockets:
            port = sockets[0].getsockname()[1]
        where = f"écoute sur http://{host}:{port}" if sockets else f"tourne ({', '.join(roles)})"
        say(f"Guichet {where} (Ctrl-C pour arrêter).", to=err)
        await server.run()


def listening(host: str, port: int) -> socket.socket:
    """Open the port before anything is started.

    Raises:
        ConfigurationError: another program has it, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # with the protocol named, asyncio switches Nagle's delay (40 ms an answer) off
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Impossible d'écouter sur {host}, port {port} : {not_listening(error)}"
            " Choisissez-en un autre avec --port, ou une autre adresse avec --host."
        ) from None
    return listener
