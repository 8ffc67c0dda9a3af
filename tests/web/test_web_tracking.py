"""Anyone with the number follows the case; nobody learns who wrote, or what."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from web_fakes import NOW, NUMBER, Book, Browser, House, a_case

from router.case import CaseFile, Event, EventKind, Reporter, Status, Visibility
from router.decision import Nature, Place, Point, ServiceId, Urgency
from router.delivery import Delivery, DeliveryKind
from router.entry import Entry, Source
from router.message import Address
from router.rights import Rights, Silence
from router.tracking import from_bits, printed
from web.tracking.history import Found
from web.tracking.view import Promise, view_of

PRINTED = printed(NUMBER)


def event(kind: EventKind, text: str = "", **fields: object) -> Event:
    line = Event(9, 1, kind, NOW, "voirie-metropole", text, Visibility.CITIZEN)
    return replace(line, **fields)  # type: ignore[arg-type]


def letter(kind: DeliveryKind, text: str, language: str = "fr") -> Delivery:
    address = Address("web", "web", "someone")
    return Delivery(4, f"{kind}{language}", "lane", kind, address, text, NOW, 1, language=language)


async def test_who_cannot_hear_reads_where_the_service_is_called_by_relay(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case())
    page = (await browser.get(f"/suivi/{PRINTED}")).text
    assert '<a href="https://metropole.example/relais">' in page


async def test_the_page_says_where_it_stands_who_has_it_and_when_the_answer_is_due(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case())

    page = await browser.get(f"/suivi/{PRINTED}")

    assert page.status_code == 200
    for words in (
        PRINTED,
        "En cours",
        "Prise en charge par : Service de la voirie.",
        "02 61 91 01 03",
        "par relais si vous êtes sourd",
        "Chaussée abîmée",
        "rue Crébillon, Nantes",
        "Dans les temps",
        "27\u00a0novembre\u00a02026",
        "22\u00a0novembre\u00a02026 à 10\u00a0h\u00a005",
    ):
        assert words in page.text, words
    assert page.text.count('aria-current="step"') == 1


async def test_no_person_and_no_word_of_hers_is_on_the_page(browser: Browser, house: House) -> None:
    house.cases.keep(
        a_case(),
        event(EventKind.RECEIVED, "Je m'appelle Léa, un trou énorme", who="citizen"),
        event(EventKind.MESSAGE, "mon code est 4521", who="citizen"),
        event(EventKind.NOTE, "rappeler lundi", visibility=Visibility.SERVICE),
        event(EventKind.ANSWERED, "Madame Durand, lea.durand@mail.example, c'est réparé."),
    )

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    for secret in ("Léa", "Durand", "mail.example", "trou", "4521", "Paulette", "12 bis", "lundi"):
        body = page.split("<main", 1)[1].split("<footer", 1)[0]
        assert secret not in body, secret
    assert "c&#39;est réparé" in page


async def test_a_confidential_case_shows_neither_subject_nor_place(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case(confidential=True))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert "Chaussée" not in page
    assert "Crébillon" not in page
    assert "Nantes</dd>" not in page


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_status_has_words_a_step_and_one_heading(
    browser: Browser, house: House, status: Status, language: str
) -> None:
    house.cases.keep(a_case(status=status), event(EventKind.STATUS, data=str(status)))

    page = await browser.get(f"/suivi/{PRINTED}?lang={language}")

    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert page.text.count('aria-current="step"') == 1


NOT_YET = {Status.RECEIVED, Status.ASSIGNED, Status.REOPENED}


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PASSED_ON}))
async def test_a_case_is_in_charge_only_once_a_service_has_said_so(
    browser: Browser, house: House, status: Status
) -> None:
    house.cases.keep(a_case(status=status))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert ("Prise en charge par : Service de la voirie" in page) is (status not in NOT_YET)
    assert ("Confiée à : Service de la voirie" in page) is (status in NOT_YET)
    assert ("<span>Prise en charge<" in page) is (status not in NOT_YET)


async def test_title_and_step_of_a_case_say_the_same(browser: Browser, house: House) -> None:
    for status in (Status.RECEIVED, Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS):
        house.cases.keep(a_case(status=status))
        page = (await browser.get(f"/suivi/{PRINTED}")).text
        [title] = re.findall(r'<h2 id="where-it-stands">(.*)</h2>', page)
        assert re.findall(r'(?s)aria-current="step">.*?<span>([^<]*)<', page) == [title], status


@pytest.mark.parametrize("kind", list(EventKind))
async def test_every_event_for_citizens_has_words(
    browser: Browser, house: House, kind: EventKind
) -> None:
    house.cases.keep(a_case(), event(kind, "text", data="neither JSON nor a status"))

    assert (await browser.get(f"/suivi/{PRINTED}")).status_code == 200


@given(st.permutations(range(4)))
def test_the_history_has_the_newest_first_and_the_reception_last(order: Sequence[int]) -> None:
    told = (
        event(EventKind.RECEIVED, who="citizen", id=11),
        event(EventKind.FORWARDED, data='{"service": "voirie-metropole"}', id=12),
        event(EventKind.STATUS, data="accepted", id=13, at=NOW + timedelta(minutes=1)),
        event(EventKind.ANSWERED, "C'est réparé.", id=14, at=NOW + timedelta(minutes=1)),
    )
    found = Found(a_case(), (), tuple(told[at] for at in order), ())

    lines = view_of(found, PRINTED, Book(), "fr", NOW).lines

    assert [line.key for line in lines] == [
        "event.answered",
        "event.status.accepted",
        "event.forwarded",
        "event.received",
    ]


async def test_a_hand_over_reads_as_a_service_in_charge_and_never_as_a_refusal(
    browser: Browser, house: House
) -> None:
    to = '{"service": "tranquillite-nantes"}'
    house.cases.keep(a_case(), event(EventKind.FORWARDED, "x", who="rules", data=to))

    page = (await browser.get(f"/suivi/{PRINTED}?lang=en")).text

    assert "Given to the service</strong> – Public peace – Nantes" in page


def handed(service: str, minutes: int = 0, **fields: object) -> Event:
    at, data = NOW + timedelta(minutes=minutes), f'{{"service": "{service}"}}'
    return event(EventKind.FORWARDED, "x", who="rules", data=data, at=at, **fields)


TOLD = "Votre demande est transmise à : Tranquillité publique – Ville de Nantes."
SINCE = "Depuis ce message, la demande est passée à : Service de la voirie."


async def test_a_message_that_names_who_had_the_case_says_who_has_it_now(
    browser: Browser, house: House
) -> None:
    past = handed("tranquillite-nantes"), handed("voirie-metropole", minutes=5)
    sent = (letter(DeliveryKind.ACKNOWLEDGEMENT, TOLD),)
    house.cases.keep(a_case(), *past, sent=sent)

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert TOLD in page
    assert SINCE in page
    english = (await browser.get(f"/suivi/{PRINTED}?lang=en")).text
    assert "Since this message, the request has gone to: Roads and pavements." in english


@pytest.mark.parametrize(
    "past",
    [
        (),
        (handed("voirie-metropole"),),
        (handed("tranquillite-nantes", -5), handed("voirie-metropole")),
        (
            handed("voirie-metropole"),
            handed("tranquillite-nantes", 5),
            handed("voirie-metropole", 9),
        ),
    ],
    ids=["never handed over", "the same service", "moved before the message", "moved and back"],
)
async def test_a_message_whose_service_still_has_the_case_stands_as_it_was(
    browser: Browser, house: House, past: Sequence[Event]
) -> None:
    house.cases.keep(a_case(), *past, sent=(letter(DeliveryKind.ACKNOWLEDGEMENT, TOLD),))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert TOLD in page
    assert "Depuis ce message" not in page


WORDS = ("Dans les temps", "Délai proche", "En retard")


@pytest.mark.parametrize(
    ("whole", "left", "words"),
    [
        (timedelta(days=5), timedelta(days=5), "Dans les temps"),
        (timedelta(hours=4), timedelta(hours=3, minutes=59), "Dans les temps"),  # a danger, at once
        (timedelta(hours=4), timedelta(minutes=30), "Délai proche"),
        (timedelta(days=30), timedelta(days=5), "Dans les temps"),
        (timedelta(days=30), timedelta(days=2), "Délai proche"),
        (timedelta(days=30), timedelta(seconds=-1), "En retard"),
    ],
)
async def test_the_promise_has_words_beside_its_colour(
    browser: Browser, house: House, whole: timedelta, left: timedelta, words: str
) -> None:
    house.cases.keep(a_case(received_at=NOW + left - whole, due_at=NOW + left))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert [one for one in WORDS if one in page] == [words]


async def test_an_answer_due_after_the_weekend_is_near_before_it(
    browser: Browser, house: House
) -> None:
    monday = NOW + timedelta(days=8)
    house.cases.keep(a_case(received_at=NOW - timedelta(days=30), due_at=monday))
    house.clock.advance(timedelta(days=4, hours=1).total_seconds())

    assert "Délai proche" in (await browser.get(f"/suivi/{PRINTED}")).text


@given(
    st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    st.floats(0, 1),
    st.integers(0, 6),
)
def test_no_warning_comes_in_the_first_four_fifths_and_one_always_in_the_last_hours(
    whole: timedelta, part: float, weekday: int
) -> None:
    received = NOW + timedelta(days=weekday)
    case = a_case(received_at=received, due_at=received + whole)

    promise = view_of(
        Found(case, (), (), ()), PRINTED, Book(), "fr", received + whole * part
    ).promise

    if part < 0.79:
        assert promise is Promise.KEPT
    elif part > 0.81 and whole * (1 - part) < timedelta(days=1):
        assert promise is Promise.AT_RISK


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.RESOLVED])
async def test_what_was_answered_is_never_late(
    browser: Browser, house: House, status: Status
) -> None:
    house.cases.keep(a_case(status=status, due_at=NOW - timedelta(days=1)))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert not [one for one in WORDS if one in page]


async def test_who_reported_on_the_web_reads_our_message_here_in_her_language(
    browser: Browser, house: House
) -> None:
    house.cases.keep(
        a_case(urgency=Urgency.IMMEDIATE),
        sent=(
            letter(DeliveryKind.ACKNOWLEDGEMENT, "Éloignez-vous et appelez le 18."),
            letter(DeliveryKind.ACKNOWLEDGEMENT, "Move away and call 18.", "en"),
            letter(DeliveryKind.FORWARD, "for the service only"),
        ),
    )

    french = (await browser.get(f"/suivi/{PRINTED}")).text
    english = (await browser.get(f"/suivi/{PRINTED}?lang=en")).text

    assert "appelez le 18" in french
    assert "Appelez le 112" in french
    assert "Move away" not in french
    assert "Move away" in english
    assert "service only" not in french + english


async def test_a_case_of_several_parts_names_everyone_in_charge_under_one_number(
    browser: Browser, house: House
) -> None:
    part = from_bits(77)
    house.cases.keep(a_case(status=Status.ASSIGNED))
    house.cases.keep(
        a_case(
            id=2,
            number=part,
            public_number=NUMBER,
            parent=1,
            owner=ServiceId("tranquillite-nantes"),
        ),
        event(EventKind.ANSWERED, "La patrouille est passée.", case_id=2),
    )

    page = await browser.get(f"/suivi/{PRINTED}")
    of_part = await browser.get(f"/suivi/{part}")

    assert "Tranquillité publique" in page.text
    assert "La patrouille est passée." in page.text
    assert of_part.headers["location"] == f"/suivi/{PRINTED}"


async def test_the_number_that_the_service_gave_the_case_is_shown(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case(partner_ref="638<344"))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert "Son numéro pour cette demande : 638&lt;344" in page


async def test_a_merged_case_leads_on_and_keeps_its_number(browser: Browser, house: House) -> None:
    house.cases.keep(a_case(status=Status.MERGED, merged_into=2))
    house.cases.keep(a_case(id=2, number=from_bits(5), status=Status.RESOLVED))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    assert PRINTED in page
    assert "a rejoint une autre" in page
    assert "Résolue" in page


@pytest.mark.parametrize(
    "typed",
    [PRINTED, PRINTED.lower(), NUMBER, f" {PRINTED.replace('-', ' ')} ", NUMBER.replace("0", "O")],
)
async def test_the_number_is_read_as_people_type_it(
    browser: Browser, house: House, typed: str
) -> None:
    house.cases.keep(a_case())

    answer = await browser.get("/suivi", params={"numero": typed})

    assert answer.headers["location"] == f"/suivi/{PRINTED}"
    assert (await browser.get(f"/suivi/{typed.strip()}")).status_code == 200


async def test_a_wrong_number_gets_help(browser: Browser) -> None:
    mistyped = await browser.get("/suivi/7K4M-<b>")
    unknown = await browser.get(f"/suivi/{PRINTED}")

    assert (mistyped.status_code, unknown.status_code) == (404, 404)
    assert "un caractère est faux" in mistyped.text
    assert "<b>" not in mistyped.text
    assert "Aucune demande" in unknown.text
    assert "Que vérifier" in unknown.text
    assert "Nous ne trouvons pas cette demande</h2>" in unknown.text
    assert "Ce numéro est à vérifier</h2>" in mistyped.text
    assert "quelque chose à corriger" not in unknown.text + mistyped.text


async def test_who_guesses_numbers_is_slowed_down(browser: Browser, house: House) -> None:
    house.cases.keep(a_case())
    for bits in range(3):
        assert (await browser.get(f"/suivi/{from_bits(bits)}")).status_code == 404

    throttled = await browser.get(f"/suivi/{PRINTED}")
    looked = house.cases.looked
    await browser.get(f"/suivi/{PRINTED}")
    house.clock.advance(int(throttled.headers["retry-after"]))

    assert throttled.status_code == 429
    assert house.cases.looked == looked
    assert (await browser.get(f"/suivi/{PRINTED}")).status_code == 200


async def test_while_the_store_is_down_the_page_says_to_come_back(
    browser: Browser, house: House
) -> None:
    house.cases.down = True

    answer = await browser.get(f"/suivi/{PRINTED}")

    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert answer.headers["content-security-policy"]


async def test_a_word_is_added_through_the_web_channel_with_the_number_in_it(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case())
    form_id = await browser.form_id(f"/suivi/{PRINTED}")
    fields = {"id": form_id, "text": "C'est revenu"}

    answer = await browser.post(f"/suivi/{PRINTED}", data=fields)
    await browser.post(f"/suivi/{PRINTED}", data=fields)
    thanks = await browser.get(answer.headers["location"])

    assert answer.status_code == 303
    assert [sent["text"] for sent in house.journal.payloads] == [f"C'est revenu\n\n{PRINTED}"]
    assert "bien enregistré" in thanks.text


async def test_an_empty_or_forged_word_is_not_sent_and_a_failed_one_stays(
    browser: Browser, house: House
) -> None:
    house.cases.keep(a_case())
    form_id = await browser.form_id(f"/suivi/{PRINTED}")
    empty = await browser.post(f"/suivi/{PRINTED}", data={"id": form_id, "text": " "})
    forged = await browser.post(f"/suivi/{PRINTED}", data={"id": "x-1-y", "text": "bonjour"})
    house.journal.down = True
    failed = await browser.post(f"/suivi/{PRINTED}", data={"id": form_id, "text": "bonjour"})

    assert [answer.status_code for answer in (empty, forged, failed)] == [422, 422, 503]
    assert "bonjour" in failed.text
    assert house.journal.envelopes == []


async def test_the_page_is_neither_cached_nor_indexed(browser: Browser, house: House) -> None:
    house.cases.keep(a_case(place=Place(point=Point(47.2, -1.5))))

    answer = await browser.get(f"/suivi/{PRINTED}")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "47.2" not in answer.text


async def test_the_page_carries_whole_what_silence_will_mean(
    browser: Browser, house: House
) -> None:
    house.book.silences["chaussee-trottoir"] = Rights(
        NOW.date(), Silence.REFUSED, date(2027, 1, 22), "Tribunal de Nantes"
    )
    house.cases.keep(a_case(nature=Nature.PROCEDURE, owner=ServiceId("guichet-metropole")))

    page = (await browser.get(f"/suivi/{PRINTED}")).text

    for words in (
        "arrivée le 22\u00a0novembre\u00a02026",
        "Sans réponse de notre part le 22\u00a0janvier\u00a02027, elle est refusée.",
        "deux mois pour contester",
        "Tribunal de Nantes",
        "Adresse postale : 2 cours du Champ-de-Mars",
        "accueil@metropole.example",
        "02 61 91 01 01",
    ):
        assert words in page, words


@pytest.mark.parametrize("silence", list(Silence))
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_meaning_of_silence_has_words(
    browser: Browser, house: House, silence: Silence, language: str
) -> None:
    on = None if silence is Silence.DEPENDS else date(2027, 1, 22)
    house.book.silences["chaussee-trottoir"] = Rights(NOW.date(), silence, on)
    house.cases.keep(a_case(nature=Nature.PROCEDURE))

    page = (await browser.get(f"/suivi/{PRINTED}?lang={language}")).text

    assert 'id="rights"' in page


async def test_a_report_or_what_is_answered_waits_for_no_silence(
    browser: Browser, house: House
) -> None:
    house.book.silences["chaussee-trottoir"] = Rights(NOW.date(), Silence.REFUSED)
    for case in (a_case(nature=Nature.QUESTION), a_case(status=Status.PASSED_ON)):
        house.cases.keep(case)
        assert 'id="rights"' not in (await browser.get(f"/suivi/{PRINTED}")).text


def shown(house: House, data: bytes, **fields: object) -> str:
    """Have a case closed with a photo; gives the photo's address."""
    house.photos["blob-1"] = data
    file = CaseFile(3, "blob-1", "apres.jpg", "image/jpeg", len(data))
    house.cases.keep(a_case(status=Status.RESOLVED, proofs=(file,), **fields))
    return f"/suivi/{PRINTED}/photo/{file.key}"


