"""The web form: who is answered where, what was stated, and what is not believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.webform import Webform, WebformSettings
from router.delivery import Delivery, DeliveryKind, Sent
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import MessageReceived
from router.message import Address, Attachment, Given, Location, Message, Trust, WebhookRequest
from router.stated import Stated

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
WEB = Webform(WebformSettings(email_account="guichet@nantes.example", sms_account="+33756000044"))


def message(**fields: Any) -> Message:
    [envelope] = WEB.open_raw(json.dumps({"id": "f1", "text": "Un trou"} | fields).encode(), NOW)
    [event] = WEB.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert event.message.address.key == envelope.conversation
    return event.message


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({}, Address("web", "web", "f1")),
        ({"reply": "page", "email": "a@b.fr"}, Address("web", "web", "f1")),
        (
            {"reply": "email", "email": "Anne@B.fr"},
            Address("email", "guichet@nantes.example", "anne@b.fr"),
        ),
        ({"reply": "email", "email": "anne"}, Address("web", "web", "f1")),
        (
            {"reply": "sms", "phone": "06 12 34 56 78"},
            Address("sms", "+33756000044", "+33612345678"),
        ),
        ({"reply": "sms", "phone": "12"}, Address("web", "web", "f1")),
    ],
)
def test_the_person_is_answered_where_he_chose_if_that_can_be_used(
    fields: dict[str, str], address: Address
) -> None:
    assert message(**fields).address == address


def test_a_channel_that_is_not_there_is_not_offered() -> None:
    body = json.dumps({"id": "f1", "reply": "sms", "phone": "0612345678"}).encode()
    [envelope] = Webform(WebformSettings()).open_raw(body, NOW)
    assert envelope.conversation == Address("web", "web", "f1").key


def test_what_is_stated_is_kept_as_stated() -> None:
    read = message(
        category="voirie", commune="44109", where="devant le 3 rue X", annoyance="7",
        lat="47,2", lon=-1.5, accuracy=30, name="Anne\u202e", language="AR",
    )  # fmt: skip
    assert read.given == Given(
        category="voirie", commune="44109", street="devant le 3 rue X", annoyance=7
    )
    assert read.location == Location(47.2, -1.5, 30.0)
    assert (read.sender_name, read.language) == ("Anne", "ar")


@pytest.mark.parametrize(
    "fields", [{"lat": "x", "lon": 1}, {"lat": "nan", "lon": 1}, {"lat": 91, "lon": 0}, {"lat": 1}]
)
def test_a_position_that_cannot_be_is_none(fields: dict[str, Any]) -> None:
    assert message(**fields).location is None


def test_a_degree_of_annoyance_outside_its_scale_is_none() -> None:
    assert message(annoyance=11).given.annoyance is None
    assert message(annoyance="beaucoup").given.annoyance is None


def test_a_machine_in_the_honeypot_is_looked_at_and_not_dropped() -> None:
    read = message(website="http://spam.example")
    assert (read.trust, read.automatic) == (Trust.FAILED, "")


def test_files_are_named_safely() -> None:
    [file] = message(
        text="", attachments=[{"name": "../a.jpg", "media_type": "image/jpeg", "ref": "b1"}, 3]
    ).attachments
    assert "/" not in file.name
    assert (file.media_type, file.ref) == ("image/jpeg", "b1")


def test_the_same_form_twice_is_one_and_both_shapes_are_read() -> None:
    fields = {"id": "f1", "text": "Un trou", "reply": "email", "email": "a@b.fr"}
    [by_json] = WEB.open_raw(json.dumps(fields).encode(), NOW)
    [by_form] = WEB.open_raw(urlencode(fields).encode(), NOW)
    assert (by_json.provider_id, by_json.conversation) == (
        by_form.provider_id,
        by_form.conversation,
    )
    [event] = WEB.receive(by_form)
    assert isinstance(event, MessageReceived)
    assert event.message.text == "Un trou"


def test_a_form_without_an_id_is_known_by_its_content() -> None:
    [one] = WEB.open_raw(b"text=a", NOW)
    [two] = WEB.open_raw(b"text=b", NOW)
    assert one.provider_id != two.provider_id


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_form_is_kept_and_not_read(body: bytes) -> None:
    [envelope] = WEB.open_raw(body, NOW)
    assert envelope.payload == body
    with pytest.raises(UnreadablePayload):
        WEB.receive(envelope)


@pytest.mark.parametrize(
    ("method", "media_type", "body"),
    [
        ("GET", "application/json", b"{}"),
        ("POST", "text/plain", b"{}"),
        ("POST", "", b"{}"),
        ("POST", "application/json", b" " * 1_000_001),
    ],
)
def test_what_no_form_sends_is_refused(method: str, media_type: str, body: bytes) -> None:
    with pytest.raises(InvalidSignature):
        WEB.verify(WebhookRequest(method, "https://x", {"content-type": media_type}, body))


def test_a_form_is_taken() -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    WEB.verify(WebhookRequest("POST", "https://x", headers, b"{}"))


async def test_an_answer_on_the_page_has_left_at_once() -> None:
    delivery = Delivery(
        7, "i", "l", DeliveryKind.ANSWER, Address("web", "web", "f1"), "Réparé.", NOW
    )
    [part] = WEB.render(delivery)
    assert await WEB.send(part, "i") == Sent(("web:7",))
    assert (await WEB.health()).ok


def test_what_is_composed_is_what_the_page_would_post() -> None:
    [event] = WEB.receive(
        WEB.compose(Stated(sender="a@b.fr", text="Un arbre", at=NOW, attachments=("a.jpg",)))
    )
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.address.value) == ("Un arbre", "a@b.fr")
    assert event.message.attachments[0].name == "a.jpg"


def test_the_token_of_the_tracking_page_travels_with_the_words() -> None:
    [envelope] = WEB.open_raw(b'{"id": "f9", "text": "Encore", "token": "w.a.b.c.d"}', NOW)
    [event] = WEB.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert event.message.thread.tokens == ("w.a.b.c.d",)


async def test_pictures_come_from_where_the_page_stored_them() -> None:
    async def stored(ref: str, limit: int) -> bytes:
        return f"{ref} {limit}".encode()

    photo = Attachment("photo-1.jpg", "image/jpeg", 3, "abc.jpg")
    [envelope] = WEB.open_raw(b'{"id": "f9", "text": "Un trou"}', NOW)
    channel = Webform(WebformSettings(), "web", stored)
    assert await channel.fetch_media(envelope, photo, 9) == b"abc.jpg 9"
    with pytest.raises(InvalidInput):
        await WEB.fetch_media(envelope, photo, 9)
