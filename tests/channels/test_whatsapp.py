"""WhatsApp: what comes in, and what becomes of an answer before and after the 24 hours."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sms_town import CITIZEN, COUNTER, SmsTown, sms_town

from channels.phone.twilio_codes import refusal
from channels.sms import Sms, SmsSettings
from channels.steering_words import READ
from channels.whatsapp import WhatsApp, WhatsAppSettings
from router.archive import Action
from router.case import EventKind
from router.delivery import Delivery, DeliveryKind, DeliveryState, Permanent, Retry, Sent, Unknown
from router.events import AskedToRead, HelpAsked, MessageReceived, OptedOutOf
from router.message import Address, Location, Message
from router.tokens import PARTNER
from router.tracking import printed
from router.words.texts import LANGUAGES, TextId, text
from router.worked import Worked

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
        return WhatsApp(WhatsAppSettings(**given), COUNTER, self.clock)


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


async def invited(town: SmsTown, said: str = "Un lampadaire cassé") -> Worked:
    """Have an answer of a service leave a day late."""
    worked = await town.texted(said)
    await town.send()
    town.clock.pass_(hours=25)
    assert worked.case is not None
    token = town.signer.sign(PARTNER, worked.case.number, worked.case.owner)
    await town.hear("service", "C'est réparé, merci.", tokens=[token])
    await town.send()
    await town.send()
    return worked


def received(town: SmsTown) -> list[str]:
    """List what the phone shows, without what WhatsApp refused."""
    return [m.body for m in town.twilio.sent_to(f"whatsapp:{CITIZEN}") if m.status != "failed"]


async def test_after_24_hours_a_template_invites_and_the_answer_awaits_the_next_message(
    town: SmsTown,
) -> None:
    sid = town.twilio.templates.add("Une réponse vous attend ({{1}}), voyez {{2}} ou écrivez.")
    town.connect(templates={"fr": sid})
    worked = await invited(town)
    assert worked.case is not None
    number = printed(worked.case.number)
    [receipt, template] = received(town)
    link = f"https://g.example/suivi/{number}"
    assert template == f"Une réponse vous attend ({number}), voyez {link} ou écrivez."
    states = {d.kind: d.state for d in await town.deliveries()}
    assert states[DeliveryKind.ANSWER] is DeliveryState.AWAITS
    assert states[DeliveryKind.INVITE] is DeliveryState.DELIVERED
    lines = await town.lines(worked.case.id)
    assert any("24 heures" in line and "dès que la personne écrit" in line for line in lines)
    asked = await town.texted("« Lire »")
    assert (asked.action, asked.case, asked.reply) == (Action.IGNORE, None, None)
    await town.send()
    assert received(town)[:2] == [receipt, template]
    [answer] = received(town)[2:]
    assert "C'est réparé" in answer
    states = {d.kind: d.state for d in await town.deliveries()}
    assert states[DeliveryKind.ANSWER] is DeliveryState.DELIVERED


async def test_any_message_of_the_person_brings_what_awaited_and_then_its_own_receipt(
    town: SmsTown,
) -> None:
    town.connect(templates={"fr": town.twilio.templates.add("Lisez {{1}} : {{2}} .")})
    await invited(town)
    await town.texted("toujours rien ?")
    await town.send()
    [_, _, answer, more] = received(town)
    assert "C'est réparé" in answer
    assert "C'est réparé" not in more
    await town.texted("lire")
    await town.send()
    assert len(received(town)) == 4  # nothing is sent twice


async def test_a_person_is_invited_once_a_day_however_much_awaits(town: SmsTown) -> None:
    town.connect(templates={"fr": town.twilio.templates.add("Lisez {{1}} : {{2}} .")})
    worked = await invited(town)
    assert worked.case is not None
    token = town.signer.sign(PARTNER, worked.case.number, worked.case.owner)
    await town.hear("service", "Et le suivant aussi.", tokens=[token])
    await town.send()
    await town.send()
    assert len(received(town)) == 2
    await town.texted("lire")
    await town.send()
    assert [("réparé" in body, "suivant" in body) for body in received(town)[2:]] == [
        (True, False),
        (False, True),
    ]


async def test_who_says_stop_is_not_sent_what_awaited(town: SmsTown) -> None:
    town.connect(templates={"fr": town.twilio.templates.add("Lisez {{1}} : {{2}} .")})
    await invited(town)
    await town.texted("STOP")
    await town.send()
    assert "C'est réparé" not in "".join(received(town))
    await town.texted("lire")
    await town.send()
    assert "C'est réparé" not in "".join(received(town))
    await town.texted("START")
    await town.send()
    assert "C'est réparé" in "".join(received(town))


async def test_a_template_serves_each_language_and_the_first_one_all_others(town: SmsTown) -> None:
    french = town.twilio.templates.add("Lisez {{1}} : {{2}} .")
    english = town.twilio.templates.add("Read {{1}}: {{2}} .")
    town.connect(templates={"fr": french, "en": english})
    for language, begins in (("fr", "Lisez"), ("en", "Read"), ("wo", "Lisez")):
        [part] = town.sms.render(invitation(language))
        assert isinstance(await town.sms.send(part, "i"), Sent)
        assert town.twilio.sent_to(f"whatsapp:{CITIZEN}")[-1].body.startswith(begins)


def invitation(language: str = "fr") -> Delivery:
    data = json.dumps({"1": "7K4M-Q2XD-9TC", "2": "https://g.example/suivi/7K4M-Q2XD-9TC"})
    address = Address("whatsapp", COUNTER, CITIZEN)
    return Delivery(
        7, "i7", "l", DeliveryKind.INVITE, address, "…", NOW, language=language, data=data
    )


async def test_an_invitation_that_was_cut_is_found_whatever_the_template_says(
    town: SmsTown,
) -> None:
    town.connect(templates={"fr": town.twilio.templates.add("Lisez {{1}} : {{2}} .")})
    [part] = town.sms.render(invitation())
    assert await town.sms.find(invitation(), "i7") is None
    town.twilio.faults.push("cut-after-accept")
    assert isinstance(await town.sms.send(part, "i7"), Unknown)
    assert isinstance(await town.sms.find(invitation(), "i7"), Sent)


async def test_without_a_template_an_agent_is_told_and_the_answer_awaits_all_the_same(
    town: SmsTown,
) -> None:
    worked = await invited(town)
    assert worked.case is not None
    lines = [
        event.text
        for event in await town.store.events(worked.case.id)
        if event.kind is EventKind.DELIVERY_FAILED
    ]
    assert len(lines) == 1
    assert "modèle" in lines[0]
    assert len(received(town)) == 1
    await town.texted("toujours rien ?")
    await town.send()
    assert "C'est réparé" in received(town)[1]


@pytest.mark.parametrize("sid", ["unknown", "pending", "odd"])
async def test_a_template_that_cannot_leave_is_told_to_an_agent(town: SmsTown, sid: str) -> None:
    templates = {
        "unknown": "HX" + "9" * 32,
        "pending": town.twilio.templates.add("Lisez {{1}} : {{2}} .", "pending"),
        "odd": town.twilio.templates.add("Lisez {{1}} : {{2}} le {{3}}."),
    }
    town.connect(templates={"fr": templates[sid]})
    worked = await invited(town)
    await town.send()
    assert worked.case is not None
    events = await town.store.events(worked.case.id)
    assert [event.kind for event in events].count(EventKind.DELIVERY_FAILED) == 1
    invites = [d for d in await town.deliveries() if d.kind is DeliveryKind.INVITE]
    assert len(invites) == 1
    answers = [d for d in await town.deliveries() if d.kind is DeliveryKind.ANSWER]
    assert [d.state for d in answers] == [DeliveryState.AWAITS]


async def test_what_awaits_is_found_and_pushed_by_an_agent(town: SmsTown) -> None:
    await invited(town)
    [waiting] = await town.store.list_deliveries([DeliveryState.AWAITS])
    assert await town.store.requeue(waiting.id, town.clock.now())


async def test_doctor_says_what_is_wrong_with_the_templates(town: SmsTown) -> None:
    assert "Aucun modèle" in (await town.sms.health()).sentence
    await town.sms.close()
    sid = town.twilio.templates.add("Lisez {{1}} : {{2}} .", "pending")
    town.connect(templates={"fr": sid})
    found = await town.sms.health()
    assert not found.ok
    assert "attend l'accord" in found.sentence
    town.twilio.templates.judge(sid, "approved")
    assert (await town.sms.health()).ok
    await town.sms.close()
    town.connect(templates={"fr": "HX" + "9" * 32})
    assert "n'existe pas" in (await town.sms.health()).sentence
    with pytest.raises(ValueError, match="ContentSid"):
        WhatsAppSettings(templates={"fr": "HX1"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_that_an_invitation_asks_for_is_the_one_that_is_understood(language: str) -> None:
    said = text(TextId.INVITE, language, numero="7K4M-Q2XD-9TC", lien="https://g.example").text
    [quoted] = re.findall("[«“„]\\s?(.+?)\\s?[»”“]", said)
    assert quoted == READ[language]
    assert isinstance(read(Body=quoted), AskedToRead)
    assert isinstance(read(Body=f"« {quoted.title()} »."), AskedToRead)
    assert isinstance(read(Body=f"je veux {quoted}"), MessageReceived)


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


async def test_two_robots_that_write_to_each_other_fall_silent(town: SmsTown) -> None:
    said: Any = "Un trou devant le 12 rue Scribe"
    for _ in range(25):
        worked = await town.texted(said)
        said = worked.reply.text if worked.reply else said
        town.clock.pass_(seconds=20)
    await town.send()
    assert len(town.twilio.sent_to(f"whatsapp:{CITIZEN}")) == 1
