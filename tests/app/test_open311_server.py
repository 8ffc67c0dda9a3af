"""A request posted by an application goes the whole way: a case, its service, the answer read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx
import pytest
from conftest import CONFIG
from pydantic import SecretStr

from app.running.wiring import build
from app.settings import Settings
from app.stores import opened
from channels.partners.open311 import PartnerOpen311, PartnerOpen311Settings
from demo.clock import WallClock
from router.archive import CaseFilter
from router.delivery import Delivery, DeliveryKind
from router.message import Address
from router.ports import HandedOver
from router.tokens import PARTNER
from router.tracking import parse, printed

KEY = "cle"
FORM = {
    "api_key": KEY, "service_code": "eclairage", "address_string": "12 rue Crébillon, Nantes",
    "description": "Le lampadaire est éteint", "first_name": "Léa",
}  # fmt: skip


@pytest.fixture
async def product(tmp_path: Path):
    config = shutil.copytree(CONFIG, tmp_path / "config")
    counters = config / "compteurs.yaml"
    line = '  - {id: appli, canal: open311, adresse: appli, commune: "44109", langue: fr}\n'
    counters.write_text(counters.read_text("utf-8") + line, "utf-8")
    channels = {"open311": {"appli": {"api_key": KEY}}, "email": {"smtp_host": "127.0.0.1"}}
    settings = Settings(data=tmp_path, config=config, channels=channels)
    async with opened(tmp_path, "") as store:
        yield await build(settings, store)


async def _routed(product) -> None:
    while await product.router.run_once():
        pass


async def test_a_posted_request_becomes_a_case_and_its_answer_is_read_back(product) -> None:
    transport = httpx.ASGITransport(product.web)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        services = (await client.get("/open311/v2/services.json")).json()
        assert FORM["service_code"] in {one["service_code"] for one in services}
        [posted] = (await client.post("/open311/v2/requests.json", data=FORM)).json()
        await _routed(product)
        [known] = (await client.get(f"/open311/v2/tokens/{posted['token']}.json")).json()
        number = known["service_request_id"]
        case = await product.store.case(parse(number))
        assert (case.category, case.channel, case.place.communes) == (
            "eclairage", "open311", ("44109",),
        )  # fmt: skip

        added = {"api_key": KEY, "service_request_id": number, "description": "Toute la rue"}
        await client.post("/open311/v2/servicerequestupdates.json", data=added)
        token = product.signer.sign(PARTNER, case.number, case.owner)
        page = await client.get(f"/p/{token}")
        form_id = page.text.split('name="id" value="')[1].split('"')[0]
        act = {"id": form_id, "act": "close", "text": "Réparé ce matin."}
        acted = await client.post(f"/p/{token}", data=act)
        assert acted.status_code == 303, acted.text
        await _routed(product)

        [request] = (
            await client.get(f"/open311/v2/requests/{number}.json", params={"api_key": KEY})
        ).json()
        updates = (
            await client.get("/open311/v2/servicerequestupdates.json", params={"api_key": KEY})
        ).json()
    assert (request["status"], request["status_notes"]) == ("closed", "Réparé ce matin.")
    assert "Toute la rue" in request["description"]
    assert [one["description"] for one in updates if one["status"] == "CLOSED"] == [
        "Réparé ce matin."
    ]
    assert len(await product.store.cases(CaseFilter())) == 1


class Handed:
    """What the other installation handed over."""

    forward = ""

    async def handed_over(self, channel: str, account: str) -> tuple[HandedOver, ...]:
        return (HandedOver(1, self.forward),)


@pytest.mark.parametrize("format", ["json", "xml"])
async def test_another_installation_hands_a_case_over_and_reads_what_becomes_of_it(
    product, format: str
) -> None:
    account, handed = "http://127.0.0.1/open311/v2", Handed()
    given = {"api_key": SecretStr(KEY), "service_code": "eclairage", "updates": True}
    settings = PartnerOpen311Settings(**given, allow_private=True, poll_s=0, format=format)
    theirs = PartnerOpen311(settings, account, WallClock(), handed)
    theirs._http._http = httpx.AsyncClient(transport=httpx.ASGITransport(product.web))
    sheet = {"text": "Le lampadaire est éteint", "number_printed": "7K4M-Q2XD-9TC",
             "place": {"street": "12 rue Crébillon", "communes": [{"name": "Nantes"}]}}  # fmt: skip
    now = product.clock.now()
    delivery = Delivery(1, "i" * 40, "lane", DeliveryKind.FORWARD,
                        Address("partner_open311", account, account), "", now,
                        case_id=1, data=json.dumps(sheet))  # fmt: skip
    [part] = theirs.render(delivery)
    sent = await theirs.send(part, delivery.idem)
    handed.forward = sent.provider_ids[0]
    await _routed(product)
    [case] = await product.store.cases(CaseFilter())
    assert (case.category, case.place.communes) == ("eclairage", ("44109",))
    found = await theirs.find(delivery, delivery.idem)
    assert found.provider_ids == (theirs.forward_of(printed(case.public_number or case.number)),)

    async def news() -> list[tuple[str, str]]:
        pulled = await theirs.pull("", product.clock.now)
        await theirs.settle(pulled)
        acts = [act for one in pulled.envelopes for act in theirs.receive(one)]
        return [(act.act, act.text) for act in acts]

    assert ("reference", "") in await news()
    token = product.signer.sign(PARTNER, case.number, case.owner)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(product.web), base_url="http://x"
    ) as client:
        page = await client.get(f"/p/{token}")
        form_id = page.text.split('name="id" value="')[1].split('"')[0]
        act = {"id": form_id, "act": "close", "text": "Réparé ce matin."}
        await client.post(f"/p/{token}", data=act)
    await _routed(product)
    assert ("close", "Réparé ce matin.") in await news()
    await theirs.close()


async def test_other_words_under_a_known_key_are_refused_by_the_journal_itself(product) -> None:
    transport = httpx.ASGITransport(product.web)
    codes = []
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for text in ("Le lampadaire est éteint", "Le lampadaire est éteint", "Ça sent le gaz"):
            form, headers = {**FORM, "description": text}, {"idempotency-key": "k-1"}
            answer = await client.post("/open311/v2/requests.json", data=form, headers=headers)
            codes.append(answer.status_code)
    assert codes == [200, 200, 409]
