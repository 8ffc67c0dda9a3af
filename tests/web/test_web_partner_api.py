"""A partner's own system acts on its cases, by signed messages and on nobody else's."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from web_fakes import NUMBER, Browser, House, a_case

from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings
from channels.webhook_signature import Ring
from router.case import Status
from router.decision import ServiceId
from router.events import PartnerActed
from router.tracking import from_bits, printed
from web.app import create_app

ACCOUNT, KEY = "voirie@metropole.example", base64.b64encode(b"k" * 24).decode()
OTHER = base64.b64encode(b"o" * 24).decode()
PATH = "/partners/v1/acts"


def channel_of(house: House, account: str, key: str) -> PartnerWebhook:
    settings = PartnerWebhookSettings(keys={"k1": SecretStr(key)})
    return PartnerWebhook(settings, account, house.base_url, house.clock)


@pytest.fixture
async def client(house: House) -> AsyncIterator[Browser]:
    house.channels = {
        ("partner_webhook", account): channel_of(house, account, key)
        for account, key in ((ACCOUNT, KEY), ("https://other.example", OTHER))
    }

    transport = httpx.ASGITransport(create_app(house.parts()), raise_app_exceptions=False)
    async with Browser(transport=transport, base_url="http://city.example") as found:
        house.cases.keep(a_case(status=Status.ASSIGNED))
        yield found


def case_name(house: House, service: str = "voirie-metropole") -> str:
    return house.signer.sign("p", NUMBER, service)


async def post(
    client: Browser, house: House, said: Any, *, id: str = "m1", key: str = KEY, late_s: float = 0
) -> httpx.Response:
    if isinstance(said, dict):
        said = {"case": case_name(house), **said}
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    at = house.clock.now() + timedelta(seconds=late_s)
    headers = Ring({"k1": key}).headers(id, at, body)
    return await client.post(PATH, content=body, headers=headers)


def told(house: House) -> PartnerActed:
    [envelope] = house.journal.envelopes
    assert (envelope.channel, envelope.account) == ("partner_webhook", ACCOUNT)
    [act] = channel_of(house, ACCOUNT, KEY).receive(envelope)
    assert isinstance(act, PartnerActed)
    return act


@pytest.mark.parametrize(
    "said",
    [
        {"act": "accept", "reference": "A-1"},
        {"act": "progress", "text": "Une équipe passe mardi."},
        {"act": "close", "text": "Rebouché."},
        {"act": "refuse", "reason": "Voie privée."},
        {"act": "refuse", "reason": "x", "instead": " guichet de la MÉTROPOLE"},
        {"act": "note", "text": "Code du portail 12B."},
        {"act": "reference", "reference": "A-1"},
    ],
)
async def test_an_act_is_taken_as_a_word_of_the_service(
    client: Browser, house: House, said: dict[str, str]
) -> None:
    answer = await post(client, house, said)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "taken", "case": printed(NUMBER), "case_status": "assigned",
    }  # fmt: skip
    act = told(house)
    assert act.token == case_name(house)
    assert {name: getattr(act, name) for name in said} == said


async def test_the_same_message_again_is_taken_once_even_when_the_case_has_ended(
    client: Browser, house: House
) -> None:
    await post(client, house, {"act": "close", "text": "Rebouché."})
    house.cases.keep(a_case(status=Status.RESOLVED))
    again = await post(client, house, {"act": "close", "text": "Rebouché."})
    other = await post(client, house, {"act": "close", "text": "Rebouché."}, id="m2")
    assert (again.status_code, again.json()["case_status"]) == (200, "resolved")
    assert other.status_code == 409
    assert len(house.journal.envelopes) == 1


async def test_a_photo_is_made_safe_and_goes_along(client: Browser, house: House) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    photo = {"content": base64.b64encode(picture.getvalue()).decode()}
    answer = await post(client, house, {"act": "close", "text": "Fait.", "photos": [photo]})
    assert answer.status_code == 200
    [file] = told(house).attachments
    assert (file.media_type, house.photos[file.ref][:2]) == ("image/jpeg", b"\xff\xd8")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    other = {"content": base64.b64encode(picture.getvalue()).decode()}
    for photos, status in (([photo], 200), ([other], 409)):
        answer = await post(client, house, {"act": "close", "text": "Fait.", "photos": photos})
        assert (answer.status_code, len(house.photos)) == (status, 1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        ({"act": "delete"}, "act"),
        ({"act": "refuse", "reason": " "}, "reason"),
        ({"act": "refuse", "reason": "x", "instead": "La Poste"}, "instead: « La Poste »"),
        ({"act": "close"}, "text"),
        ({"act": "reference"}, "reference"),
        ({"act": "note", "text": "x" * 5001}, "text"),
        ({"act": "accept", "surprise": 1}, "surprise"),
        ({"act": "close", "text": "x", "photos": [{"content": "AAAA"}]}, "Photo 1"),
        ({"act": "close", "text": "x", "photos": [{"content": "é"}]}, "Photo 1"),
    ],
)
async def test_what_cannot_be_read_is_told_in_one_sentence(
    client: Browser, house: House, said: Any, words: str
) -> None:
    answer = await post(client, house, said)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert house.journal.envelopes == []


async def test_a_message_that_is_not_signed_by_us_or_is_old_is_refused(
    client: Browser, house: House
) -> None:
    body = {"act": "accept"}
    stranger = base64.b64encode(b"s" * 24).decode()
    for answer in (
        await post(client, house, body, key=stranger),
        await post(client, house, body, late_s=-301),
        await post(client, house, body, late_s=301),
        await client.post(PATH, json={"case": case_name(house), "act": "accept"}),
    ):
        assert answer.status_code == 403
    assert house.journal.envelopes == []


async def test_a_partner_acts_on_its_own_cases_only(client: Browser, house: House) -> None:
    assert (await post(client, house, {"act": "accept"}, key=OTHER)).status_code == 403
    forged = {"act": "accept", "case": case_name(house)[:-1] + "!"}
    assert (await post(client, house, forged)).status_code == 404
    citizen = {"act": "accept", "case": house.signer.sign("r", NUMBER, "voirie-metropole")}
    assert (await post(client, house, citizen)).status_code == 404
    assert house.journal.envelopes == []


async def test_a_case_that_moved_on_takes_notes_only(client: Browser, house: House) -> None:
    house.cases.keep(a_case(owner=ServiceId("tranquillite-nantes")))
    assert (await post(client, house, {"act": "accept"})).status_code == 409
    assert (await post(client, house, {"act": "note", "text": "Vu."}, id="m2")).status_code == 200


async def test_when_the_store_is_down_the_partner_is_told_to_come_back(
    client: Browser, house: House
) -> None:
    house.journal.down = True
    answer = await post(client, house, {"act": "accept"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


async def test_the_description_says_all_that_may_be_sent_and_what_comes(client: Browser) -> None:
    described = (await client.get("/partners/v1/openapi.json")).json()
    post = described["paths"]["/acts"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {
        "case", "act", "text", "reason", "reference", "instead", "photos",
    }  # fmt: skip
    assert {one["name"] for one in post["parameters"]} == {
        "webhook-id", "webhook-timestamp", "webhook-key-id", "webhook-signature",
    }  # fmt: skip
    assert [one["name"] for one in post["parameters"] if not one["required"]] == ["webhook-key-id"]
    assert {"200", "400", "403", "404", "409", "503"} <= post["responses"].keys()
    assert "case" in described["webhooks"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"act": "close"}, "the act close needs « text »."),
        ({"act": "refuse"}, "the act refuse needs « reason »."),
        ({"act": "accept", "colour": "red"}, "colour: there is no such field."),
        ({"act": "dance"}, "act: this is none of 'accept', 'refuse', 'progress', 'close', "),
        ({}, "act: it is missing."),
        ({"act": "note", "text": 4}, "text: this is no text."),
        ({"act": "note", "text": "x" * 5001}, "text: it is longer than 5000 characters."),
        ({"act": "note", "text": "x", "photos": 4}, "photos: this is no list."),
        ({"act": "note", "text": "x", "photos": [{}]}, "photos.0.content: it is missing."),
        (b"{", "The body is no JSON."),
        (b"4", "The body is no JSON object."),
    ],
)
async def test_what_is_wrong_with_an_act_is_said_in_a_sentence_of_ours(
    client: Browser, house: House, said: Any, sentence: str
) -> None:
    answer = await post(client, house, said)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert house.journal.envelopes == []


async def test_a_wrong_clock_is_told_from_a_wrong_key(client: Browser, house: House) -> None:
    slow = await post(client, house, {"act": "accept"}, late_s=-3600)
    fast = await post(client, house, {"act": "accept"}, late_s=400)
    stranger = await post(
        client, house, {"act": "accept"}, key=base64.b64encode(b"s" * 24).decode()
    )
    assert "webhook-timestamp is 3600 seconds behind our clock" in slow.json()["error"]
    assert "400 seconds ahead of our clock" in fast.json()["error"]
    both = await post(
        client, house, {"act": "accept"}, key=base64.b64encode(b"s" * 24).decode(), late_s=-3600
    )
    assert stranger.json() == both.json()
    assert "not signed with a key of ours" in both.json()["error"]


async def test_the_description_lists_no_answer_that_is_never_given(client: Browser) -> None:
    described = (await client.get("/partners/v1/openapi.json")).json()
    assert "422" not in json.dumps(described)
    assert "HTTPValidationError" not in json.dumps(described)
    assert described["paths"]["/acts"]["post"]["operationId"] == "act"
    assert described["webhooks"]["case"]["post"]["operationId"] == "case"


async def test_the_example_of_a_signature_is_one_of_ours(client: Browser) -> None:
    at = datetime.fromtimestamp(1790000000, UTC)
    body = b'{"case": "p.EXAMPLE", "act": "accept"}'
    described = (await client.get("/partners/v1/openapi.json")).json()
    told = {
        one["name"]: one["description"] for one in described["paths"]["/acts"]["post"]["parameters"]
    }
    secret = re.search(r"secret (\S+),", told["webhook-signature"])
    assert secret
    signature = Ring({"k1": secret[1]}).headers("msg-1", at, body)["webhook-signature"]
    assert told["webhook-signature"].endswith(f"give {signature}")
    manual = Path(__file__).parents[2] / "docs" / "channels.md"
    assert f'signature == "{signature}"' in manual.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "other",
    [
        {"act": "close", "text": "Rebouché."},
        {"act": "note", "text": "Vu deux fois."},
        {"act": "note", "text": "Vu.", "reference": "A-1"},
        {"act": "note", "text": "Vu.", "reason": "Voie privée."},
        {"act": "note", "text": "Vu.", "instead": "Mairie"},
        {"act": "note", "text": "Vu.", "photos": [{"content": "AAAA"}]},
        {"act": "note", "text": "Vu.", "case": "of another number"},
    ],
)
async def test_another_act_under_a_known_id_is_refused_and_not_lost_in_silence(
    client: Browser, house: House, other: dict[str, Any]
) -> None:
    house.cases.keep(a_case(id=2, number=from_bits(7), status=Status.ASSIGNED))
    if "case" in other:
        other = {**other, "case": house.signer.sign("p", from_bits(7), "voirie-metropole")}
    await post(client, house, {"act": "note", "text": "Vu."}, id="m1")
    answer = await post(client, house, other, id="m1")
    assert answer.status_code == 409
    assert "webhook-id" in answer.json()["error"]
    again = await post(client, house, {"act": "note", "text": "Vu."}, id="m1")
    assert again.status_code == 200
    assert len(house.journal.envelopes) == 1
