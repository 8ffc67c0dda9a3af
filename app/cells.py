"""`guichet cells`: what is agreed with other installations, and the end of an agreement."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    print_json,
    say,
    speaking,
)
from app.french import counted
from app.running.wiring import Product, build
from app.settings import Settings, load_settings
from app.stores import opened
from channels.cell.channel import Cell
from router.archive import CaseFilter
from router.case import Case, Status
from router.cells import CHANNEL, Agreement, AtEnd, Share, Speaks, Word
from router.errors import InvalidInput
from router.tracking import printed

cli = typer.Typer(no_args_is_help=True, help="Other installations that cases are handed over to.")

_PAGE = 200
_DONE = {Status.CLOSED, Status.REFUSED, Status.MERGED, Status.RESOLVED}
_SPEAKS = {
    Speaks.ORIGIN: "l'installation à laquelle il a écrit répond à l'usager",
    Speaks.OWNER: "celle qui a la demande répond à l'usager",
}
_SHARES = {
    Share.STATUS: "états",
    Share.ANSWERS: "réponses",
    Share.QUESTIONS: "questions",
    Share.PHOTOS: "photos",
    Share.ADDITIONS: "ajouts de l'usager",
}
_AT_END = {
    AtEnd.RETURN: "à la fin, les demandes ouvertes reviennent",
    AtEnd.KEEP: "à la fin, les demandes ouvertes restent où elles sont",
}


@dataclass(slots=True)
class Shared:
    """One other installation, and the open cases that one of us has from the other."""

    name: str
    agreement: Agreement
    there: list[Case] = field(default_factory=list)
    here: list[Case] = field(default_factory=list)

    @property
    def cases(self) -> list[Case]:
        return [*self.there, *self.here]


@cli.command("list")
def list_cells(
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List the other installations, what is agreed with each, and the open cases.

    Example: guichet cells list
    """
    with speaking():
        settings = load_settings(data=data, database_url=database_url, config=config_folder(config))
        found = asyncio.run(_listed(settings))
        if as_json:
            print_json([_stated(one) for one in found])
        elif not found:
            say("Aucune autre installation n'a de réglages ici (channels.cell).")
        for one in () if as_json else found:
            _tell(one)


@cli.command()
def end(
    name: Annotated[str, typer.Argument(help="Name of the other installation.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Do with all open cases what the agreement says of its end; `guichet serve` does the work.

    New cases are no longer offered once `until` is past, or the settings of the other are removed.

    Example: guichet cells end metropole
    """
    with speaking():
        settings = load_settings(data=data, database_url=database_url, config=config_folder(config))
        ended = asyncio.run(_end(settings, name))
        if as_json:
            print_json(_stated(ended))
        else:
            _tell_end(ended)


async def _listed(settings: Settings) -> list[Shared]:
    async with opened(settings.data, settings.database_url) as store:
        product = await build(settings, store, publish=False)
        return await _shared(product)


async def _shared(product: Product) -> list[Shared]:
    """Find the open cases of each, wherever they lie: a service may lead elsewhere by now."""
    agreements = product.policy.cells.agreements
    found = {name: Shared(name, agreement) for name, agreement in agreements.items()}
    async for case in _open(product):
        if case.gone is not None and case.gone.cell in found:
            found[case.gone.cell].there.append(case)
        if case.came is not None and not case.came.ended and case.came.cell in found:
            found[case.came.cell].here.append(case)
    return list(found.values())


async def _open(product: Product) -> AsyncIterator[Case]:
    """Read all open cases, page by page; those that have ended are never read."""
    for status in (one for one in Status if one not in _DONE):
        before: int | None = None
        while page := await product.store.cases(
            CaseFilter(status=status, limit=_PAGE, before=before)
        ):
            for case in page:
                yield case
            before = page[-1].id


async def _end(settings: Settings, name: str) -> Shared:
    async with opened(settings.data, settings.database_url) as store:
        product = await build(settings, store, publish=False)
        found = {one.name: one for one in await _shared(product)}
        channel = product.channels.get((CHANNEL, name))
        if name not in found or not isinstance(channel, Cell):
            known = ", ".join(sorted(found)) or "aucune ne l'est"
            raise InvalidInput(f"« {name} » n'est pas une installation connue ici : {known}.")
        if found[name].agreement.at_end is AtEnd.RETURN:
            for case in found[name].cases:
                said = {"word": Word.END, "to": name, "number": case.number, "epoch": case.epoch}
                raw = json.dumps({"transfer": said}).encode()
                id = f"end:{case.id}:{case.epoch}"
                await store.accept(channel.open_raw(raw, product.clock.now(), id))
        return found[name]


def _stated(one: Shared) -> dict[str, Any]:
    agreement = one.agreement
    return {
        "name": one.name,
        "speaks": agreement.speaks,
        "shares": sorted(agreement.shares),
        "until": agreement.until.isoformat() if agreement.until else None,
        "at_end": agreement.at_end,
        "there": [printed(case.number) for case in one.there],
        "here": [printed(case.number) for case in one.here],
    }


def _tell(one: Shared) -> None:
    agreement = one.agreement
    until = f"jusqu'au {agreement.until:%d/%m/%Y}" if agreement.until else "sans date de fin"
    say(f"{one.name} : accord {until}")
    say(f"    {_SPEAKS[agreement.speaks]} ;", hang=4)
    told = ", ".join(_SHARES[share] for share in Share if share in agreement.shares) or "rien"
    say(f"    en plus des offres et des fins sont dits : {told} ;", hang=4)
    say(f"    {_AT_END[agreement.at_end]}.", hang=4)
    there = counted(
        len(one.there), "demande d'ici est ouverte là-bas", "demandes d'ici sont ouvertes là-bas"
    )
    here = counted(
        len(one.here), "demande de là-bas est ouverte ici", "demandes de là-bas sont ouvertes ici"
    )
    say(f"    {there}, {here}.", hang=4)


def _tell_end(one: Shared) -> None:
    if not one.cases:
        say(f"Aucune demande n'est ouverte entre « {one.name} » et ici : il n'y a rien à faire.")
        return
    if one.agreement.at_end is AtEnd.KEEP:
        left = counted(
            len(one.cases),
            "demande ouverte où elle est, jusqu'à sa fin",
            "demandes ouvertes où elles sont, jusqu'à leur fin",
        )
        say(f"L'accord avec « {one.name} » laisse {left}.")
        return
    taken = counted(len(one.there), "demande sera reprise", "demandes seront reprises")
    given = counted(len(one.here), "sera rendue", "seront rendues")
    say(f"{taken} à « {one.name} », {given} : `guichet serve` le fait et prévient chacun.")
