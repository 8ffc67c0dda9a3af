"""Providers are answered after the commit, and never before."""

from __future__ import annotations

import asyncio

import httpx
import pytest
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
