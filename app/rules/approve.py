"""`guichet rules approve`: a second person agrees to a version that waits."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json, say
from app.rules.publish import By, Public, Teams, write_page
from app.rules.publishing import asked_of, author_of
from app.rules.refused import refusing
from app.rules.second_person import agreed_told, check_second
from app.stores import opened
from app.system import SystemClock
from app.written import check_writable
from router.errors import InvalidInput
from router.versions import RulesetVersion


def approve(
    number: Annotated[int, typer.Argument(help="Number of the version that waits.")],
    by: By = "",
    teams: Teams = None,
    public: Public = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Agree, as a second person, to a version that waits: it goes live.

    Who agrees to a file that names teams speaks for one of them.

    Example: guichet rules approve 4 --par Lucie --equipe superviseurs-reze
    """

    second = author_of(by, teams)

    async def run() -> RulesetVersion:
        async with opened(data, database_url) as store:
            found = await store.version(number)
            if found is None:
                raise InvalidInput(f"Il n'y a pas de version {number} des règles.")
            check_second(found.author, second, found.record.get("second_person", {}))
            done = await store.approve(number, second.name, SystemClock().now())
            if public is not None:
                await write_page(store, public)
            return done

    with refusing(as_json=as_json):
        check_writable(public)
        done = asyncio.run(run())
        asked = asked_of(done)
        if as_json:
            own = {"version": done.version, "state": done.state, "approved_by": done.approved_by}
            print_json({**own, "danger": asked.danger, "files": asked.covered})
            return
        say(f"Version {done.version} en service, avec l'accord de {done.approved_by} pour :")
        for line in agreed_told(second, asked):
            say(f"  {line}")
        if restored := done.record.get("restores"):
            say("Les demandes orientées entre-temps, et ce qu'elles deviennent :")
            say(f'  guichet rules rollback {restored} --redispatch --reason "…"')
