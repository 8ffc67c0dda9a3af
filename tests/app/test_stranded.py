"""What waits for a channel that nobody has connected is told wherever an operator looks."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
import structlog
from ruled import SetClock
from store_parts import Numbered, Parts, put, write
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.server import Server
from app.running.stranded import stranded
from app.running.troubles import Troubles
from app.running.watch import Watch
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from router.decision import Urgency
from router.delivery import DeliveryKind, DeliveryState
from router.message import Address
from router.work import CaseWrite, Unit

CONFIG = Path(__file__).parents[2] / "config"
BOX = "metropole@nantes.example"
SERVICE = Address("partner_email", BOX, "astreinte@nantes.example")
TOLD = (
    "2 envois, dont 1 danger, ne peuvent pas partir : ce canal n'est pas branché,"
    f" faute de réglages, ou d'un compteur en service (partner_email {BOX})."
)


async def wait_for_services(store) -> None:
    """Have two cases wait for a service, one of them a danger."""
    parts = Parts(Numbered())
    gas = parts.case(urgency=Urgency.IMMEDIATE)
    await write(store, Unit(claims=(), cases=(CaseWrite(gas, None),)))
    for case_id in (gas.id, None):
        sent = parts.delivery(address=SERVICE, kind=DeliveryKind.FORWARD, case_id=case_id)
        await put(store, parts, sent)


@pytest.fixture
def waiting(monkeypatch, tmp_path):
    """Give an installation with a desk and no mailbox, where two cases wait for a service."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text(f'data = "var"\nconfig = "{CONFIG}"\n')

    async def fill() -> None:
        async with opened(Path("var"), "") as store:
            await wait_for_services(store)

    asyncio.run(fill())
    yield tmp_path
    structlog.reset_defaults()


async def test_what_waits_for_a_connected_account_is_not_told(store):
    await wait_for_services(store)
    assert await stranded(store, lambda *key: key == (SERVICE.channel, BOX)) == []


async def test_each_account_is_told_with_its_dangers(store):
    await wait_for_services(store)
    [found] = await stranded(store, lambda *key: False)
    assert found.sentence == TOLD


async def test_what_has_left_or_was_given_up_does_not_wait(store):
    parts = Parts(Numbered())
    for state in (DeliveryState.SENT, DeliveryState.DEAD):
        await put(store, parts, parts.delivery(address=SERVICE, state=state))
    assert await stranded(store, lambda *key: False) == []


async def test_what_an_agent_reads_or_posts_is_not_stranded(store):
    parts = Parts(Numbered())
    await put(store, parts, parts.delivery(address=Address("desk", "accueil", "+33240000000")))
    assert await stranded(store, lambda *key: False) == []


def test_doctor_ends_with_1_and_says_what_cannot_leave(waiting):
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    told = {one["what"]: one for one in json.loads(result.stdout)}
    found = told[f"partner_email {BOX}"]
    assert (result.exit_code, found["ok"], found["sentence"]) == (1, False, TOLD)


def test_the_outbox_lists_what_waits_in_vain(waiting):
    shown = CliRunner().invoke(cli, ["outbox", "list"]).output
    assert shown.count("transmission par courriel au service") == 2
    assert shown.count(f"aucun réglage pour ce canal (partner_email {BOX}).") == 2
    (waiting / "guichet.toml").write_text('[channels.email]\nsmtp_host = "relais.example"\n')
    assert CliRunner().invoke(cli, ["outbox", "list"]).output == "Aucun envoi abandonné.\n"


async def test_the_desk_is_told_by_a_process_that_sends(tmp_path):
    settings = load_settings(data=tmp_path, config=CONFIG)
    async with opened(settings.data, "") as store:
        await wait_for_services(store)
        product = await build(settings, store)
        await Server(product, roles=("gateway", "router"))._watch().look()
        assert await Troubles(store, product.clock).told() == ()
        await Server(product, roles=("courier",))._watch().look()
        [found] = await Troubles(store, product.clock).told()
    assert (found.channel, found.account, found.sentence) == (SERVICE.channel, BOX, TOLD)


async def test_the_desk_hears_no_more_of_it_once_it_has_left(store):
    clock, lost = SetClock(), {(SERVICE.channel, BOX): TOLD}

    async def told():
        return dict(lost)

    watch = Watch({}, Troubles(store, clock), clock, told)
    await watch.look()
    assert [one.sentence for one in await Troubles(store, clock).told()] == [TOLD]
    lost.clear()
    await watch.look()
    assert await Troubles(store, clock).told() == ()


@pytest.mark.parametrize(
    ("channels", "offered"),
    [
        ({}, set()),
        ({"email": {"smtp_host": "relais.example"}}, {"reply-email"}),
        ({"sms": {"account_sid": "AC1", "auth_token": "x"}}, {"reply-sms"}),
    ],
    ids=["neither", "mailbox", "number"],
)
async def test_the_form_offers_only_answers_that_can_leave(tmp_path, channels, offered):
    settings = load_settings(data=tmp_path, config=CONFIG, channels=channels)
    async with opened(settings.data, "") as store:
        product = await build(settings, store)
        transport = httpx.ASGITransport(product.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.example") as client:
            page = (await client.get("/")).text
    assert set(re.findall(r'id="(reply-(?:email|sms))"', page)) == offered
