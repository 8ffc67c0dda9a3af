"""Enters what an agent writes on the command line, and waits for what the router makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.console import config_folder
from app.desk.said import why_not
from app.desk.taken import refuse
from app.running.wiring import Product, build
from app.settings import load_settings
from app.stores import opened
from channels.desk import Desk
from router.archive import JournalLine
from router.case import Case
from router.counting import Sought
from router.delivery import Delivery
from router.entry import Outcome
from router.errors import ConfigurationError, InvalidInput
from router.handling.desk import CHANNEL, is_task
from router.message import Envelope
from router.store import Store
from router.tracking import parse
from router.work import Claim, Gathered, RouteClaim, Unit, Verdict, Wanted
from web.desk.tasks import receipt_of
from web.same_entry import says_again

_SERVER_S = 0.6
"""How long a running server is left to route what was entered, before we do it."""
_PATIENCE_S = 10.0
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of an entry: ``case`` is None where it opened none, or waits for its turn."""

    new: bool
    line: JournalLine | None
    case: Case | None
    receipt: Delivery | None
    """What was written to a person whom the desk answers."""

    @property
    def task(self) -> int | None:
        """The task that ends once the receipt is read or posted."""
        return self.receipt.id if self.receipt and is_task(self.receipt) else None


@dataclass(frozen=True, slots=True)
class _Ours:
    """The route queue with one conversation in it: what others wrote is left to the server.

    This process may lack the settings of their channels, and would put their messages aside.
    """

    store: Store
    lane: str

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        claims = await self.store.claim_routes(limit, lease_s, now)
        others = [one.claim for one in claims if one.claim.lane != self.lane]
        if others:
            await self.store.release(others, now)
        return [one for one in claims if one.claim.lane == self.lane]

    async def gather(self, wanted: Wanted) -> Gathered:
        return await self.store.gather(wanted)

    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        return await self.store.count_cases(sought)

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        return await self.store.commit(units, now)

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        await self.store.release(claims, due, failed=failed)

    async def next_due(self, role: str) -> datetime | None:
        return await self.store.next_due(role)


@asynccontextmanager
async def product_of(data: Path, database_url: str, config: Path) -> AsyncIterator[Product]:
    """Open the store and build the product on it, for one command.

    Raises:
        StoreUnavailable: the database does not answer.
        ConfigurationError: settings or YAML are wrong.
    """
    settings = load_settings(data=data, database_url=database_url, config=config_folder(config))
    async with opened(settings.data, settings.database_url) as store:
        yield await build(settings, store)


def desk_of(product: Product, wanted: str) -> Desk:
    """Choose the desk: the one asked for, else the first counter.

    Raises:
        ConfigurationError: none is open; InvalidInput: none has this name.
    """
    desks = [one for (name, _), one in product.channels.items() if name == CHANNEL]
    open_desks = [one for one in desks if isinstance(one, Desk)]
    if not open_desks:
        raise ConfigurationError(
            "Aucun guichet n'est ouvert : ajoutez un compteur « canal: desk » à compteurs.yaml."
        )
    for one in open_desks:
        if wanted in {"", one.account}:
            return one
    names = ", ".join(one.account for one in open_desks)
    raise InvalidInput(f"« {wanted} » n'est pas un guichet d'ici : {names}.")


async def check_case(product: Product, number: str) -> None:
    """Make sure that the case to which an entry shall be added is there; empty for none.

    Raises:
        InvalidInput: no case has this number.
        StoreUnavailable: the database does not answer.
    """
    if number and await product.store.case(parse(number)) is None:
        raise InvalidInput(f"Aucune demande ne porte le numéro {number}.")


async def enter(product: Product, envelope: Envelope) -> Entered:
    """Make an entry durable, and give what the router made of it within some seconds.

    Raises:
        StoreUnavailable: nothing is promised; enter it again with the same id.
        InvalidInput: the id was used for another entry.
    """
    [accepted] = await product.store.accept([envelope])
    if not accepted.new and not await says_again(product.store, accepted.inbound_id, envelope):
        await refuse(product.rulebooks.current(), json.loads(envelope.payload), product.clock.now())
    line = await _worked(product, envelope)
    if line is None or line.case_id is None:
        return Entered(accepted.new, line, None, None)
    case = await product.store.case_by_id(line.case_id)
    written = await product.store.deliveries(line.case_id)
    return Entered(accepted.new, line, case, receipt_of(written, envelope.conversation))


async def _worked(product: Product, envelope: Envelope) -> JournalLine | None:
    key = (envelope.channel, envelope.account, envelope.provider_id)
    router = replace(product.router, store=_Ours(product.store, envelope.conversation))
    began = product.clock.monotonic()
    while (waited := product.clock.monotonic() - began) < _PATIENCE_S:
        line = await product.store.outcome(*key)
        if line is not None and line.action is not None:
            return line
        if waited < _SERVER_S or await router.run_once() == 0:
            await asyncio.sleep(_LOOK_S)
    return None


async def mark(
    product: Product,
    desk: Desk,
    agent: str,
    task: int,
    outcome: Outcome,
    instead: Mapping[str, str] | None = None,
) -> None:
    """Record what became of a task.

    Raises:
        StoreUnavailable: nothing is promised; say it again.
        InvalidInput: the address to use instead cannot be one.
    """
    said: dict[str, Any] = {"kind": "done", "task": task, "outcome": outcome, "agent": agent}
    said |= {"id": f"{task}:{outcome}:{product.ids.next()}"}
    said |= {"reply": dict(instead)} if instead else {}
    envelope = envelope_of(desk, said, product.clock.now())
    await product.store.accept([envelope])
    await _worked(product, envelope)


def envelope_of(desk: Desk, said: Mapping[str, Any], now: datetime) -> Envelope:
    """Wrap what was said as a program would send it.

    Raises:
        InvalidInput: the channel cannot read it; the sentence says why.
    """
    raw = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    [envelope] = desk.open_raw(raw, now)
    if envelope.note:
        raise InvalidInput(why_not(said.get("reply", {}), envelope.note))
    return envelope
