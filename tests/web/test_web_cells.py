"""The pages of a case that two installations share: here as of any service, there without a person."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import web_fakes
from PIL import Image
from web_fakes import NOW, NUMBER, Browser, House, a_case

from router.case import Case, CaseFile, Event, EventKind, Reporter, Status, Visibility
from router.cells import Came, Gone
from router.decision import ServiceId
from router.message import Address
from router.tracking import from_bits, printed

PRINTED = printed(NUMBER)
WHOLE = from_bits(99)


def came(**fields: object) -> Case:
    """A case that the installation nantes handed over, which is its reporter here."""
    reporter = Reporter(Address("cell", "nantes", NUMBER), language="fr")
    return a_case(
        channel="cell",
        came=Came("nantes", ("angers", "nantes"), 1),
        reporters=(reporter,),
        subject="",
        text="un trou énorme",
        **fields,
    )


def body(page: str) -> str:
    return page.split("<main", 1)[1].split("<footer", 1)[0]


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_case_with_another_installation_shows_its_service_as_any_other(
    browser: Browser, house: House, accepted: bool
) -> None:
    gone = Gone("rennes", ServiceId("voirie-metropole"), accepted=accepted)
    house.cases.keep(
        a_case(gone=gone, epoch=1),
        Event(8, 1, EventKind.NOTE, NOW, "rennes", "« rennes » a accepté.", Visibility.SERVICE),
        Event(9, 1, EventKind.ANSWERED, NOW, "voirie-metropole", "C'est réparé.", Visibility.CITIZEN),
    )  # fmt: skip
    page = body((await browser.get(f"/suivi/{PRINTED}")).text)
    for words in ("Prise en charge par : Service de la voirie.", "En cours", "C&#39;est réparé."):
        assert words in page
    assert "rennes" not in page


async def test_the_same_number_works_where_the_case_is_and_names_no_channel_as_a_person(
    browser: Browser, house: House
) -> None:
    house.cases.keep(
        came(),
        Event(8, 1, EventKind.RECEIVED, NOW, "nantes", "un trou énorme", Visibility.CITIZEN),
        Event(9, 1, EventKind.NOTE, NOW, "nantes", "Offerte par « nantes ».", Visibility.SERVICE),
    )
    answer = await browser.get(f"/suivi/{PRINTED}")
    page = body(answer.text)
    assert answer.status_code == 200
    assert "Prise en charge par : Service de la voirie." in page
    for word in ("cell", "autre guichet", "« nantes »", "angers", "trou", NUMBER):
        assert word not in page, word


async def test_words_that_a_service_says_there_are_shown_whole(
    browser: Browser, house: House
) -> None:
    house.cases.keep(
        came(),
        Event(9, 1, EventKind.ANSWERED, NOW, "voirie-metropole", "La rue de nantes est réparée.",
              Visibility.CITIZEN),
    )  # fmt: skip
    assert "La rue de nantes est réparée." in (await browser.get(f"/suivi/{PRINTED}")).text


async def test_a_part_that_was_handed_over_has_a_page_though_the_whole_is_elsewhere(
    browser: Browser, house: House
) -> None:
    house.cases.keep(came(public_number=WHOLE))
    page = await browser.get(f"/suivi/{PRINTED}")
    assert page.status_code == 200
    assert "Service de la voirie" in page.text
    house.cases.keep(came(id=2, number=WHOLE))
    led = await browser.get(f"/suivi/{PRINTED}")
    assert (led.status_code, led.headers["location"]) == (303, f"/suivi/{printed(WHOLE)}")


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "nantes (autre guichet)"), ("en", "nantes (another front desk)")]
)
async def test_the_page_of_a_service_says_which_installation_handed_the_case_over(
    browser: Browser,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: str,
) -> None:
    sees = ("texte", "lieu", "contact")
    services = tuple(replace(one, sees=sees) for one in web_fakes.SERVICES)
    monkeypatch.setattr(web_fakes, "SERVICES", services)
    house.cases.keep(came(status=Status.ASSIGNED))
    link = "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")
    page = (await browser.get(f"{link}?lang={language}")).text
    assert said in page
    assert "(cell)" not in page


@pytest.mark.parametrize(("hidden", "status"), [(False, 200), (True, 404)])
async def test_a_photo_of_a_part_is_shown_by_the_number_that_the_other_knows(
    browser: Browser, house: House, hidden: bool, status: int
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(picture, "JPEG")
    house.photos["blob-1"] = picture.getvalue()
    file = CaseFile(3, "blob-1", "apres.jpg", "image/jpeg", 9)
    house.cases.keep(came())
    house.cases.keep(
        a_case(
            id=2, number=WHOLE, parent=1, public_number=NUMBER, proofs=(file,), confidential=hidden
        )
    )
    shown = await browser.get(f"/suivi/{PRINTED}/photo/{file.key}")
    assert shown.status_code == status
