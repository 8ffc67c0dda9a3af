"""A form sent twice is one thing; the same form with anything else in it is never lost in silence."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from web_fakes import NUMBER, Browser, House, a_case

from router.case import Status
from router.tracking import from_bits, printed
from web.report.form import Report
from web.said_id import said_id

NOT_TYPED = {"id", "website", "proof", "photos", "photo_position"}
PAGE = f"/suivi/{printed(NUMBER)}"


def picture(colour: str) -> dict[str, tuple[str, bytes, str]]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return {"photo": ("a.jpg", out.getvalue(), "image/jpeg")}


async def sent(
    browser: Browser, path: str, form_id: str, fields: dict[str, str], colour: str = "red"
) -> None:
    data = {"id": form_id, **fields}
    answer: httpx.Response = await browser.post(path, data=data, files=picture(colour))
    assert answer.status_code == 303, answer.text


async def check_door(
    browser: Browser, house: House, path: str, said: dict[str, str], other: dict[str, str]
) -> None:
    """Send a form twice, and then once for each field with only that field, or the photo, changed."""
    form_id = await browser.form_id(path)
    await sent(browser, path, form_id, said)
    await sent(browser, path, form_id, said)
    assert len(house.journal.envelopes) == 1
    for count, (name, value) in enumerate(other.items(), 2):
        await sent(browser, path, form_id, {**said, name: value})
        assert len(house.journal.envelopes) == count, name
    await sent(browser, path, form_id, said, "blue")
    assert len(house.journal.envelopes) == len(other) + 2


async def test_a_report_with_anything_corrected_is_a_report_of_its_own(
    browser: Browser, house: House
) -> None:
    fields = {
        "text": "Un trou", "where": "12 rue Scribe", "commune": "44109", "lat": "47.2", "lon": "-1.5",
        "accuracy": "10", "name": "Ana", "reply": "email", "email": "faux@mail.example",
        "phone": "0612345678", "language": "fr",
    }  # fmt: skip
    other = {
        "text": "Deux trous", "where": "14 rue Scribe", "commune": "44114", "lat": "47.3", "lon": "-1.6",
        "accuracy": "90", "name": "Anaïs", "reply": "sms", "email": "juste@mail.example",
        "phone": "0612345679", "language": "en",
    }  # fmt: skip
    assert {*fields} == {*Report.__dataclass_fields__} - NOT_TYPED
    await check_door(browser, house, "/signaler", fields, other)


async def test_a_second_word_by_a_known_form_is_a_word_of_its_own(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case())
    words = {"text": "Le trou grandit"}
    await check_door(browser, house, PAGE, words, {"text": "Une fuite de gaz"})


async def test_a_word_by_a_form_of_another_case_is_a_word_of_its_own(
    browser: Browser, house: House
) -> None:
    other = from_bits(7)
    house.cases.keep(a_case())
    house.cases.keep(a_case(id=2, number=other))
    form_id = await browser.form_id(PAGE)
    for path in (PAGE, f"/suivi/{printed(other)}"):
        await sent(browser, path, form_id, {"text": "Le trou grandit"})
    assert len(house.journal.envelopes) == 2


@pytest.mark.parametrize("act", ["accept", "progress", "close", "refuse"])
async def test_a_correction_by_a_known_form_of_a_service_is_an_act_of_its_own(
    browser: Browser, house: House, act: str
) -> None:
    house.cases.keep(a_case(status=Status.ASSIGNED))
    link = "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")
    words = {"act": act, "text": "mardi", "reason": "mardi", "reference": "A-1", "instead": ""}
    kept = {"reason": "jeudi"} if act == "refuse" else {"text": "Correction : jeudi"}
    kept |= {"instead": "Guichet de la métropole"} if act == "refuse" else {}
    await check_door(browser, house, link, words, kept | {"reference": "A-2"})


said = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)
)


@given(said, said)
def test_an_id_tells_what_is_said_apart(one: Any, other: Any) -> None:
    same = repr(one) == repr(other)  # True is 1, and not the same said
    assert (said_id("f", one) == said_id("f", other)) is same
