"""`guichet desk`: calls, visits and letters that an agent enters, and what he reads or posts."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.city_time import CITY
from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    UNAVAILABLE,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    err,
    print_json,
    say,
    speaking,
)
from app.desk.letter import letter
from app.desk.photos import kept
from app.desk.said import SOURCES, Entry, check_outcome, done_of, entry_of, instead_of, missing
from app.desk.shown import show_entered, show_tasks, show_troubles, task_json
from app.desk.work import check_case, desk_of, enter, envelope_of, mark, product_of
from app.french import counted
from app.running.log import configure_log
from app.running.photos import PhotoFolder
from app.running.troubles import Troubles
from app.stores import opened
from app.system import SystemClock, SystemIds
from router.entry import Outcome
from router.errors import InvalidInput
from web.desk.tasks import named, short_numbers, tasks_of

cli = typer.Typer(
    no_args_is_help=True, help="Calls, visits and letters at the desk, and what waits for an agent."
)

cli.command("letter")(letter)

Agent = Annotated[
    str, typer.Option("--agent", help="Who enters it.", envvar="GUICHET_AGENT", show_envvar=True)
]
Desk = Annotated[str, typer.Option("--guichet", help="Which desk; the first counter if not said.")]


@cli.command("new")
def new(
    source: Annotated[
        str, typer.Option("--source", help=f"How the person came: {', '.join(SOURCES)}.")
    ] = "",
    agent: Agent = "",
    text: Annotated[str, typer.Option("--texte", help="What the person said, in his words.")] = "",
    reply: Annotated[
        str,
        typer.Option(
            "--reponse",
            help="rappel:NUMBER, courrier:ADDRESS, email:…, sms:… or suivi (by the number).",
        ),
    ] = "",
    name: Annotated[str, typer.Option("--nom", help="The person's name.")] = "",
    street: Annotated[str, typer.Option("--rue", help="Where it is.")] = "",
    commune: Annotated[str, typer.Option("--commune", help="Name or INSEE code.")] = "",
    category: Annotated[str, typer.Option("--categorie", help="Its code, if it is sure.")] = "",
    language: Annotated[str, typer.Option("--langue", help="The person's: fr, ar…")] = "",
    neighbour: Annotated[
        str,
        typer.Option(
            "--pour-voisin", help="Whom it concerns; the answers go to the person who reports."
        ),
    ] = "",
    case: Annotated[str, typer.Option("--demande", help="Number of the case it belongs to.")] = "",
    received: Annotated[
        str, typer.Option("--recu-le", help="When the letter came or the telephone rang.")
    ] = "",
    photos: Annotated[
        list[Path] | None, typer.Option("--photo", help="A picture of it, or of the letter.")
    ] = None,
    id: Annotated[str, typer.Option("--id", help="The same id is the same entry.")] = "",
    read: Annotated[
        bool, typer.Option("--lu-au-citoyen", help="The receipt is read to the person now.")
    ] = False,
    desk: Desk = "",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Enter a call, a visit, a letter, a missed call or a relay call; prints the number to say.

    Example: guichet desk new --source appel --agent anne --texte "Un trou rue Scribe"
    --reponse rappel:0240000000
    """
    configure_log(level=40)
    with speaking(as_json=as_json):
        source, agent, text = _asked(source, agent, text)
        CITY.learn_of(config_folder(config))
        said = entry_of(
            Entry(
                source, agent, text, reply, name, street, commune, category, language, neighbour,
                case, received, id or f"{SystemIds().next()}",
            )
        )  # fmt: skip

        async def run() -> None:
            async with product_of(data, database_url, config) as product:
                at_desk = desk_of(product, desk)
                missing(product, said)
                await check_case(product, said.get("case", ""))
                folder = PhotoFolder(product.settings.data / "photos")
                said["attachments"] = [await kept(one, folder) for one in photos or ()]
                envelope = envelope_of(at_desk, said, product.clock.now())
                entered = await enter(product, envelope)
                if entered.task is not None and read:
                    await mark(product, at_desk, agent, entered.task, Outcome.READ)
                short = short_numbers(await tasks_of(product.store, product.clock.now()))
                show_entered(product, entered, said, short, read=read, as_json=as_json)
                if entered.line is None:
                    raise typer.Exit(UNAVAILABLE)

        asyncio.run(run())


@cli.command("tasks")
def tasks(
    late: Annotated[bool, typer.Option("--en-retard", help="Only those of two days ago.")] = False,
    desk: Desk = "",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """List whom to ring, which letters to post and what to look at, whoever has been waiting longest first.

    Channels that are degraded or silent stand above.

    Example: guichet desk tasks --json
    """
    with speaking(as_json=as_json):

        async def run() -> None:
            async with opened(data, database_url) as store:
                clock = SystemClock()
                found = await tasks_of(store, clock.now(), desk)
                troubles = await Troubles(store, clock).told()
            chosen = [one for one in found if one.late or not late]
            if as_json:
                print_json([task_json(one) for one in chosen])
            else:
                show_troubles(troubles)
                show_tasks(chosen, short_numbers(found))

        asyncio.run(run())


@cli.command("done")
def done(
    ids: Annotated[
        list[str], typer.Argument(help="Tasks, as `desk tasks` lists them: the last digits do.")
    ],
    agent: Agent = "",
    read: Annotated[
        bool, typer.Option("--lu-au-citoyen", help="The person has heard the text.")
    ] = False,
    posted: Annotated[bool, typer.Option("--poste", help="The letter is posted.")] = False,
    unreachable: Annotated[
        bool, typer.Option("--injoignable", help="Tried in vain; it stays in the list.")
    ] = False,
    instead: Annotated[
        str, typer.Option("--autrement", help="Send it by rappel:…, courrier:…, email:… or sms:….")
    ] = "",
    seen: Annotated[
        bool, typer.Option("--vu", help="You have listened, verified, or read it again.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what became of tasks: read to the person, posted, tried in vain, sent otherwise, or seen.

    Example: guichet desk done 34328 --lu-au-citoyen --agent anne
    """
    configure_log(level=40)
    with speaking(as_json=as_json):
        outcome = done_of(
            read=read, posted=posted, unreachable=unreachable, instead=instead, seen=seen
        )
        if not agent:
            raise InvalidInput("Qui l'a fait ? Donnez --agent.")

        async def run() -> list[str]:
            async with product_of(data, database_url, config) as product:
                waiting = await tasks_of(product.store, product.clock.now())
                found = {id: named(waiting, id) for id in ids}
                check_outcome(outcome, [task for task in found.values() if task is not None])
                for task in found.values():
                    if task is not None:
                        at_desk = desk_of(product, task.desk)
                        reply = instead_of(instead)
                        await mark(product, at_desk, agent, task.id, outcome, reply)
                return [id for id, task in found.items() if task is None]

        refused = asyncio.run(run())
        if as_json:
            print_json({"done": len(ids) - len(refused), "refused": refused})
        else:
            say(f"{counted(len(ids) - len(refused), 'tâche notée')}.")
        if refused:
            if not as_json:
                say(f"Aucune tâche à faire sous : {', '.join(refused)}", to=err)
            raise typer.Exit(BAD_INPUT)


def _asked(source: str, agent: str, text: str) -> tuple[str, str, str]:
    """Ask on a terminal for what was not given."""
    if sys.stdin.isatty():
        source = source or typer.prompt(f"Comment ({', '.join(SOURCES)})")
        agent = agent or typer.prompt("Agent")
        if not text and source != "appel-manque":
            text = typer.prompt("Ce que dit la personne")
    return source, agent, text
