"""Two whole installations, face to face over HTTP: one number, one answer, on the person's own channel."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from conftest import CONFIG
from PIL import Image

from app.running.server import Server
from app.running.wiring import build
from app.settings import Settings
from app.stores import opened
from channels.cell.channel import Cell, CellSettings
from demo.clock import WallClock
from demo.server import listen
from demo.twilio import TwilioSimulator
from router.archive import CaseFilter
from router.case import Status
from router.errors import InvalidInput
from router.message import Attachment
from router.tokens import PARTNER
from router.tracking import printed

KEY = "whsec_" + base64.b64encode(b"une cle pour deux installations").decode()
COUNTER, ANA = "+33756000044", "+33612345678"
WATER = "{canal: email, adresse: eau@metropole.example}"
ROLES = ("gateway", "router", "courier", "clock", "web")
LEAK = "Fuite d'eau sur le trottoir devant le 12 rue Scribe à Nantes depuis hier"


def _address(sock) -> str:
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


@asynccontextmanager
async def _installation(folder, name, sock, others, *, sms=None, config=None):
    """Run an installation as `guichet serve` does."""
    folder.mkdir()
    channels = {
        "cell": {
            other: {"keys": {"k": KEY}, "base_url": _address(at), "allow_private": True}
            for other, at in others.items()
        }
    }
    if sms is not None:
        channels["sms"] = {
            "account_sid": sms.account_sid, "auth_token": sms.auth_token, "base_url": sms.base_url,
            "public_url": f"{_address(sock)}/webhooks/sms/{COUNTER}",
        }  # fmt: skip
    settings = Settings(
        data=folder, config=config or CONFIG, cell=name, channels=channels,
        base_url=_address(sock),
    )  # fmt: skip
    async with opened(settings.data, "") as store:
        product = await build(settings, store)
        server = Server(product, roles=ROLES, sockets=[sock])
        running = asyncio.create_task(server.run())  # noqa: TID251 -- the process of the test
        await server.started.wait()
        try:
            yield product
        finally:
            server.stop.set()
            await running


@pytest.fixture
async def world(tmp_path):
    """Nantes, whose water service is an installation of its own, the régie's."""
    config = shutil.copytree(CONFIG, tmp_path / "config")
    services = config / "services.yaml"
    text = services.read_text("utf-8")
    assert WATER in text
    services.write_text(text.replace(WATER, "{canal: cellule, adresse: regie}"), "utf-8")
    one, two = listen(0), listen(0)
    async with (
        TwilioSimulator() as sms,
        _installation(
            tmp_path / "a", "nantes", one, {"regie": two}, sms=sms, config=config
        ) as here,
        _installation(tmp_path / "b", "regie", two, {"nantes": one}) as there,
    ):
        sms.connect(COUNTER, f"{_address(one)}/webhooks/sms/{COUNTER}")
        yield here, there, sms


