"""Who is known again on the tracking page: the browser that reported, and nobody for the number."""

from __future__ import annotations

import httpx
import pytest
from web_fakes import NUMBER, Browser, House, a_case

from router.case import Reporter, ReporterRole
from router.message import Address
from router.tokens import PAGE, party_of
from router.tracking import printed
from web.app import create_app
from web.own_page import COOKIE

PRINTED = printed(NUMBER)


async def report(browser: Browser, house: House) -> Address:
    """Report by the form; gives where the person is answered."""
    fields = {"id": await browser.form_id(), "text": "Un nid-de-poule", "website": ""}
    answer = await browser.post("/signaler", data=fields)
    assert answer.status_code == 303
    return Address.from_key(house.journal.envelopes[-1].conversation)


async def write(browser: Browser, house: House) -> str:
    """Add a word on the tracking page; gives the token that travels with it."""
    fields = {"id": await browser.form_id(f"/suivi/{PRINTED}"), "text": "Toujours là"}
    await browser.post(f"/suivi/{PRINTED}", data=fields)
    token = house.journal.payloads[-1]["token"]
    assert isinstance(token, str)
    return token


async def test_the_browser_that_reported_signs_what_it_adds(browser: Browser, house: House) -> None:
    address = await report(browser, house)
    house.cases.keep(a_case(reporters=(Reporter(address),)))

    token = house.signer.read(await write(browser, house))

    assert (token.kind, token.number, token.party) == (PAGE, NUMBER, party_of(address.key))


async def test_the_number_alone_proves_nothing(browser: Browser, house: House) -> None:
    house.cases.keep(a_case())
    assert await write(browser, house) == ""


async def test_who_reported_one_thing_is_nobody_on_the_case_of_another(
    browser: Browser, house: House
) -> None:
    await report(browser, house)
    house.cases.keep(a_case())
    assert await write(browser, house) == ""


async def test_a_third_party_of_the_case_is_not_taken_for_its_reporter(
    browser: Browser, house: House
) -> None:
    address = await report(browser, house)
    house.cases.keep(a_case(reporters=(Reporter(address, role=ReporterRole.THIRD_PARTY),)))
    assert await write(browser, house) == ""


async def test_several_reports_of_one_browser_are_all_known(browser: Browser, house: House) -> None:
    first = await report(browser, house)
    await report(browser, house)
    house.cases.keep(a_case(reporters=(Reporter(first),)))
    assert await write(browser, house) != ""


@pytest.mark.parametrize("forged", ["", "x", "YWJjZGVmZ2g=-0123456789abcdef01234567"])
async def test_a_forged_cookie_is_no_cookie(browser: Browser, house: House, forged: str) -> None:
    house.cases.keep(a_case())
    browser.cookies.set(COOKIE, forged)
    assert await write(browser, house) == ""


@pytest.mark.parametrize(("base_url", "secure"), [("http://c.example", False), ("https://c", True)])
async def test_scripts_and_other_sites_never_see_the_cookie(base_url: str, secure: bool) -> None:
    house = House(base_url=base_url)
    transport = httpx.ASGITransport(create_app(house.parts()))
    async with Browser(transport=transport, base_url=base_url) as browser:
        fields = {"id": await browser.form_id(), "text": "Un trou", "website": ""}
        answer = await browser.post("/signaler", data=fields)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ("secure" in cookie) is secure
