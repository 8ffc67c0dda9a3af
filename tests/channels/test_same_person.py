"""Who writes in public and in private is known to be the same by the provider's own id of him."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.matrix import Matrix, MatrixSettings
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from channels.x.channel import X
from channels.x.settings import XSettings
from demo.clock import WallClock
from router.events import HelpAsked, InboundEvent, MessageReceived, OptedOutOf
from router.message import Address, Message, person_at

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BOT, ME, US = "GuichetNantesBot", "@guichet:nantes.example", "GuichetNantes"

Writes = Callable[[str, str, str, bool], InboundEvent]


def on_x(person: str, name: str, text: str, public: bool) -> InboundEvent:
    channel = X(XSettings(), US, WallClock())
    kind = "post" if public else "dm_event"
    said: dict[str, Any] = {"id": "200", "text": f"@{US} {text}" if public else text}
    said["author_id" if public else "sender_id"] = person
    users = [{"id": person, "name": name, "username": name}]
    [envelope] = channel.open_raw(
        json.dumps({kind: said, "includes": {"users": users}}).encode(), NOW
    )
    [event] = channel.receive(envelope)
    return event


def on_telegram(person: str, name: str, text: str, public: bool) -> InboundEvent:
    channel = Telegram(TelegramSettings(), BOT)
    chat = {"id": -77, "type": "supergroup"} if public else {"id": int(person), "type": "private"}
    command = f"{text}@{BOT}" if text.startswith("/") else f"@{BOT} {text}"
    said = {
        "message_id": 5,
        "date": 1795341600,
        "chat": chat,
        "from": {"id": int(person), "first_name": name},
        "text": command if public else text,
    }
    [envelope] = channel.open_raw(json.dumps({"update_id": 1, "message": said}).encode(), NOW)
    [event] = channel.receive(envelope)
    return event


def on_matrix(person: str, name: str, text: str, public: bool) -> InboundEvent:
    channel = Matrix(MatrixSettings(base_url="https://matrix.nantes.example"), ME)
    mentioned = {"m.mentions": {"user_ids": [ME]}} if public else {}
    said = {
        "event_id": "$e",
        "room_id": "!group:x.example" if public else f"!with-{person}:x.example",
        "type": "m.room.message",
        "sender": f"@{person}:x.example",
        "origin_server_ts": 1795341600123,
        "content": {"msgtype": "m.text", "body": text, **mentioned},
    }
    room = {"direct": not public, "name": name, "me": "Guichet"}
    [envelope] = channel.open_raw(json.dumps({"event": said, "room": room}).encode(), NOW)
    [event] = channel.receive(envelope)
    return event


def message(event: InboundEvent) -> Message:
    assert isinstance(event, MessageReceived)
    return event.message


every_channel = pytest.mark.parametrize("writes", [on_x, on_telegram, on_matrix])
people = st.integers(1, 2**52).map(str)


@every_channel
@given(one=people, other=people, name=st.sampled_from(["anne", "bob"]))
def test_the_same_person_is_the_same_in_public_and_in_private_and_nobody_else_is(
    writes: Writes, one: str, other: str, name: str
) -> None:
    public = message(writes(one, name, "un trou", True))
    private = message(writes(one, "autre nom", "bonjour", False))
    somebody = message(writes(other, name, "bonjour", False))
    assert (public.public, private.public) == (True, False)
    assert public.address != private.address
    assert public.person_at == private.person_at is not None
    assert (somebody.person_at == public.person_at) is (other == one)


@every_channel
@pytest.mark.parametrize("word", ["AIDE", "START"])
def test_a_word_that_steers_tells_who_says_it_in_private(writes: Writes, word: str) -> None:
    event = writes("4242", "anne", word, False)
    assert isinstance(event, HelpAsked | OptedOutOf)
    who = person_at(event.address, event.person)
    assert who == message(writes("4242", "anne", "un trou", True)).person_at


def test_start_of_telegram_tells_who_presses_it_in_private_and_in_a_group_nobody() -> None:
    alone, group = (on_telegram("4242", "anne", "/start", public) for public in (False, True))
    assert isinstance(alone, HelpAsked)
    assert isinstance(group, HelpAsked)
    assert (alone.person, group.person) == ("4242", "")


def test_a_button_that_is_pressed_in_a_group_is_pressed_in_public() -> None:
    under = {"message_id": 6, "date": 1, "chat": {"id": -77, "type": "supergroup"}}
    query = {"id": "1", "from": {"id": 4242, "first_name": "Anne"}, "data": "urgence:Oui"}
    update = {"update_id": 1, "callback_query": {**query, "message": under}}
    channel = Telegram(TelegramSettings(), BOT)
    [envelope] = channel.open_raw(json.dumps(update).encode(), NOW)
    [event] = channel.receive(envelope)
    assert message(event).public


def test_a_word_that_steers_in_a_matrix_group_tells_nobody() -> None:
    event = on_matrix("anne", "Anne", f"{ME} AIDE", True)
    assert isinstance(event, HelpAsked)
    assert event.person == ""


def test_a_person_is_another_on_another_account_and_is_told_by_no_address() -> None:
    here, there = Address("x", US, "42", "mention"), Address("x", "Other", "42", "mention")
    found = person_at(here, "42")
    assert found is not None
    assert found != person_at(there, "42")
    assert "42" not in found.value.split("|")
    assert found.value != "42"
    assert person_at(here, "") is None
