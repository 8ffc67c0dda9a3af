"""`guichet desk letter`: an answer as a page to print."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.console import DEFAULT_CONFIG, DEFAULT_DATA, Config, Data, DatabaseUrl, say, speaking
from app.desk.work import product_of
from app.running.log import configure_log
from channels.system_words import refusal
from router.entry import Way
from router.errors import InvalidInput
from web.desk.letter import letter_page
from web.desk.tasks import named, tasks_of


def letter(
    id: Annotated[str, typer.Argument(help="A task, as `desk tasks` lists it.")],
    to: Annotated[
        Path | None, typer.Option("--vers", help="The file to write; stdout if not said.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the letter of a task as a page to print (HTML, A4).

    Example: guichet desk letter 34328 --vers lettre.html
    """
    configure_log(level=40)
    with speaking():

        async def run() -> str:
            async with product_of(data, database_url, config) as product:
                now = product.clock.now()
                task = named(await tasks_of(product.store, now), id)
                if task is None or task.way != Way.LETTER:
                    raise InvalidInput(f"Aucune lettre à écrire ne porte le numéro {id}.")
                return letter_page(task, product.rulebooks.current(), now)

        page = asyncio.run(run())
        if to is None:
            sys.stdout.write(page)
            return
        try:
            to.write_text(page, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"« {to} » ne peut pas être écrit : {refusal(error)}.") from None
        say(f"Lettre écrite : {to}")
