"""The partners of the demo: where the configuration says, and strict about who calls."""

from __future__ import annotations

from pathlib import Path

import httpx
import yaml

from demo.open311 import OPEN311_AT, Open311Simulator
from demo.partner import SYSTEM_AT, PartnerSimulator

CONFIG = Path(__file__).parents[2] / "config"


def test_they_are_where_the_shipped_configuration_says() -> None:
    services = yaml.safe_load((CONFIG / "services.yaml").read_text("utf-8"))["services"]
    own = {one["transmission"]["adresse"]: one["transmission"]["canal"] for one in services}
    assert (own[OPEN311_AT], own[SYSTEM_AT]) == ("open311", "webhook")
    # until they are connected their cases are written to somebody
    assert all("@" in one["contact"].get("courriel", "") for one in services)


async def test_a_request_without_key_place_or_known_type_is_refused() -> None:
    good = {"api_key": "k", "jurisdiction_id": "j", "service_code": "001", "address_string": "ici"}
    async with Open311Simulator("k", "j") as server, httpx.AsyncClient() as client:
        for missing, status in (
            ("api_key", 403), ("jurisdiction_id", 404), ("service_code", 404),
            ("address_string", 400),
        ):  # fmt: skip
            form = {name: value for name, value in good.items() if name != missing}
            answer = await client.post(f"{server.base_url}/requests.json", data=form)
            assert (answer.status_code, answer.json()[0]["code"]) == (status, status)
        assert server.received() == []
        assert (await client.post(f"{server.base_url}/requests.json", data=good)).status_code == 200


async def test_both_remember_what_they_held_and_did(tmp_path: Path) -> None:
    form = {"api_key": "k", "jurisdiction_id": "j", "service_code": "001", "address_string": "ici"}
    async with (
        Open311Simulator("k", "j", state_dir=tmp_path) as server,
        httpx.AsyncClient() as client,
    ):
        await client.post(f"{server.base_url}/requests.json", data=form)
        server.say("638344", "closed", "Fait.")
    async with (
        Open311Simulator("k", "j", state_dir=tmp_path) as server,
        httpx.AsyncClient() as client,
    ):
        [request] = server.received()
        server.say("638344", "closed", "Fait.")
        updates = (await client.get(f"{server.base_url}/servicerequestupdates.json")).json()
    assert (request.status, request.notes, len(updates)) == ("closed", "Fait.", 1)


async def test_a_message_that_is_not_signed_is_refused() -> None:
    async with PartnerSimulator() as server, httpx.AsyncClient() as client:
        body = b'{"type": "case.forward", "case": {}, "reply": {"url": "x", "case": "y"}}'
        plain = await client.post(server.url, content=body)
        headers = {**server.signed("m", body), "idempotency-key": "m"}
        forged = await client.post(server.url, content=body + b" ", headers=headers)
        genuine = await client.post(server.url, content=body, headers=headers)
        assert (plain.status_code, forged.status_code, genuine.status_code) == (401, 401, 202)
        assert [message.name for message in server.received()] == ["y"]
