"""Files that people sent, by the link in the mail to the service: for those who may see them."""

from __future__ import annotations

import pytest
from web_fakes import NUMBER, Browser, House, a_case

from router.case import CaseFile, Status
from router.decision import ServiceId
from router.tokens import REPLY

KEPT = CaseFile(7, "blob", "trou <b>é</b>.svg", "image/svg+xml", 5)
GONE = CaseFile(7, "gone", "perdu.jpg", "image/jpeg", 5)


@pytest.fixture
def link(house: House) -> str:
    house.photos["blob"] = b"<svg onload='alert(1)'/>"
    house.cases.keep(a_case(status=Status.ASSIGNED, files=(KEPT, GONE), attachments=2))
    return "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")


async def test_the_page_leads_to_the_files_and_they_are_saved_and_never_run(
    browser: Browser, link: str
) -> None:
    address = f"{link}/fichier/{KEPT.key}"
    page = (await browser.get(link)).text
    assert f'href="{address}"' in page
    assert "<b>é</b>" not in page

    answer = await browser.get(address)

    assert (answer.status_code, answer.content) == (200, b"<svg onload='alert(1)'/>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("key", [GONE.key, "7-00000000", "..%2fsecret.key", "x"])
async def test_what_cannot_be_had_is_a_page_and_no_defect(
    browser: Browser, link: str, key: str
) -> None:
    assert (await browser.get(f"{link}/fichier/{key}")).status_code == 404


async def test_only_the_service_that_may_see_photos_gets_them(
    browser: Browser, house: House, link: str
) -> None:
    peace = ServiceId("tranquillite-nantes")  # sees the place only
    house.cases.keep(a_case(owner=peace, files=(KEPT,), attachments=1))
    hers = "/p/" + house.signer.sign("p", NUMBER, peace)
    citizen = "/p/" + house.signer.sign(REPLY, NUMBER, "voirie-metropole")
    for who in (link, hers, citizen, link[:-1] + "?"):
        answer = await browser.get(f"{who}/fichier/{KEPT.key}")
        assert answer.status_code == 404, who
    assert "fichier" not in (await browser.get(hers)).text


async def test_who_may_not_learn_who_wrote_finds_no_name_of_theirs_and_no_contact_card(
    browser: Browser, house: House
) -> None:
    house.photos["cv"] = house.photos["card"] = b"bytes"
    letter = CaseFile(7, "cv", "CV Jean Dupont 0612345678.pdf", "application/pdf", 5)
    card = CaseFile(7, "card", "jean.dupont.vcf", "text/vcard", 5)
    proof = CaseFile(8, "cv", "vu par paul@metropole.example.png", "image/png", 5)
    case = a_case(files=(letter, card), attachments=2, proofs=(proof,))
    house.cases.keep(case)
    link = "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")

    page = (await browser.get(link)).text
    answer = await browser.get(f"{link}/fichier/{letter.key}")

    assert "Dupont" not in page
    assert "dupont" not in page
    assert "paul@" not in page
    assert ">document-1.pdf</a>" in page
    assert ">photo-2.png</a>" in page
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''document-1.pdf"
    assert (await browser.get(f"{link}/fichier/{card.key}")).status_code == 404
