"""Our Open311 server: the examples of GeoReport v2, its errors, and what each may see."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as Xml

import httpx
import pytest
from pydantic import SecretStr
from web_fakes import NOW, NUMBER, Book, Browser, House, a_case

from channels.open311 import Open311, Open311Settings
from router.case import Event, EventKind, Reporter, Status, Visibility
from router.decision import Place
from router.events import MessageReceived
from router.geography import Point
from router.message import Address, Envelope
from router.tokens import REPLY
from router.tracking import from_bits, printed
from web.app import create_app
from web.parts import Offered

APP, KEY, OTHER = "application-mobile", "xyz", "autre-application"
BASE = "/open311/v2"
PRINTED = printed(NUMBER)
EXAMPLE = (
    "api_key=xyz&jurisdiction_id=city.gov&service_code=001&lat=37.76524078&long=-122.4212043"
    "&address_string=1234+5th+street&email=smit333%40sfgov.edu&device_id=tt222111"
    "&account_id=123456&first_name=john&last_name=smith&phone=111111111"
    "&description=A+large+sinkhole+is+destroying+the+street"
    "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2F2212426634_5ed477a060.jpg"
    "&attribute[WHISPAWN]=123456&attribute[WHISDORN]=COISL001"
)
"""The example request of the specification, as it is printed there."""
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
PERSON = Address("open311", APP, "f1")


class Asking(Book):
    """A rule book whose services want to know a date."""

    def questions_of(self, category: str) -> tuple[str, ...]:
        return ("lieu", "date") if category == "033" else ("lieu",)


@pytest.fixture
def channel() -> Open311:
    return Open311(Open311Settings(api_key=SecretStr(KEY)), APP)


@pytest.fixture
async def client(house: House, channel: Open311) -> Any:
    from dataclasses import replace

    house.channels = {
        ("open311", OTHER): Open311(Open311Settings(api_key=SecretStr("other")), OTHER),
        ("open311", APP): channel,
    }
    parts = house.parts()

    async def number(account: str, id: str) -> Any:
        return house.numbers.get(id) if account == APP else None

    parts = replace(
        parts,
        rulebooks=Asking(),
        settings=replace(parts.settings, jurisdiction="city.gov"),
        offered=lambda: (Offered("001", "proprete"), Offered("033", "voirie")),
        posted_number=number,
    )
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    async with Browser(transport=transport, base_url="http://city.example") as found:
        yield found


def mine(**fields: Any) -> Any:
    place = Place("12 rue Crébillon", ("44109",), "44000", "12 rue Crébillon", Point(47.2, -1.5))
    return a_case(
        **{"reporters": (Reporter(PERSON, "Léa"),), "channel": "open311", "place": place} | fields
    )


def event(kind: EventKind, text: str, data: str = "", minutes: int = 0, **more: Any) -> Event:
    at = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    return Event(100 + minutes, 1, kind, at, "voirie-metropole", text,
                 more.pop("visibility", Visibility.CITIZEN), data)  # fmt: skip


def _tree(answer: httpx.Response) -> Xml.Element:
    return Xml.fromstring(answer.content)  # noqa: S314 -- our own answer


async def said(answer: httpx.Response, status: int) -> str:
    """Read the one sentence of an error in either format."""
    assert answer.status_code == status
    if "json" in answer.headers["content-type"]:
        [error] = answer.json()
        assert error["code"] == status
        return str(error["description"])
    tree = _tree(answer)
    assert (tree.tag, tree[0].tag, tree[0].findtext("code")) == ("errors", "error", str(status))
    return tree[0].findtext("description") or ""


# --- services ------------------------------------------------------------------------------------


async def test_the_types_of_request_in_both_formats(client: Browser) -> None:
    plain = (await client.get(f"{BASE}/services.json?jurisdiction_id=city.gov")).json()
    answer = await client.get(f"{BASE}/services.xml")
    tree = _tree(answer)
    assert [one["service_code"] for one in plain] == ["001", "033"]  # text, unlike the example
    assert set(plain[0]) == {
        "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
    }  # fmt: skip
    assert [one["metadata"] for one in plain] == [False, True]
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    assert (tree.tag, [one.findtext("service_code") for one in tree]) == (
        "services", ["001", "033"],
    )  # fmt: skip
    assert tree[1].findtext("metadata") == "true"


async def test_a_definition_lists_what_the_service_wants_to_know(client: Browser) -> None:
    plain = (await client.get(f"{BASE}/services/033.json")).json()
    tree = _tree(await client.get(f"{BASE}/services/033.xml"))
    [attribute] = plain["attributes"]
    assert (attribute["code"], attribute["datatype"], attribute["order"]) == ("date", "datetime", 1)
    assert tree.tag == "service_definition"
    assert tree.findtext("attributes/attribute/code") == "date"
    assert "033x" in await said(await client.get(f"{BASE}/services/033x.json"), 404)


async def test_the_discovery_says_where_the_server_is(client: Browser) -> None:
    plain = (await client.get("/open311/discovery.json")).json()
    [endpoint] = plain["endpoints"]
    assert endpoint["url"] == "http://city.example/open311/v2"
    tree = _tree(await client.get("/open311/discovery.xml"))
    assert tree.findtext("endpoints/endpoint/formats/format") == "text/xml"


# --- posting -------------------------------------------------------------------------------------


async def test_the_example_of_the_specification_becomes_a_message(
    client: Browser, house: House, channel: Open311
) -> None:
    answer = await client.post(f"{BASE}/requests.xml", content=EXAMPLE, headers=FORM)
    assert answer.status_code == 200
    [envelope] = house.journal.envelopes
    assert b"xyz" not in envelope.payload
    [received] = channel.receive(envelope)
    assert isinstance(received, MessageReceived)
    message = received.message
    assert message.text.startswith("A large sinkhole is destroying the street")
    for words in ("1234 5th street", "WHISPAWN : 123456", "WHISDORN : COISL001", "flickr.com"):
        assert words in message.text
    assert (message.given.category, message.sender_name) == ("001", "john smith")
    assert message.location is not None
    assert (message.location.lat, message.location.lon) == (37.76524078, -122.4212043)
    tree = _tree(answer)
    assert (tree.tag, tree[0].tag) == ("service_requests", "request")
    token = tree[0].findtext("token") or ""
    assert token.startswith(envelope.provider_id)
    assert len(token) > len(envelope.provider_id) + 20  # what only we can add


async def _waiting(client: Browser, house: House) -> tuple[str, Envelope]:
    """Post a request that has its number later; gives its token and what is kept."""
    headers = {**FORM, "idempotency-key": "1001"}
    [posted] = (await client.post(f"{BASE}/requests.json", content=EXAMPLE, headers=headers)).json()
    [envelope] = house.journal.envelopes
    house.numbers[envelope.provider_id] = NUMBER
    return posted["token"], envelope


async def test_a_token_leads_to_its_number_whoever_asks(client: Browser, house: House) -> None:
    token, _ = await _waiting(client, house)
    [known] = (await client.get(f"{BASE}/tokens/{token}.json")).json()
    assert known == {"service_request_id": PRINTED, "token": token}
    for _ in range(10):  # and it may be asked for again and again
        assert (await client.get(f"{BASE}/tokens/{token}.json")).status_code == 200


async def test_a_token_that_was_worked_out_from_a_key_leads_nowhere(
    client: Browser, house: House
) -> None:
    """What an application calls its request may be a number that anybody counts up to."""
    _, envelope = await _waiting(client, house)
    worked_out = hashlib.sha256(b"own\n1001").hexdigest()[:32]
    assert envelope.provider_id == worked_out
    for guess in (worked_out, f"{worked_out}-", f"{worked_out}-{'0' * 24}"):
        await said(await client.get(f"{BASE}/tokens/{guess}.json"), 404)


async def test_who_tries_tokens_is_slowed_down(client: Browser, house: House) -> None:
    token, _ = await _waiting(client, house)
    answers = [await client.get(f"{BASE}/tokens/{n:032x}.xml") for n in range(4)]
    assert [one.status_code for one in answers] == [404, 404, 404, 429]
    assert (await client.get(f"{BASE}/tokens/{token}.json")).status_code == 429
    house.clock.advance(60)
    assert (await client.get(f"{BASE}/tokens/{token}.json")).status_code == 200


async def test_a_token_of_an_earlier_version_is_answered_to_the_key_that_posted(
    client: Browser, house: House
) -> None:
    _, envelope = await _waiting(client, house)
    old = f"{BASE}/tokens/{envelope.provider_id}.json"
    [known] = (await client.get(f"{old}?api_key={KEY}")).json()
    assert known["service_request_id"] == PRINTED
    await said(await client.get(f"{old}?api_key=other"), 404)
    await said(await client.get(f"{old}?api_key=nobody"), 403)


async def test_the_number_is_told_at_once_when_the_router_is_quick(
    client: Browser, house: House
) -> None:
    house.journal.accepted = lambda envelope: house.numbers.update({envelope.provider_id: NUMBER})
    answer = await client.post(f"{BASE}/requests.json", content=EXAMPLE, headers=FORM)
    [request] = answer.json()
    assert (request["service_request_id"], "token" in request) == (PRINTED, False)
    await said(await client.get(f"{BASE}/tokens/nope.xml"), 404)


async def test_the_same_form_twice_is_one_request(client: Browser, house: House) -> None:
    for _ in range(2):
        await client.post(f"{BASE}/requests.json", content=EXAMPLE, headers=FORM)
    assert len(house.journal.envelopes) == 1
    for id in ("a", "b", "a"):
        headers = {**FORM, "idempotency-key": id}
        await client.post(f"{BASE}/requests.json", content=EXAMPLE, headers=headers)
    assert len(house.journal.envelopes) == 3


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "wrong"}, 403, "api_key"),
        ({"jurisdiction_id": "town.gov"}, 404, "town.gov"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "777"}, 404, "777"),
        ({"long": ""}, 400, "lat and long"),
        ({"lat": "north"}, 400, "degrees"),
        ({"lat": "137.1"}, 400, "degrees"),
        ({"lat": "", "long": "", "address_string": ""}, 400, "location"),
        ({"description": "", "media_url": ""}, 400, "description"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"email": "faux"}, 400, "email « faux »"),
    ],
)
async def test_what_is_no_request_is_told_in_one_sentence(
    client: Browser, house: House, format: str, change: dict[str, str], status: int, words: str
) -> None:
    form = {name: value for name, value in {**dict(parse_qsl(EXAMPLE)), **change}.items() if value}
    answer = await client.post(f"{BASE}/requests.{format}", content=urlencode(form), headers=FORM)
    assert words in await said(answer, status)
    assert house.journal.envelopes == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"a&" * 300])
async def test_a_body_that_is_no_form_is_refused(
    client: Browser, house: House, body: bytes
) -> None:
    answer = await client.post(f"{BASE}/requests.json", content=body, headers=FORM)
    assert answer.status_code in {400, 403}
    assert house.journal.envelopes == []


async def test_when_the_store_is_down_the_application_is_told_to_come_back(
    client: Browser, house: House
) -> None:
    house.journal.down = True
    answer = await client.post(f"{BASE}/requests.json", content=EXAMPLE, headers=FORM)
    assert "again" in await said(answer, 503)
    assert answer.headers["retry-after"] == "30"


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("path", ["nothing", "requests/a/b", "services/001/more"])
async def test_an_unknown_path_is_refused_as_the_standard_says(
    client: Browser, format: str, path: str
) -> None:
    answer = await client.get(f"{BASE}/{path}.{format}")
    assert format in answer.headers["content-type"]
    assert "not known" in await said(answer, 404)


async def test_a_method_that_a_path_does_not_take_is_told(client: Browser) -> None:
    answer = await client.delete(f"{BASE}/requests.json")
    assert "method" in await said(answer, 405)
    assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]
    await said(await client.get(BASE), 404)


async def test_updates_and_notes_tell_the_same_of_a_request_that_was_just_handed_over(
    client: Browser, house: House
) -> None:
    handed = event(EventKind.FORWARDED, "Service de la voirie", Status.ASSIGNED)
    house.cases.keep(mine(status=Status.ASSIGNED), handed)
    french = {"accept-language": "fr"}
    url = f"{BASE}/servicerequestupdates.json?api_key={KEY}"
    [update] = (await client.get(url, headers=french)).json()
    [request] = (await client.get(f"{BASE}/requests/{PRINTED}.json", headers=french)).json()
    assert update["description"] == "Confiée à : Service de la voirie."
    assert "pas encore prise en charge" in request["status_notes"]


async def test_another_format_is_not_had(client: Browser) -> None:
    await said(await client.get(f"{BASE}/services.csv"), 404)


# --- following -----------------------------------------------------------------------------------


async def test_a_number_alone_shows_no_more_than_its_page(client: Browser, house: House) -> None:
    house.cases.keep(mine(status=Status.RESOLVED), event(EventKind.ANSWERED, "Rebouché."))
    path = f"{BASE}/requests/{PRINTED}.json"
    [anybody] = (await client.get(path)).json()
    [other] = (await client.get(f"{path}?api_key=other")).json()
    [own] = (await client.get(f"{path}?api_key={KEY}")).json()
    assert anybody == other
    assert (anybody["status"], anybody["status_notes"]) == ("closed", "Rebouché.")
    assert "Léa" not in json.dumps(anybody, ensure_ascii=False)
    assert (anybody["description"], anybody["lat"], anybody["zipcode"]) == (None, None, None)
    assert "12" not in anybody["address"]
    assert own["description"] == "Je m'appelle Léa, un trou énorme"
    assert (own["lat"], own["long"], own["zipcode"]) == (47.2, -1.5, "44000")
    assert own["address"] == "12 rue Crébillon"
    assert own["requested_datetime"] == "2026-11-22T09:05:00Z"


async def test_a_number_alone_shows_no_person_in_what_a_service_answered(
    client: Browser, house: House
) -> None:
    answered = "Bonjour Mme Durand, nous venons 12 rue Crébillon."
    house.cases.keep(
        mine(reporters=(Reporter(PERSON, "Léa Durand"),), status=Status.ANSWERED),
        event(EventKind.ANSWERED, answered),
    )
    path = f"{BASE}/requests/{PRINTED}.json"
    [anybody] = (await client.get(path)).json()
    [own] = (await client.get(f"{path}?api_key={KEY}")).json()
    assert "Durand" not in anybody["status_notes"]
    assert "12" not in anybody["status_notes"]
    assert own["status_notes"] == answered


@pytest.mark.parametrize("secret", [{"confidential": True}, {"public": False}])
async def test_a_case_that_is_not_for_all_eyes_shows_neither_place_nor_subject(
    client: Browser, house: House, secret: dict[str, bool]
) -> None:
    house.cases.keep(mine(**secret))
    [anybody] = (await client.get(f"{BASE}/requests/{PRINTED}.json")).json()
    assert (anybody["service_code"], anybody["address"]) == (None, None)


@pytest.mark.parametrize(
    ("status", "told"),
    [(status, "closed" if status in {"resolved", "closed", "refused"} else "open")
     for status in Status],
)  # fmt: skip
async def test_what_was_only_passed_on_never_reads_as_done(
    client: Browser, house: House, status: Status, told: str
) -> None:
    house.cases.keep(mine(status=status))
    tree = _tree(await client.get(f"{BASE}/requests/{PRINTED}.xml"))
    assert tree[0].findtext("status") == told


async def test_wrong_numbers_are_slowed_down(client: Browser, house: House) -> None:
    for _ in range(3):
        await said(await client.get(f"{BASE}/requests/638344.json"), 404)
    house.cases.keep(mine())
    await said(await client.get(f"{BASE}/requests/{PRINTED}.json"), 429)


async def test_a_list_is_for_the_application_that_posted(client: Browser, house: House) -> None:
    house.cases.keep(mine())
    house.cases.keep(a_case(id=2, number=from_bits(5)))
    await said(await client.get(f"{BASE}/requests.json"), 403)
    await said(await client.get(f"{BASE}/requests.json?api_key=wrong"), 403)
    assert (await client.get(f"{BASE}/requests.json?api_key=other")).json() == []
    found = (await client.get(f"{BASE}/requests.json?api_key={KEY}")).json()
    assert [one["service_request_id"] for one in found] == [PRINTED]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("page_size=2", 2),
        ("page_size=2&page=3", 1),
        ("page_size=2&page=4", 0),
        ("status=closed", 2),
        ("status=open,closed", 5),
        ("service_code=001", 0),
        ("service_code=001,chaussee-trottoir", 5),
        ("start_date=2026-11-21T00:00:00Z", 2),
        ("start_date=2026-11-18T00:00:00Z&end_date=2026-11-20T12:00:00%2B01:00", 3),
        (f"service_request_id={PRINTED}", 1),
    ],
)
async def test_a_list_is_narrowed(client: Browser, house: House, query: str, count: int) -> None:
    for day in range(5):
        status = Status.CLOSED if day % 2 else Status.ASSIGNED
        number = NUMBER if day == 0 else from_bits(day)
        received = NOW - timedelta(days=day)
        house.cases.keep(mine(id=day + 1, number=number, status=status, received_at=received))
    found = (await client.get(f"{BASE}/requests.json?api_key={KEY}&{query}")).json()
    assert len(found) == count


@pytest.mark.parametrize(
    "query",
    ["start_date=yesterday", "start_date=2026-11-21T00:00:00", "page=0", "page_size=x", "status=odd",
     "start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z"],
)  # fmt: skip
async def test_what_cannot_be_asked_is_told(client: Browser, query: str) -> None:
    assert await said(await client.get(f"{BASE}/requests.json?api_key={KEY}&{query}"), 400)


# --- updates -------------------------------------------------------------------------------------


async def test_what_happened_is_listed_oldest_first_and_private_words_are_not(
    client: Browser, house: House
) -> None:
    house.cases.keep(
        mine(status=Status.RESOLVED),
        event(EventKind.FORWARDED, "Service de la voirie", minutes=1),
        event(EventKind.NOTE, "code 12B", minutes=2, visibility=Visibility.SERVICE),
        event(EventKind.STATUS, "", "accepted", minutes=3),
        event(EventKind.ANSWERED, "Rebouché.", "resolved", minutes=4),
    )
    found = (await client.get(f"{BASE}/servicerequestupdates.json?api_key={KEY}")).json()
    assert [(one["status"], one["update_id"]) for one in found] == [
        ("OPEN", "101"), ("OPEN", "103"), ("CLOSED", "104"),
    ]  # fmt: skip
    assert found[-1]["description"] == "Rebouché."
    assert "12B" not in json.dumps(found)
    later = "start_date=2026-11-22T08:08:30Z"
    path = f"{BASE}/servicerequestupdates.xml?api_key={KEY}&{later}"
    tree = _tree(await client.get(path))
    assert (tree.tag, [one.findtext("update_id") for one in tree]) == (
        "service_request_updates", ["104"],
    )  # fmt: skip


async def test_what_is_added_joins_the_case_as_the_person_who_reported(
    client: Browser, house: House, channel: Open311
) -> None:
    house.cases.keep(mine())
    form = {"api_key": KEY, "service_request_id": PRINTED, "description": "Encore pire",
            "update_id": "7", "guichet_conversation": "somebody", "guichet_token": "x"}  # fmt: skip
    path = f"{BASE}/servicerequestupdates.json"
    for _ in range(2):
        answer = await client.post(path, content=urlencode(form), headers=FORM)
        assert answer.json() == [{"update_id": "7"}]
    [envelope] = house.journal.envelopes
    assert envelope.conversation == PERSON.key
    [received] = channel.receive(envelope)
    assert isinstance(received, MessageReceived)
    assert received.message.text == "Encore pire"
    [token] = received.message.thread.tokens
    assert (house.signer.read(token).kind, house.signer.read(token).number) == (REPLY, NUMBER)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"api_key": "other"}, 404), ({"api_key": ""}, 403), ({"description": ""}, 400),
     ({"service_request_id": ""}, 400), ({"service_request_id": "1"}, 404)],
)  # fmt: skip
async def test_what_cannot_be_added_is_told(
    client: Browser, house: House, change: dict[str, str], status: int
) -> None:
    house.cases.keep(mine())
    form = {"api_key": KEY, "service_request_id": PRINTED, "description": "Encore"} | change
    answer = await client.post(
        f"{BASE}/servicerequestupdates.xml", content=urlencode(form), headers=FORM
    )
    await said(answer, status)
    assert house.journal.envelopes == []


async def _added(client: Browser, text: str, id: str = "1", **headers: str) -> httpx.Response:
    form = {"api_key": KEY, "service_request_id": PRINTED, "description": text, "update_id": id}
    where = f"{BASE}/servicerequestupdates.json"
    return await client.post(where, content=urlencode(form), headers={**FORM, **headers})


async def test_another_update_under_a_known_id_is_refused_and_not_lost_in_silence(
    client: Browser, house: House
) -> None:
    house.cases.keep(mine())
    assert (await _added(client, "Encore pire")).status_code == 200
    sentence = await said(await _added(client, "Ça sent le gaz maintenant"), 409)
    assert "update_id" in sentence
    assert (await _added(client, "Encore pire")).status_code == 200
    assert (await _added(client, "Ça sent le gaz maintenant", "2")).status_code == 200
    assert len(house.journal.envelopes) == 2


async def test_another_request_under_a_known_key_is_refused_and_not_lost_in_silence(
    client: Browser, house: House
) -> None:
    headers = {**FORM, "idempotency-key": "k-1"}
    answers = []
    for text in ("Un trou", "Un trou", "Un autre trou"):
        form = {
            "api_key": KEY,
            "service_code": "001",
            "description": text,
            "lat": "47.2",
            "long": "-1.5",
        }
        answers.append(
            await client.post(f"{BASE}/requests.json", content=urlencode(form), headers=headers)
        )
    assert [one.status_code for one in answers[:2]] == [200, 200]
    assert "Idempotency-Key" in await said(answers[2], 409)
    assert len(house.journal.envelopes) == 1


def test_one_update_id_names_an_update_of_each_request(channel: Open311) -> None:
    forms = [urlencode({"update_id": "1", "service_request_id": name}).encode() for name in "AB"]
    ids = {channel.open_raw(form, NOW)[0].provider_id for form in (*forms, *forms)}
    assert len(ids) == 2
