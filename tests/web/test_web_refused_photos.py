"""Pictures are kept of what is taken; anonymous posts that are refused leave nothing on the disk."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image
from web_fakes import NUMBER, Browser, House, a_case

from router.case import Status
from router.decision import ServiceId
from router.tracking import printed

PAGE = f"/suivi/{printed(NUMBER)}"
MOST = 60
"""How many posts of one connection are looked at before the next must wait."""


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return out.getvalue()


PICTURE = picture()


async def posted(
    browser: Browser, path: str, files: tuple[bytes, ...] = (PICTURE,), **fields: str
) -> httpx.Response:
    photos = [("photo", (f"{n}.jpg", data, "image/jpeg")) for n, data in enumerate(files)]
    return await browser.post(path, data=fields, files=photos)


@pytest.fixture
def link(house: House) -> str:
    house.cases.keep(a_case(status=Status.ASSIGNED))
    return "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")


@pytest.mark.parametrize("forged", ["nonsense", "", "\x00", "a-zz-b", "0" * 30 + "-1-" + "f" * 24])
@pytest.mark.parametrize("path", ["/signaler", PAGE, "link"])
async def test_a_form_that_is_not_ours_has_no_picture_kept_and_is_told_so(
    browser: Browser, house: House, link: str, path: str, forged: str
) -> None:
    path = link if path == "link" else path
    answer = await posted(browser, path, id=forged, act="close", text="Rebouché")
    assert (answer.status_code, house.photos) == (422, {})
    assert "Choisissez-les de nouveau" in answer.text


@pytest.mark.parametrize("path", ["/signaler", PAGE])
async def test_refused_posts_count_and_who_must_wait_has_no_picture_kept(
    browser: Browser, house: House, link: str, path: str
) -> None:
    ours = await browser.form_id(path)
    for _ in range(MOST):
        assert (await posted(browser, path, (), id="nonsense", text="x")).status_code == 422
    answer = await posted(browser, path, id=ours, text="Un vrai trou")
    assert (answer.status_code, house.photos) == (429, {})
    assert "Un vrai trou" in answer.text
    assert "Choisissez-les de nouveau" in answer.text
    house.clock.advance(60)
    assert (await posted(browser, path, id=ours, text="Un vrai trou")).status_code == 303
    assert len(house.photos) == 1


async def test_who_waits_is_not_made_to_wait_longer_by_trying(
    browser: Browser, house: House, link: str
) -> None:
    ours = await browser.form_id()
    for _ in range(MOST * 2):
        answer = await posted(browser, "/signaler", (), id="nonsense", text="x")
    assert answer.status_code == 429
    house.clock.advance(int(answer.headers["retry-after"]))
    assert (await posted(browser, "/signaler", id=ours, text="Un trou")).status_code == 303


@pytest.mark.parametrize(
    ("said", "files"),
    [
        ({"act": "close", "text": ""}, (PICTURE,)),
        ({"act": "refuse", "reason": ""}, (PICTURE,)),
        ({"act": "refuse", "reason": "x", "instead": "personne"}, (PICTURE,)),
        ({"act": "x", "text": "x"}, (PICTURE,)),
        ({"act": "close", "text": "x" * 5001}, (PICTURE,)),
        ({"act": "close", "text": "Rebouché"}, (PICTURE, b"%PDF-1.7")),
        ({"act": "close", "text": "Rebouché"}, (PICTURE,) * 4),
    ],
)
async def test_an_act_that_is_refused_leaves_no_picture(
    browser: Browser, house: House, link: str, said: dict[str, str], files: tuple[bytes, ...]
) -> None:
    answer = await posted(browser, link, files, id=await browser.form_id(link), **said)
    assert (answer.status_code in {400, 422}, house.photos) == (True, {})
    assert house.journal.envelopes == []


async def test_a_service_that_has_the_case_no_longer_leaves_no_picture(
    browser: Browser, house: House, link: str
) -> None:
    form_id = await browser.form_id(link)
    house.cases.keep(a_case(status=Status.ASSIGNED, owner=ServiceId("tranquillite-nantes")))
    answer = await posted(browser, link, id=form_id, act="close", text="Rebouché")
    assert (answer.status_code, house.photos) == (409, {})
