"""A service acts on a case by a signed link, and by nothing else."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date

import pytest
import web_fakes
from PIL import Image
from web_fakes import NUMBER, Browser, House, a_case

from router.case import Answer, Reporter, Status
from router.decision import Nature, Place, ServiceId
from router.directory import Service, Statute
from router.entry import Entry, Source
from router.message import Address, Envelope
from router.rights import Rights, Silence
from router.tokens import REPLY
from router.words.answers import KEPT


@pytest.fixture
def link(house: House) -> str:
    house.cases.keep(a_case(status=Status.ASSIGNED))
    return "/p/" + house.signer.sign("p", NUMBER, "voirie-metropole")


async def test_the_link_shows_the_case_and_reading_it_changes_nothing(
    browser: Browser, house: House, link: str
) -> None:
    page = await browser.get(link + "?act=refuse")

    assert page.status_code == 200
    assert "un trou énorme" in page.text
    assert "Service de la voirie" in page.text
    assert page.text.count("<details open>") == 1
    assert page.headers["x-robots-tag"] == "noindex"
    assert house.journal.envelopes == []
    assert (await browser.head(link)).status_code == 200


@pytest.mark.parametrize("act", ["accept", "close", "refuse"])
async def test_what_the_link_is_for_stands_first_among_the_acts(
    browser: Browser, link: str, act: str
) -> None:
    page = (await browser.get(f"{link}?act={act}")).text
    acts = re.findall(r'<form id="act-(\w+)"', page)
    assert acts[0] == act
    assert sorted(acts) == sorted(set(acts))
    assert len(acts) == len(re.findall(r'<form id="act-', (await browser.get(link)).text))
    look = dict(zip(acts, re.findall(r'<button class="(\w+)"', page), strict=True))
    assert look[act] == "main"
    assert look["accept"] == ("main" if act == "accept" else "quiet")


async def test_a_service_sees_only_what_it_may(browser: Browser, house: House, link: str) -> None:
    house.cases.keep(a_case(owner=ServiceId("tranquillite-nantes")))
    peace = "/p/" + house.signer.sign("p", NUMBER, "tranquillite-nantes")

    page = (await browser.get(peace)).text

    assert "Crébillon" in page
    assert "trou énorme" not in page
    assert "Paulette" not in page
    assert "Durand" not in page


async def test_a_number_in_the_words_is_shown_only_to_who_may_see_contacts(
    browser: Browser, house: House, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Un trou, appelez le 06 12 34 56 78"
    there = Place("chez Léa, 06 12 34 56 78", street="3 rue Scribe, 06 12 34 56 78")
    subject = "Trou, 06 12 34 56 78"
    house.cases.keep(a_case(status=Status.ASSIGNED, text=said, subject=subject, place=there))
    plain = [replace(one, sees=("texte", "lieu")) for one in web_fakes.SERVICES]
    monkeypatch.setattr(web_fakes, "SERVICES", tuple(plain))
    assert "06 12" not in (await browser.get(link)).text
    trusted = [_trusted(one) for one in web_fakes.SERVICES]
    monkeypatch.setattr(web_fakes, "SERVICES", tuple(trusted))
    assert said in (await browser.get(link)).text


async def test_a_private_company_learns_nobody_s_name(
    browser: Browser, house: House, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = [replace(_trusted(one), statute=Statute.PRIVATE) for one in web_fakes.SERVICES]
    monkeypatch.setattr(web_fakes, "SERVICES", tuple(private))
    entry = Entry(Source.CALL, "anne.martin", "Mme Durand, 2e étage")
    there = Reporter(Address("sms", "account", "someone"), "Léa Petit")
    house.cases.keep(a_case(status=Status.ASSIGNED, reporters=(there,), entry=entry))
    page = (await browser.get(link)).text
    assert "un trou énorme" in page
    assert "Petit" not in page
    assert "Durand" not in page


@pytest.mark.parametrize(("channel", "name"), [("whatsapp", "WhatsApp"), ("matrix", "Matrix")])
async def test_the_channel_of_a_person_is_called_by_its_name(
    browser: Browser,
    house: House,
    link: str,
    channel: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusted = tuple(map(_trusted, web_fakes.SERVICES))
    monkeypatch.setattr(web_fakes, "SERVICES", trusted)
    there = Reporter(Address(channel, "account", "someone"), "Léa Durand")
    house.cases.keep(a_case(status=Status.ASSIGNED, reporters=(there,)))
    assert f"Léa Durand ({name})" in (await browser.get(link)).text


async def test_a_service_reads_how_a_case_was_entered_and_no_contact_that_it_may_not_see(
    browser: Browser, house: House, link: str
) -> None:
    entry = Entry(Source.RELAY, "anne.martin", "Mme Durand, 2e étage")
    house.cases.keep(a_case(entry=entry))
    page = (await browser.get(link)).text
    assert "appel par le relais" in page
    assert "Durand" not in page
    assert "anne.martin" not in page


async def test_a_service_that_no_longer_has_the_case_sees_nothing_of_it(
    browser: Browser, house: House, link: str
) -> None:
    form_id = await browser.form_id(link)
    house.cases.keep(a_case(owner=ServiceId("tranquillite-nantes")))

    page = await browser.get(link)
    acted = await browser.post(link, data={"id": form_id, "act": "accept"})

    assert "Tranquillité publique" in page.text
    assert "trou" not in page.text
    assert "<form" not in page.text
    assert acted.status_code == 409
    assert house.journal.envelopes == []


@pytest.mark.parametrize(
    ("act", "field", "words"),
    [
        ("accept", "text", ""),
        ("progress", "text", "Équipe prévue mardi"),
        ("close", "text", "Le trou est rebouché"),
        ("refuse", "reason", "C'est une voie privée"),
    ],
)
async def test_an_act_is_accepted_as_a_message_of_the_service(
    browser: Browser, house: House, link: str, act: str, field: str, words: str
) -> None:
    form_id = await browser.form_id(link)

    answer = await browser.post(link, data={"id": form_id, "act": act, field: words})
    await browser.post(link, data={"id": form_id, "act": act, field: words})
    shown = await browser.get(answer.headers["location"])

    assert answer.status_code == 303
    (envelope,) = house.journal.envelopes
    assert (envelope.channel, envelope.account) == ("partner_email", "partner_email")
    sent = json.loads(envelope.payload)
    assert (sent["token"], sent["act"]) == (link.removeprefix("/p/"), act)
    assert (sent[field], sent["attachments"]) == (words, [])
    assert "C’est noté" in shown.text


@pytest.mark.parametrize("act", ["accept", "progress"])
async def test_a_service_may_say_its_own_number_and_finds_it_again(
    browser: Browser, house: House, link: str, act: str
) -> None:
    sent = {"id": await browser.form_id(link), "act": act, "reference": " SR-2026/<1> "}
    await browser.post(link, data=sent)
    (envelope,) = house.journal.envelopes
    assert json.loads(envelope.payload)["reference"] == "SR-2026/<1>"

    house.cases.keep(a_case(status=Status.ASSIGNED, partner_ref="SR-2026/<1>"))
    assert 'value="SR-2026/&lt;1&gt;"' in (await browser.get(link)).text


async def test_a_service_that_refuses_may_name_who_is_in_charge(
    browser: Browser, house: House, link: str
) -> None:
    page = (await browser.get(link)).text
    assert '<option value="Guichet de la métropole">' in page
    assert '<option value="Service de la voirie">' not in page
    sent = {"id": await browser.form_id(link), "act": "refuse", "reason": "pas nous"}
    await browser.post(link, data={**sent, "instead": "Guichet de la métropole"})
    (envelope,) = house.journal.envelopes
    assert json.loads(envelope.payload)["instead"] == "Guichet de la métropole"


@pytest.mark.parametrize("named", ["La Poste", "Service de la voirie", "x" * 300])
async def test_a_refusal_that_names_nobody_of_the_list_is_shown_again_as_it_was_typed(
    browser: Browser, house: House, link: str, named: str
) -> None:
    sent = {"id": await browser.form_id(link), "act": "refuse", "reason": "chez <nous> ?"}
    shown = await browser.post(link, data={**sent, "instead": named})
    assert shown.status_code == 400
    assert house.journal.envelopes == []
    assert "Ce service n’est pas dans la liste" in shown.text
    assert f'value="{named}"' in shown.text
    assert "chez &lt;nous&gt; ?" in shown.text


@pytest.mark.parametrize(
    "told", [{"watchers": ("tranquillite-nantes",)}, {"lead": "tranquillite-nantes"}]
)
async def test_who_is_only_told_looks_at_the_case_and_has_no_act(
    browser: Browser, house: House, told: dict[str, object]
) -> None:
    house.cases.keep(a_case(**told))
    page = (await browser.get("/p/" + house.signer.sign("p", NUMBER, "tranquillite-nantes"))).text

    assert "Vous êtes informé de cette demande. Service en charge : Service de la voirie." in page
    assert "pas chez vous" not in page
    assert "Crébillon" in page
    assert 'name="act"' not in page


async def test_who_is_no_longer_concerned_reads_who_is(browser: Browser, house: House) -> None:
    house.cases.keep(a_case())
    page = (await browser.get("/p/" + house.signer.sign("p", NUMBER, "tranquillite-nantes"))).text

    assert "Cette demande n’est pas chez vous. Service en charge : Service de la voirie." in page
    assert "Crébillon" not in page


async def test_the_page_says_a_place_once(browser: Browser, house: House, link: str) -> None:
    place = Place("rue Jean Jaurès", ("44109",), None, "5 rue Jean Jaurès")
    house.cases.keep(a_case(place=place))

    assert "<dd>5 rue Jean Jaurès, Nantes" in (await browser.get(link)).text


async def test_the_page_shows_what_the_act_did(browser: Browser, house: House, link: str) -> None:
    def route(envelope: Envelope) -> None:
        house.cases.keep(replace(a_case(status=Status.ACCEPTED), version=4))

    house.journal.accepted = route
    form_id = await browser.form_id(link)
    answer = await browser.post(link, data={"id": form_id, "act": "accept"})
    page = (await browser.get(answer.headers["location"])).text

    assert "Prise en charge" in page
    assert 'value="accept"' not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"act": "refuse", "reason": " "}, "pas pour vous"),
        ({"act": "close", "text": ""}, "la réponse que la personne"),
        ({"act": "close", "text": "x" * 5001}, "trop long"),
        ({"act": "delete"}, "Choisissez une action"),
    ],
)
async def test_an_act_without_its_words_comes_back(
    browser: Browser, house: House, link: str, fields: dict[str, str], words: str
) -> None:
    form_id = await browser.form_id(link)

    answer = await browser.post(link, data={"id": form_id, **fields})

    assert answer.status_code == 422
    assert words in answer.text
    assert house.journal.envelopes == []


async def test_when_the_store_is_down_the_words_stay(
    browser: Browser, house: House, link: str
) -> None:
    form_id = await browser.form_id(link)
    house.journal.down = True

    fields = {"id": form_id, "act": "close", "text": "Rebouché <b>hier</b>"}
    answer = await browser.post(link, data=fields)

    assert answer.status_code == 503
    assert "Rebouché &lt;b&gt;hier" in answer.text


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.REFUSED])
async def test_who_closes_what_has_ended_reads_that_nobody_is_written_to(
    browser: Browser, house: House, link: str, status: Status
) -> None:
    form_id = re.search(r'name="id" value="([^"]+)"', (await browser.get(link)).text)
    assert form_id is not None
    house.cases.keep(a_case(status=status))
    fields = {"id": form_id[1], "act": "close", "text": "Réparé hier."}
    shown = await browser.post(link, data=fields)
    assert shown.headers["location"].endswith("fait=noted")
    page = (await browser.get(shown.headers["location"])).text
    assert "la personne ne reçoit rien de plus" in page
    assert "votre réponse part" not in page


async def test_a_link_that_is_not_ours_opens_nothing(
    browser: Browser, house: House, link: str
) -> None:
    forged = link[:-1] + ("a" if link[-1] != "a" else "b")
    citizens = "/p/" + house.signer.sign(REPLY, NUMBER, "voirie-metropole")
    unknown = "/p/" + house.signer.sign("p", NUMBER, "no-such-service")

    for path in (forged, citizens, unknown, "/p/x"):
        shown = await browser.get(path)
        acted = await browser.post(path, data={"act": "accept"})

        assert (shown.status_code, acted.status_code) == (404, 404)
        assert "n’a pas été fait par nous" in shown.text
    assert house.journal.envelopes == []


async def test_an_ended_case_offers_no_act(browser: Browser, house: House, link: str) -> None:
    house.cases.keep(a_case(status=Status.CLOSED))

    page = (await browser.get(link)).text

    assert "plus rien à faire" in page
    assert "<form" not in page


async def test_another_sites_page_cannot_act(browser: Browser, house: House, link: str) -> None:
    form_id = await browser.form_id(link)
    elsewhere = {"sec-fetch-site": "cross-site"}

    fields = {"id": form_id, "act": "accept"}
    assert (await browser.post(link, data=fields, headers=elsewhere)).status_code == 403
    assert (await browser.post(link, data={"act": "accept"})).status_code == 422
    assert house.journal.envelopes == []


async def test_a_case_that_needs_a_photo_is_not_closed_without_one(
    browser: Browser, house: House, link: str
) -> None:
    house.cases.keep(a_case(status=Status.ASSIGNED, proof="photo"))
    form_id = await browser.form_id(link)
    said = {"id": form_id, "act": "close", "text": "Rebouché"}

    refused = await browser.post(link, data=said)
    assert refused.status_code == 422
    assert "Joignez une photo du résultat" in refused.text
    assert "Rebouché" in refused.text
    assert house.journal.envelopes == []

    files = {"photo": ("apres.png", _picture(), "image/png")}
    assert (await browser.post(link, data=said, files=files)).status_code == 303
    [envelope] = house.journal.envelopes
    assert len(json.loads(envelope.payload)["attachments"]) == 1


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "PNG")
    return out.getvalue()


async def test_the_page_shows_what_to_propose_and_what_the_person_answered(
    browser: Browser, house: House, link: str
) -> None:
    answers = (Answer("date", "hier soir"), Answer("telephone", "06 39 98 12 34"))
    house.cases.keep(
        a_case(status=Status.ASSIGNED, proposals=("entretien", "réunion"), answers=answers)
    )

    page = (await browser.get(link)).text

    assert "À proposer à la personne</dt><dd>entretien, réunion" in page
    assert "hier soir" in page
    assert "06 39 98 12 34" not in page  # this service may not see who wrote


@pytest.mark.parametrize("fact", sorted(KEPT))
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_fact_that_is_kept_has_its_words(
    browser: Browser, house: House, link: str, fact: str, language: str, monkeypatch
) -> None:
    monkeypatch.setattr(web_fakes, "SERVICES", tuple(map(_trusted, web_fakes.SERVICES)))
    house.cases.keep(a_case(status=Status.ASSIGNED, answers=(Answer(fact, "réponse donnée"),)))

    assert "réponse donnée" in (await browser.get(f"{link}?lang={language}")).text


def _trusted(service: Service) -> Service:
    return replace(service, sees=(*service.sees, "contact"))


@pytest.mark.parametrize("silence", [Silence.REFUSED, Silence.ACCEPTED, Silence.DEPENDS])
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_service_reads_what_becomes_of_the_request_without_its_answer(
    browser: Browser, house: House, link: str, silence: Silence, language: str
) -> None:
    on = None if silence is Silence.DEPENDS else date(2027, 1, 22)
    house.book.silences["chaussee-trottoir"] = Rights(date(2026, 11, 22), silence, on)
    house.cases.keep(a_case(status=Status.ASSIGNED, nature=Nature.PROCEDURE))

    page = (await browser.get(f"{link}?lang={language}")).text

    told = {"fr": "22\u00a0janvier\u00a02027", "en": "22\u00a0January\u00a02027"}[language]
    assert (told in page) is (on is not None)
