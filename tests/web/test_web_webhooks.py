"""Providers are answered after the commit, and never before."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.types import Message
from web_fakes import Browser, House

from web.app import create_app

RIGHT = {"X-Key": "right"}


async def test_an_authentic_call_is_made_durable_then_answered_as_its_provider_wants(
    browser: Browser, house: House
) -> None:
    answer = await browser.post("/webhooks/hook/main?a=b%20c", content=b"one", headers=RIGHT)

    assert (answer.status_code, answer.text) == (200, "<ok/>")
    assert answer.headers["content-type"].startswith("text/xml")
    assert [envelope.payload for envelope in house.journal.envelopes] == [b"one"]
    assert house.woken == 1


async def test_the_channel_sees_the_configured_address_and_lower_case_headers() -> None:
    house = House(base_url="https://guichet.example/")
    transport = httpx.ASGITransport(create_app(house.parts()))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1:8000") as client:
        await client.post("/webhooks/hook/main?a=b%20c&d=", content=b"x", headers=RIGHT)

    seen = house.hook.seen[0]
    assert seen.url == "https://guichet.example/webhooks/hook/main?a=b%20c&d="
    assert seen.headers["x-key"] == "right"
    assert (seen.method, seen.body) == ("POST", b"x")


async def test_a_bad_signature_is_refused_in_one_sentence_and_nothing_is_stored(
    browser: Browser, house: House
) -> None:
    for headers in ({}, {"X-Key": "wrong"}, {"X-Key": b"\xe9"}):
        answer = await browser.post("/webhooks/hook/main", content=b"x", headers=headers)

        assert answer.status_code == 403
        assert answer.text.count(".") == 1
    assert house.journal.envelopes == []
    assert house.woken == 0


async def test_while_the_store_is_down_the_provider_is_asked_to_come_again(
    browser: Browser, house: House
) -> None:
    house.journal.down = True

    answer = await browser.post("/webhooks/hook/main", content=b"x", headers=RIGHT)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_store_that_hangs_counts_as_down() -> None:
    house = House(deadline_s=0.02)
    house.journal.hang = asyncio.Event().wait  # type: ignore[assignment]
    transport = httpx.ASGITransport(create_app(house.parts()))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/webhooks/hook/main", content=b"x", headers=RIGHT)

    assert answer.status_code == 503


@pytest.mark.parametrize("path", ["/webhooks/hook/other", "/webhooks/none/main"])
async def test_an_unknown_account_is_not_found(browser: Browser, path: str) -> None:
    assert (await browser.post(path, content=b"x", headers=RIGHT)).status_code == 404
    assert (await browser.get(path)).status_code == 404


async def test_a_body_over_a_megabyte_is_refused_announced_or_not(
    browser: Browser, house: House
) -> None:
    async def streamed():  # type: ignore[no-untyped-def]
        for _ in range(11):
            yield b"x" * 100_000

    announced = await browser.post("/webhooks/hook/main", content=b"x" * 1_000_001, headers=RIGHT)
    silent = await browser.post("/webhooks/hook/main", content=streamed(), headers=RIGHT)
    largest = await browser.post("/webhooks/hook/main", content=b"x" * 1_000_000, headers=RIGHT)

    statuses = (announced.status_code, silent.status_code, largest.status_code)
    assert statuses == (413, 413, 200)
    assert len(house.journal.envelopes) == 1


async def test_a_mail_with_photos_may_be_posted() -> None:
    house = House()
    house.channels = {("email", "guichet@nantes.example"): house.hook}
    transport = httpx.ASGITransport(create_app(house.parts()))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        path = "/webhooks/email/guichet@nantes.example"
        taken = await client.post(path, content=b"x" * 30_000_000, headers=RIGHT)
        refused = await client.post(path, content=b"x" * 40_000_001, headers=RIGHT)

    assert (taken.status_code, refused.status_code) == (200, 413)


async def test_a_providers_challenge_is_answered_by_its_channel(browser: Browser) -> None:
    proved = await browser.get("/webhooks/hook/main?crc=1")
    silent = await browser.get("/webhooks/hook/main")

    assert (proved.status_code, proved.text) == (200, "proof")
    assert silent.status_code == 405


async def test_a_provider_that_calls_by_get_is_verified_and_made_durable(
    browser: Browser, house: House
) -> None:
    assert (await browser.get("/webhooks/hook/main?id=1", headers=RIGHT)).status_code == 405

    house.hook.takes_gets = True
    refused = await browser.get("/webhooks/hook/main?id=1", headers={"X-Key": "wrong"})
    taken = await browser.get("/webhooks/hook/main?id=1", headers=RIGHT)

    assert (refused.status_code, taken.status_code) == (403, 200)
    assert len(house.journal.envelopes) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_a_provider_may_call_by_post_and_get_only(
    browser: Browser, house: House, method: str
) -> None:
    answer = await browser.request(method, "/webhooks/hook/main", headers=RIGHT)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert house.journal.envelopes == []


@pytest.mark.parametrize("path", ["/webhooks/hook/main/", "/webhooks/hook/main/more", "/webhooks/"])
async def test_an_address_beside_an_account_is_nobodys(browser: Browser, path: str) -> None:
    assert (await browser.post(path, content=b"x", headers=RIGHT)).status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        ("web", "web"),
        ("desk", "accueil"),
        ("open311", "appli"),
        ("partner_webhook", "https://ville.example/guichet"),
    ],
)
async def test_a_channel_with_a_door_of_ours_is_reached_by_no_other(key: tuple[str, str]) -> None:
    """That door checks what is posted: whose case it is, and that a photo is one of the sender's."""
    house = House()
    house.channels = {key: house.hook}
    transport = httpx.ASGITransport(create_app(house.parts()))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post(f"/webhooks/{key[0]}/{key[1]}", content=b"x", headers=RIGHT)

    assert answer.status_code == 404
    assert house.journal.envelopes == []


async def test_an_account_may_be_written_in_percent_signs(browser: Browser, house: House) -> None:
    assert (await browser.post("/webhooks/hook/m%61in", content=b"x", headers=RIGHT)).is_success
    assert len(house.journal.envelopes) == 1


async def test_a_provider_that_hangs_up_in_mid_call_leaves_nothing(house: House) -> None:
    sent: list[Message] = []
    told = iter([{"type": "http.request", "body": b"half", "more_body": True}])

    async def receive() -> Message:
        return next(told, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/webhooks/hook/main", "query_string": b"",
        "headers": [(b"x-key", b"right")],
    }  # fmt: skip
    await create_app(house.parts())(scope, receive, send)

    assert sent == []
    assert house.journal.envelopes == []


async def test_a_failure_of_a_channel_is_a_500_and_nothing_is_stored(
    browser: Browser, house: House
) -> None:
    answer = await browser.post("/webhooks/hook/main", content=b"\xff", headers=RIGHT)

    assert answer.status_code == 500
    assert house.journal.envelopes == []
