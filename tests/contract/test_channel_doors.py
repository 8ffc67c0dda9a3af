"""What every channel promises at the two ends of the house: nothing forged comes in, no refusal is hidden."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from channel_harnesses import BLOCKED, REGISTRY, Entry, Harness
from store_parts import Numbered, Parts, write
from test_channel_contract import send, signed, with_provider

from demo.clock import WallClock
from router.case import EventKind
from router.delivery import DeliveryState, Sent
from router.outbox import Courier
from router.work import CaseWrite, Unit, send_role
from storage.memory import MemoryStore
from web.webhooks import Webhooks

OWN_DOOR = {"web", "desk", "open311", "partner_webhook"}
"""Channels that no provider calls at the common address."""
GIVEN_UP = {DeliveryState.DEAD, DeliveryState.REJECTED, DeliveryState.BOUNCED}


@pytest.fixture
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    entry: Entry = request.param
    async with entry.open() as harness:
        yield harness


def test_the_registry_is_the_contracts() -> None:
    assert {entry.name for entry in REGISTRY if entry.signed} >= OWN_DOOR


def door(harness: Harness, store: MemoryStore) -> Webhooks:
    """Open the address at which providers call, with this channel behind it."""
    key = (harness.address.channel, harness.address.account)
    parts: Any = SimpleNamespace(
        channels={key: harness.channel},
        intake=store,
        clock=WallClock(),
        wake=lambda: None,
        settings=SimpleNamespace(base_url="https://guichet.example", accept_deadline_s=2.0),
    )
    return Webhooks(parts, {}, lambda *_: None)  # type: ignore[arg-type, return-value]


@signed
async def test_a_forged_call_is_answered_403_and_nothing_is_stored(harness: Harness) -> None:
    genuine, store = harness.genuine, MemoryStore(Numbered())
    assert genuine is not None
    transport = httpx.ASGITransport(door(harness, store))
    path = f"/webhooks/{harness.address.channel}/{harness.address.account}"
    async with httpx.AsyncClient(transport=transport, base_url="https://guichet.example") as client:
        for value in (None, "", "x", "sha256=", "a" * 400):
            headers = {} if value is None else dict.fromkeys(genuine.headers, value)
            answer = await client.post(path, content=genuine.body, headers=headers)
            assert answer.status_code == (404 if harness.address.channel in OWN_DOOR else 403)
            assert "Traceback" not in answer.text
    assert list(await store.journal()) == []


@with_provider
async def test_who_cannot_be_reached_is_shown_on_the_case(harness: Harness) -> None:
    ids, clock = Numbered(), WallClock()
    store = MemoryStore(ids)
    case = Parts(ids).case()
    delivery = replace(
        harness.delivery(),
        id=ids.next(),
        case_id=case.id,
        lane=harness.address.key,
        created_at=clock.now(),
    )
    await write(
        store, Unit((), cases=(CaseWrite(case, None),), deliveries=(delivery,)), at=clock.now()
    )
    assert isinstance(await send(harness), Sent)  # its libraries are imported, its connection warm
    harness.faults[BLOCKED]()
    courier = Courier(send_role(harness.address), harness.channel, store, clock, ids)
    await courier.run_once()
    [sent] = await store.deliveries(case.id)
    assert sent.state in GIVEN_UP
    assert sent.error
    failed = [e for e in await store.events(case.id) if e.kind is EventKind.DELIVERY_FAILED]
    assert len(failed) == 1
    assert failed[0].text
