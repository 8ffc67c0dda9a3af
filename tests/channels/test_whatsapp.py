"""WhatsApp: what comes in, and what becomes of an answer before and after the 24 hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sms_town import CITIZEN, COUNTER, SmsTown, sms_town

from channels.phone.twilio_codes import refusal
from channels.sms import Sms, SmsSettings
from channels.whatsapp import WhatsApp, WhatsAppSettings
from router.case import EventKind
from router.delivery import DeliveryState, Permanent, Retry
from router.message import Address, HelpAsked, Location, Message, MessageReceived, OptedOutOf

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CHANNEL = WhatsApp(WhatsAppSettings(), COUNTER)
FORM = {
    "MessageSid": "SM1", "From": f"whatsapp:{CITIZEN}", "To": f"whatsapp:{COUNTER}",
    "Body": "Un trou", "ProfileName": "Nadège", "WaId": CITIZEN[1:],
}  # fmt: skip


class WhatsAppTown(SmsTown):
    """The same town, on WhatsApp."""

    channel, prefix = "whatsapp", "whatsapp:"

    def make(self, given: dict[str, Any]) -> Any:
        return WhatsApp(WhatsAppSettings(**given), COUNTER)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[SmsTown]:
    async with sms_town(tmp_path, town_kind=WhatsAppTown) as town:
        yield town


def read(channel: Any = CHANNEL, **fields: str) -> Any:
    [envelope] = channel.open_raw(urlencode(FORM | fields).encode(), NOW)
    [event] = channel.receive(envelope)
    return event


def message(**fields: str) -> Message:
    event = read(**fields)
    assert isinstance(event, MessageReceived)
    return event.message


# --- in ------------------------------------------------------------------------------------------


def test_a_message_is_of_whatsapp_and_names_the_person_as_he_names_himself() -> None:
    read = message()
    assert read.address == Address("whatsapp", COUNTER, CITIZEN)
    assert (read.sender, read.sender_name, read.text, read.automatic) == (
        CITIZEN,
        "Nadège",
        "Un trou",
        "",
    )


def test_a_position_a_button_and_an_answer_to_our_message_are_understood() -> None:
    place = message(Body="", Latitude="47.2", Longitude="-1.55", Label="Gare", Address="Bd")
    assert (place.location, place.text) == (Location(47.2, -1.55), "Gare\nBd")
    assert message(Body="", ButtonText="Oui", ButtonPayload="yes").text == "Oui"
    assert message(OriginalRepliedMessageSid="SM7").thread.refs == ("SM7",)


def test_a_photo_without_a_word_is_a_message() -> None:
    read = message(
        Body="", NumMedia="1", MediaUrl0="https://api.twilio.com/1", MediaContentType0="image/jpeg"
    )
    assert [file.media_type for file in read.attachments] == ["image/jpeg"]


@pytest.mark.parametrize("word", ["STOP", "ARRET"])
def test_an_opt_out_is_confirmed_by_us_since_twilio_says_nothing_there(word: str) -> None:
    event = read(Body=word)
    assert isinstance(event, OptedOutOf)
    assert not event.confirmed
    managed = read(Body="STOP", OptOutType="STOP")  # a messaging service with words of its own
    assert isinstance(managed, OptedOutOf)
    assert managed.confirmed
    assert isinstance(read(Body="aide"), HelpAsked)


@pytest.mark.parametrize("channel", [CHANNEL, Sms(SmsSettings(), COUNTER)])
def test_one_webhook_may_serve_both_and_each_message_goes_to_its_own_counter(channel: Any) -> None:
    [chat] = channel.open_raw(urlencode(FORM).encode(), NOW)
    [text] = channel.open_raw(urlencode(FORM | {"From": CITIZEN, "To": COUNTER}).encode(), NOW)
    assert (chat.channel, chat.account) == ("whatsapp", COUNTER)
    assert (text.channel, text.account) == ("sms", COUNTER)
    assert chat.conversation != text.conversation


def test_an_answer_keeps_its_accents_and_what_costs_an_sms_more() -> None:
    from test_sms_writing import delivery

    said = "Forêt « Chêne » 🌳"
    assert [part.text for part in CHANNEL.render(delivery(said))] == [said]
    assert len(CHANNEL.render(delivery("mot " * 1000))) == 3


# --- out -----------------------------------------------------------------------------------------


async def test_an_answer_leaves_on_whatsapp_and_its_receipt_comes_back(town: SmsTown) -> None:
    worked = await town.texted("Un lampadaire cassé", ProfileName="Nadège")
    assert worked.case is not None
    assert worked.case.channel == "whatsapp"
    await town.send()
    [sent] = town.twilio.sent_to(f"whatsapp:{CITIZEN}")
    assert sent.from_ == f"whatsapp:{COUNTER}"
    assert [d.state for d in await town.deliveries()] == [DeliveryState.DELIVERED]


async def test_what_leaves_after_24_hours_is_shown_to_an_agent_and_not_lost(town: SmsTown) -> None:
    worked = await town.texted("Un lampadaire cassé")
    town.clock.pass_(hours=25)
    await town.send()
    [delivery] = await town.deliveries()
    assert delivery.state is DeliveryState.BOUNCED
    assert worked.case is not None
    lines = [
        event.text
        for event in await town.store.events(worked.case.id)
        if event.kind is EventKind.DELIVERY_FAILED
    ]
    assert len(lines) == 1
    assert "24 heures" in lines[0]
    assert "63016" in lines[0]
    # once the person has written again, an agent sends it by hand
    await town.texted("toujours rien ?")
    assert await town.store.requeue(delivery.id, town.clock.now())
    await town.send()
    states = {d.id: d.state for d in await town.deliveries()}
    assert states[delivery.id] is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("code", "expected"),
    [(63016, Permanent), (63024, Permanent), (63003, Permanent), (63018, Retry), (63007, Retry)],
)
def test_what_whatsapp_refuses_is_told_in_a_sentence(code: int, expected: type) -> None:
    outcome = refusal(400, code)
    assert isinstance(outcome, expected)
    assert "WhatsApp" in outcome.reason


def test_the_window_is_declared() -> None:
    assert CHANNEL.capabilities.reply_window_s == 86_400