async def _until(found, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not (result := await found()):  # noqa: ASYNC110 -- the product rings no bell for tests
            await asyncio.sleep(0.05)
    return result


async def _only(product):
    cases = await product.store.cases(CaseFilter())
    return cases[0] if cases else None


async def _heard(product, text, id="SM1", media=""):
    channel = product.channels["sms", COUNTER]
    body = httpx.QueryParams(
        {"MessageSid": id, "From": ANA, "To": COUNTER, "Body": text, **(media or {})}
    )
    await product.store.accept(channel.open_raw(str(body).encode(), product.clock.now()))


async def test_a_case_is_worked_there_and_answered_here_under_one_number(world):
    here, there, sms = world
    await _heard(here, LEAK)

    async def accepted():
        case = await _only(here)
        return case if case and case.gone and case.gone.accepted else None

    case = await _until(accepted)
    theirs = await there.store.case(case.number)
    assert (theirs.channel, theirs.came.cell, theirs.text) == ("cell", "nantes", case.text)
    assert theirs.place.communes == case.place.communes == ("44109",)
    assert theirs.place.street == case.place.street

    token = there.signer.sign(PARTNER, theirs.number, theirs.owner)
    async with httpx.AsyncClient(base_url=there.settings.base_url) as client:
        page = await client.get(f"/p/{token}")
        form = page.text.split('name="id" value="')[1].split('"')[0]
        act = {"id": form, "act": "close", "text": "La fuite est réparée."}
        assert (await client.post(f"/p/{token}", data=act)).status_code == 303

    async def resolved():
        found = await _only(here)
        return found if found.status is Status.RESOLVED else None

    await _until(resolved)

    async def told():
        return [one.body for one in sms.sent_to(ANA) if "La fuite est réparée." in one.body]

    assert len(await _until(told)) == 1
    assert sum(1 for one in sms.sent_to(ANA)) == 2  # the receipt, and the answer


async def test_a_photo_is_read_there_from_where_it_was_sent(world):
    _here, there, sms = world
    photo = b"\xff\xd8\xff\xe0 a picture"
    await sms.citizen_sends(ANA, COUNTER, LEAK, [("image/jpeg", photo)])

    async def arrived():
        case = await _only(there)
        return case.files if case else ()

    [file] = await _until(arrived)
    channel = there.channels["cell", "nantes"]
    envelope = await there.store.envelope(file.inbound)
    shown = Attachment(file.name, file.media_type, file.size, file.ref)
    assert await channel.fetch_media(envelope, shown, 10_000) == photo
    elsewhere = replace(shown, ref="/desk/v1/tasks")
    with pytest.raises(InvalidInput):
        await channel.fetch_media(envelope, elsewhere, 10_000)


async def test_the_doctor_of_each_knows_the_other(world):
    here, there, _ = world
    for product, other in ((here, "regie"), (there, "nantes")):
        found = await product.channels["cell", other].health()
        assert (found.ok, found.sentence) == (True, f"{other} répond à un message signé.")


@pytest.mark.parametrize(
    ("name", "own", "key", "why"),
    [
        ("regie", "rezé", KEY, "ne connaît aucune installation du nom de « rezé »"),
        ("autre", "nantes", KEY, "ne s'appelle pas « autre »"),
        ("regie", "nantes", "whsec_" + base64.b64encode(b"x" * 30).decode(), "refuse notre clé"),
    ],
)
async def test_the_doctor_says_which_name_or_key_is_wrong(world, name, own, key, why):
    _, there, _ = world
    settings = CellSettings(keys={"k": key}, base_url=there.settings.base_url, allow_private=True)
    channel = Cell(settings, name, own, WallClock())
    found = await channel.health()
    await channel.close()
    assert found.ok is False
    assert why in found.sentence


async def test_an_operator_ends_an_agreement_and_each_case_has_an_owner_again(world):
    from app.cells import _end

    here, there, _ = world
    await _heard(here, LEAK)

    async def accepted():
        case = await _only(here)
        return case if case and case.gone and case.gone.accepted else None

    case = await _until(accepted)
    found = await _end(here.settings, "regie")
    assert found.here == []
    assert [one.number for one in found.there] == [case.number]

    async def ours():
        mine, theirs = await _only(here), await there.store.case(case.number)
        return mine if mine.gone is None and theirs.came.ended else None

    mine = await _until(ours)
    assert not here.policy.cells.cell_of(here.rulebooks.current().directory.service(mine.owner))


async def test_a_photo_of_what_was_done_there_is_on_the_page_here_and_both_pages_know_the_number(
    world,
):
    here, there, _ = world
    await _heard(here, LEAK)
    theirs = await _until(lambda: _only(there))
    token = there.signer.sign(PARTNER, theirs.number, theirs.owner)
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(picture, "JPEG")
    async with httpx.AsyncClient(base_url=there.settings.base_url) as client:
        page = await client.get(f"/p/{token}")
        form = page.text.split('name="id" value="')[1].split('"')[0]
        act = {"id": form, "act": "close", "text": "La fuite est réparée."}
        photo = {"photo": ("fait.jpg", picture.getvalue(), "image/jpeg")}
        assert (await client.post(f"/p/{token}", data=act, files=photo)).status_code == 303

    async def shown():
        found = await _only(here)
        return found if found.proofs else None

    case = await _until(shown)
    assert case.status is Status.RESOLVED
    number, fixed = printed(case.number), "La fuite est réparée."
    for product in (here, there):
        async with httpx.AsyncClient(base_url=product.settings.base_url) as client:
            page = (await client.get(f"/suivi/{number}")).text
            assert fixed in page
            address = re.search(rf'src="(/suivi/{number}/photo/[^"]+)"', page)[1]
            found = await client.get(address)
            assert (found.status_code, found.headers["content-type"]) == (200, "image/jpeg")