def jpeg() -> bytes:
    exif = Image.Exif()
    exif[271] = "A phone that tells whose it is"
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "JPEG", exif=exif)
    return out.getvalue()


async def test_the_photo_of_the_result_is_on_the_page_without_its_makers_data(
    browser: Browser, house: House
) -> None:
    address = shown(house, jpeg())

    assert (
        f'src="{address}" alt="Photo du résultat' in (await browser.get(f"/suivi/{PRINTED}")).text
    )
    photo = await browser.get(address)

    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    assert b"phone" not in photo.content
    assert photo.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("data", "fields"),
    [(b"no picture", {}), (jpeg(), {"confidential": True}), (jpeg(), {"public": False})],
)
async def test_what_is_no_picture_or_not_for_all_eyes_is_not_shown(
    browser: Browser, house: House, data: bytes, fields: dict[str, object]
) -> None:
    assert (await browser.get(shown(house, data, **fields))).status_code == 404


async def test_a_file_that_a_person_sent_is_never_shown_by_the_number(
    browser: Browser, house: House
) -> None:
    address = shown(house, jpeg())
    [case] = house.cases.kept.values()
    house.cases.keep(replace(case, files=case.proofs, proofs=()))

    assert (await browser.get(address)).status_code == 404


async def test_who_follows_by_his_number_reads_here_what_he_was_written_and_nobody_s_name(
    browser: Browser, house: House
) -> None:
    page = Address("desk", "mairie", "case:anne.martin:1", "page")
    home = Address("desk", "mairie", "14 rue Haute\n44000 Nantes", "letter")
    at_home = replace(letter(DeliveryKind.QUESTION, "Par lettre : où exactement ?"), address=home)
    house.cases.keep(
        a_case(
            reporters=(Reporter(page, "Paul Petit"), Reporter(home, "Jeanne Rolland")),
            entry=Entry(Source.VISIT, "anne.martin", "Mme Durand, 2e étage"),
        ),
        event(EventKind.STATUS, "Vu avec Mme Durand et anne.martin au 14 rue Haute."),
        sent=[replace(letter(DeliveryKind.QUESTION, "Où exactement ?"), address=page), at_home],
    )
    text = (await browser.get(f"/suivi/{PRINTED}")).text
    assert "Où exactement ?" in text
    for hidden in ("Durand", "anne.martin", "rue Haute", "Petit", "Rolland", "Par lettre"):
        assert hidden not in text, hidden
