"""`guichet demo`: the product and a whole city around it, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console

from app.console import (
    DEFAULT_CONFIG,
    FAILED,
    INTERRUPTED,
    OK,
    SHIPPED,
    Json,
    config_folder,
    err,
    print_json,
    speaking,
)
from app.running.alone import alone
from app.running.log import configure_log
from app.running.server import Server
from app.running.wiring import Product, build
from app.settings import GivenSettings, Settings
from app.stores import kept_in, make, opened
from app.system import SystemClock
from channels.system_words import refusal
from demo.city import City
from demo.console import Console as PlayPage
from demo.narration import WIDTH, Narrator
from demo.picture import drawn
from demo.player import DEADLINE_S, play
from demo.script import SCENES
from demo.server import listen
from demo.tally import tally
from router.errors import ConfigurationError

QUIET_S = 30.0
PAUSE_S = 0.7  # between two messages, so that people can read along
WEB_PORT = 8000


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play the script once, say what came of it, and end.")
    ] = False,
    as_json: Json = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the store and the city in this folder.")
    ] = None,
    database_url: Annotated[
        str,
        typer.Option("--database-url", help="Play on this database: it fills with made-up cases."),
    ] = "",
    config: Annotated[Path, typer.Option("--config", help="Folder of the YAML.")] = DEFAULT_CONFIG,
    open_browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the pages at the start.")
    ] = True,
    picture: Annotated[
        Path | None, typer.Option(help="Draw the beginning of what is told as an SVG file.")
    ] = None,
) -> None:
    """Show Guichet at work: a city of citizens and services on this machine, nothing faked.

    Example: guichet demo --once --json
    """
    configure_log(level=40)
    with speaking(), contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guichet-")))
        make(folder)
        narrator = Narrator(quiet=as_json)
        if picture is not None:
            narrator = Narrator(
                console=Console(file=sys.stderr, width=WIDTH, record=True, highlight=False)
            )
        show = Show(
            folder, database_url, config_folder(config), once, open_browser and not once,
            narrator, not once or picture is not None,
        )  # fmt: skip
        report = asyncio.run(show.run())
        if picture is not None:
            _write(picture, drawn(narrator.console, "guichet demo"))
        if report is None:
            raise typer.Exit(INTERRUPTED if once else OK)
        if as_json:
            print_json(report)
        if once and any(report[key] for key in ("unanswered", "wrong_channel", "dead")):
            raise typer.Exit(FAILED)


def played(config: Path, folder: Path, database_url: str) -> str:
    """Name the rules that decide: a store that was played on keeps those of its first time."""
    if database_url:
        return f"celles que la base garde déjà, sinon {_of(config)}"
    return f"celles que garde « {folder} »" if kept_in(folder) else _of(config)


def _of(config: Path) -> str:
    if config.resolve() in SHIPPED:
        return "l'exemple livré avec Guichet"
    return f"celles du dossier « {config} »"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"« {path} » ne peut pas être écrit : {refusal(error)}.") from None


@dataclass(slots=True)
class Show:
    """One run of the demo."""

    folder: Path
    database_url: str
    config: Path
    once: bool
    open_browser: bool
    narrator: Narrator
    paced: bool
    """Whether people read along."""

    async def run(self) -> dict[str, Any] | None:
        """Start the city and the product, play the script, and say what came of it.

        Gives None when it was stopped before the end.
        """
        self.narrator.opening(played(self.config, self.folder, self.database_url))
        city = City(self.folder / "ville", SystemClock())
        async with city, PlayPage(city) as console, self._product(city) as (server, base_url):
            server.on_signals()
            async with asyncio.TaskGroup() as tasks:
                playing = tasks.create_task(self._perform(city, console, server.product, base_url))
                stopped = tasks.create_task(server.stop.wait())
                await asyncio.wait((playing, stopped), return_when=asyncio.FIRST_COMPLETED)
                playing.cancel()
                stopped.cancel()
            return None if playing.cancelled() else playing.result()

    async def _perform(
        self, city: City, console: PlayPage, product: Product, base_url: str
    ) -> dict[str, Any]:
        services = product.rulebooks.current().directory.services()
        self.narrator.names.update({service.id: service.name("fr") for service in services})
        mailboxes = sorted(
            {
                service.transmit_to if service.transmit_by == "email" else service.contact.email
                for service in services
            }
        )
        pause_s = PAUSE_S if self.paced else 0.0
        await play(
            city, SCENES, base_url, mailboxes, pause_s=pause_s,
            seconds=DEADLINE_S + pause_s * len(SCENES),
        )  # fmt: skip
        await self._until_quiet(product)
        report = await tally(city, SCENES, product.store)
        self.narrator.closing(report)
        if not self.once:
            self.narrator.your_turn(base_url, console.url)
            await self._stay(base_url)
        return report

    @asynccontextmanager
    async def _product(self, city: City) -> AsyncIterator[tuple[Server, str]]:
        with self._socket() as sock:
            base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            settings = self._settings(city, base_url)
            async with (
                opened(settings.data, settings.database_url) as store,
                alone(city.folder or self.folder, store, city.clock),
            ):
                product = await build(
                    settings, store, with_inactive=True, observe=self.narrator.routed
                )
                server = Server(product, sockets=[sock])
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(server.run())
                    await server.started.wait()
                    try:
                        yield server, base_url
                    finally:
                        server.stop.set()

    def _socket(self) -> socket.socket:
        if not self.once:
            with contextlib.suppress(OSError):
                return listen(WEB_PORT)
        return listen(0)

    def _settings(self, city: City, base_url: str) -> Settings:
        return GivenSettings(
            data=self.folder,
            database_url=self.database_url,
            config=self.config,
            base_url=base_url,
            secret=SecretStr(self._secret()),
            channels=city.settings(base_url),
        )

    def _secret(self) -> str:
        """Keep one secret in the folder, so that links stay good when the demo goes on."""
        path = self.folder / "secret.key"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip()

    async def _until_quiet(self, product: Product) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                while await product.store.pending():  # noqa: ASYNC110 -- other processes may work too
                    await asyncio.sleep(0.03)

    async def _stay(self, base_url: str) -> None:
        if self.open_browser and sys.stdout.isatty():
            webbrowser.open(base_url)
        err.print("Ctrl-C pour arrêter.")
        await asyncio.Event().wait()
