"""A citizen reports: one form, one message, whatever happens on the way."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from web_fakes import NUMBER, Browser, House

from router.message import Envelope
from router.tracking import printed


def picture(position: bool = False) -> bytes:
    image = Image.new("RGB", (40, 30), "red")
    exif = Image.Exif()
    exif[0x010F] = "a telephone of somebody"
    if position:
        gps = {1: "N", 2: (47.0, 13.0, 12.0), 3: "W", 4: (1.0, 33.0, 36.0)}
        exif.get_ifd(0x8825).update(gps)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def filled(browser: Browser, **fields: str) -> dict[str, str]:
    form_id = await browser.form_id()
    return {"id": form_id, "text": "Un nid-de-poule rue Crébillon", "website": "", **fields}


async def test_a_report_reaches_the_journal_through_the_web_channel(
    browser: Browser, house: House
) -> None:
    fields = await filled(
        browser,
        where="rue  Crébillon",
        commune="44109",
        lat="47,2132",
        lon="-1.5601",
        accuracy="12",
        name="Ana",
        reply="sms",
        phone="06 12 34 56 78",
        language="pt",
    )

    answer = await browser.post("/signaler", data=fields)

    sent = house.journal.payloads[0]
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/merci/")
    assert sent["text"] == "Un nid-de-poule rue Crébillon"
    assert sent["where"] == "rue Crébillon"
    assert (sent["lat"], sent["lon"], sent["accuracy"]) == (47.2132, -1.5601, 12)
    assert (sent["reply"], sent["phone"]) == ("sms", "+33612345678")
    assert (sent["commune"], sent["name"], sent["language"]) == ("44109", "Ana", "pt")
    assert sent["attachments"] == []
    assert house.woken == 1


async def test_the_person_is_led_to_the_case_as_soon_as_it_exists(
    browser: Browser, house: House
) -> None:
    def route(envelope: Envelope) -> None:
        house.numbers[envelope.provider_id] = NUMBER

    house.journal.accepted = route
    answer = await browser.post("/signaler?lang=en", data=await filled(browser))

    assert answer.headers["location"] == f"/suivi/{printed(NUMBER)}?lang=en&nouveau=1"


async def test_until_then_a_page_waits_and_looks_again_by_itself(
    browser: Browser, house: House
) -> None:
    sent = await browser.post("/signaler", data=await filled(browser))
    waiting = await browser.get(sent.headers["location"])
    late = await browser.get(sent.headers["location"] + "?n=99")
    house.numbers[house.journal.payloads[0]["id"]] = NUMBER
    found = await browser.get(sent.headers["location"])

    assert 'http-equiv="refresh"' in waiting.text
    assert 'http-equiv="refresh"' not in late.text
    assert found.headers["location"].startswith(f"/suivi/{printed(NUMBER)}")
    assert (await browser.get("/merci/0-0-forged")).status_code == 404


async def test_the_same_form_sent_twice_is_one_message(browser: Browser, house: House) -> None:
    fields = await filled(browser)

    first = await browser.post("/signaler", data=fields)
    second = await browser.post("/signaler", data=fields)

    assert len(house.journal.envelopes) == 1
    assert first.headers["location"] == second.headers["location"]


async def test_a_new_report_typed_after_going_back_is_not_taken_for_a_double(
    browser: Browser, house: House
) -> None:
    fields = await filled(browser)

    await browser.post("/signaler", data=fields)
    await browser.post("/signaler", data={**fields, "text": "Et un lampadaire éteint"})

    assert len(house.journal.envelopes) == 2


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"text": " "}, "text", "ajoutez une photo"),
        ({"text": "x" * 5001}, "text", "trop long"),
        ({"reply": "email"}, "email", "Indiquez l’adresse"),
        ({"reply": "email", "email": "ana@"}, "email", "semble incomplète"),
        ({"reply": "sms"}, "phone", "Indiquez le numéro"),
        ({"reply": "sms", "phone": "12"}, "phone", "semble incomplet"),
        ({"reply": "sms", "phone": "+abc"}, "phone", "semble incomplet"),
    ],
)
async def test_an_error_stands_in_the_summary_and_beside_its_field_and_nothing_is_lost(
    browser: Browser, house: House, fields: dict[str, str], field: str, words: str
) -> None:
    typed = await filled(browser, where="devant l'école")

    answer = await browser.post("/signaler", data={**typed, **fields})

    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-wrong"' in answer.text
    assert "devant l&#39;école" in answer.text
    assert "<title>Erreur" in answer.text
    assert house.journal.envelopes == []


async def test_what_was_typed_is_never_markup(browser: Browser) -> None:
    evil = '"><script>alert(1)</script></textarea>'
    fields = await filled(browser, text=evil, where=evil, name=evil, email=evil, reply="email")

    answer = await browser.post("/signaler", data=fields)

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert") == 4


async def test_when_the_store_is_down_the_text_stays_and_can_be_sent_again(
    browser: Browser, house: House
) -> None:
    house.journal.down = True
    fields = await filled(browser)
    refused = await browser.post("/signaler", data=fields)
    house.journal.down = False
    again = await browser.post("/signaler", data=fields)

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "nid-de-poule" in refused.text
    assert again.status_code == 303


async def test_a_form_that_is_not_ours_or_too_old_must_be_sent_again(
    browser: Browser, house: House
) -> None:
    fields = await filled(browser)
    forged = await browser.post("/signaler", data={**fields, "id": "0" * 30 + "-1-" + "f" * 24})
    house.clock.advance(25 * 3600)
    old = await browser.post("/signaler", data=fields)

    assert (forged.status_code, old.status_code) == (422, 422)
    assert fields["id"] not in old.text
    assert house.journal.envelopes == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
    ],
)
async def test_another_sites_page_cannot_send_our_forms(
    browser: Browser, house: House, headers: dict[str, str]
) -> None:
    fields = await filled(browser)

    assert (await browser.post("/signaler", data=fields, headers=headers)).status_code == 403
    assert house.journal.envelopes == []


async def test_the_honeypot_is_handed_on_and_never_drops_a_report(
    browser: Browser, house: House
) -> None:
    await browser.post("/signaler", data=await filled(browser, website="http://spam.example"))

    assert house.journal.payloads[0]["website"] == "http://spam.example"


async def test_a_photo_is_kept_without_its_hidden_data(browser: Browser, house: House) -> None:
    fields = await filled(browser, text="", where="ici")
    files = {"photo": ("IMG_Durand.jpg", picture(), "image/png")}

    await browser.post("/signaler", data=fields, files=files)

    kept = house.photos["blob-1"]
    assert b"telephone" not in kept
    assert house.journal.payloads[0]["attachments"] == [
        {"name": "photo-1.jpg", "media_type": "image/jpeg", "size": len(kept), "ref": "blob-1"}
    ]


async def test_a_photo_survives_an_error_elsewhere(browser: Browser, house: House) -> None:
    fields = await filled(browser, reply="email")
    files = {"photo": ("a.jpg", picture(), "image/jpeg")}
    refused = await browser.post("/signaler", data=fields, files=files)
    kept = refused.text.split('name="kept" value="')[1].split('"')[0]

    await browser.post("/signaler", data={**fields, "reply": "page", "kept": kept})

    assert "1 photo" in refused.text
    assert [one["ref"] for one in house.journal.payloads[0]["attachments"]] == ["blob-1"]


async def test_a_photo_that_a_form_carried_for_a_day_is_asked_for_again(
    browser: Browser, house: House
) -> None:
    """What nobody sent is removed after a day: a message that names it would name nothing."""
    fields = await filled(browser, reply="email")
    files = {"photo": ("a.jpg", picture(), "image/jpeg")}
    refused = await browser.post("/signaler", data=fields, files=files)
    kept = refused.text.split('name="kept" value="')[1].split('"')[0]
    house.clock.advance(23 * 3600 + 1)
    again = {**fields, "reply": "page", "kept": kept}

    answer = await browser.post("/signaler", data=again)

    assert (answer.status_code, house.journal.envelopes) == (422, [])
    assert "Choisissez-la de nouveau" in answer.text
    assert "nid-de-poule" in answer.text


async def test_a_photo_reference_cannot_be_forged(browser: Browser, house: House) -> None:
    fields = await filled(browser, kept="WyJ4Il0=-" + "0" * 24)

    assert (await browser.post("/signaler", data=fields)).status_code == 422
    assert house.journal.envelopes == []


async def test_the_place_of_a_photo_is_offered_and_not_imposed(
    browser: Browser, house: House
) -> None:
    files = {"photo": ("a.jpg", picture(position=True), "image/jpeg")}
    offer = await browser.post("/signaler", data=await filled(browser), files=files)
    fields = dict(_hidden(offer.text))

    await browser.post("/signaler", data={**fields, "do": "confirm", "use_photo_position": "1"})
    await browser.post("/signaler", data={**fields, "do": "confirm", "text": "sans le lieu"})

    assert offer.status_code == 200
    assert "47.22000, -1.56000" in offer.text
    with_place, without = house.journal.payloads
    assert (with_place["lat"], with_place["lon"]) == (47.22, -1.56)
    assert without["lat"] is None


async def test_a_report_can_be_read_over_and_changed(browser: Browser, house: House) -> None:
    fields = await filled(browser, where="rue Crébillon", commune="44109", do="check")
    shown = await browser.post("/signaler", data=fields)
    back = await browser.post("/signaler", data={**dict(_hidden(shown.text)), "do": "edit"})

    assert "rue Crébillon, Nantes" in shown.text
    assert "nid-de-poule" in back.text
    assert house.journal.envelopes == []


async def test_a_form_of_many_megabytes_is_refused(browser: Browser) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/signaler", content=b"x" * 32_000_001, headers=kind)

    assert answer.status_code == 413
    assert "Revenez en arrière" in answer.text


async def test_a_poster_can_fill_in_place_and_words(browser: Browser) -> None:
    page = await browser.get("/", params={"where": "Parc de Procé", "commune": "44114"})

    assert 'value="Parc de Procé"' in page.text
    assert '<option value="44114" selected>' in page.text


def _hidden(html: str) -> list[tuple[str, Any]]:
    import re

    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return [(name, value.replace("&#39;", "'")) for name, value in found]
