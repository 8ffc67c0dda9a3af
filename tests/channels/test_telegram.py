"""A Telegram bot: what is read of an update, how it polls, and what becomes of a send."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from channels.graphemes import utf16_units
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from demo.telegram import TelegramSimulator
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import (
    Blocked,
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    OptedOutOf,
)
from router.message import Address, Location, Message, WebhookRequest
from router.stated import Stated

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BOT, ANNE = "GuichetNantesBot", 4242
SECRET = "secret-du-webhook"
CHANNEL = Telegram(TelegramSettings(webhook_secret=SecretStr(SECRET)), BOT)


def update(**content: Any) -> dict[str, Any]:
    message = {
        "message_id": 5,
        "date": 1795341600,
        "chat": {"id": ANNE, "type": "private"},
        "from": {"id": ANNE, "is_bot": False, "first_name": "Anne", "last_name": "Le Gall"},
    }
    return {"update_id": 1, "message": message | content}


def read(data: object, channel: Telegram = CHANNEL) -> InboundEvent:
    [envelope] = channel.open_raw(json.dumps(data).encode(), NOW)
    [event] = channel.receive(envelope)
    return event


def message(**content: Any) -> Message:
    event = read(update(**content))
    assert isinstance(event, MessageReceived)
    return event.message


def delivery(text: str = "C'est noté.", **changes: Any) -> Delivery:
    whole = Delivery(
        id=7,
        idem="i7",
        lane="l",
        kind=DeliveryKind.ACKNOWLEDGEMENT,
        address=Address("telegram", BOT, str(ANNE)),
        text=text,
        created_at=NOW,
    )
    return replace(whole, **changes)


# --- the webhook ---------------------------------------------------------------------------------


def called(secret: str | None) -> WebhookRequest:
    headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
    return WebhookRequest("POST", "https://guichet.example/t", headers, b"{}")


def test_the_secret_opens_and_nothing_else_does() -> None:
    CHANNEL.verify(called(SECRET))
    for wrong in (None, "", "x", "é" * 20):
        with pytest.raises(InvalidSignature):
            CHANNEL.verify(called(wrong))


def test_a_bot_without_a_secret_takes_no_webhooks() -> None:
    with pytest.raises(InvalidSignature):
        Telegram(TelegramSettings(), BOT).verify(called(""))


# --- reading -------------------------------------------------------------------------------------


def test_a_message_is_known_by_chat_number_and_wording() -> None:
    first, again = update(text="Un trou"), update(text="Un trou") | {"update_id": 99}
    [one] = CHANNEL.open_raw(json.dumps(first).encode(), NOW)
    [two] = CHANNEL.open_raw(json.dumps(again).encode(), NOW)
    assert one.provider_id == two.provider_id == "4242:5:0"
    assert one.ref == "4242:5"
    assert one.conversation == Address("telegram", BOT, "4242").key


def test_a_message_says_who_wrote_and_leaves_the_language_to_the_words() -> None:
    read = message(text="Un trou")
    assert (read.sender, read.sender_name, read.language) == ("4242", "Anne Le Gall", None)
    assert read.sent_at == datetime.fromtimestamp(1795341600, UTC)
    assert (read.ref, read.text_shown) == ("4242:5", "Un trou")


def test_the_largest_size_of_a_photo_comes_with_its_caption_and_album() -> None:
    sizes = [{"file_id": "s", "width": 9, "height": 9}, {"file_id": "l", "width": 90, "height": 9}]
    read = message(photo=sizes, caption="Voilà", media_group_id="g1")
    assert [file.ref for file in read.attachments] == ["l"]
    assert (read.text, read.album) == ("Voilà", "g1")


def test_a_voice_message_and_a_hostile_file_name_are_kept() -> None:
    assert message(voice={"file_id": "v"}).attachments[0].media_type == "audio/ogg"
    hostile = {"file_id": "d", "file_name": "../../etc\u202efdp.exe", "mime_type": "text/plain"}
    name = message(document=hostile).attachments[0].name
    assert "/" not in name
    assert "\u202e" not in name


def test_places_are_read() -> None:
    pin = {"latitude": 47.2, "longitude": -1.5, "horizontal_accuracy": 12}
    assert message(location=pin).location == Location(47.2, -1.5, 12)
    venue = {"location": pin, "title": "École Jules-Ferry", "address": "3 rue X"}
    read = message(venue=venue, location=pin)
    assert read.text == "École Jules-Ferry, 3 rue X"
    assert read.location == Location(47.2, -1.5, 12)


def test_only_one_s_own_telephone_number_counts() -> None:
    own = {"phone_number": "+33611111111", "first_name": "A", "user_id": ANNE}
    assert "+33611111111" in message(contact=own).text
    assert isinstance(read(update(contact=own | {"user_id": 7})), Ignored)


def test_an_answer_names_the_message_that_it_answers() -> None:
    assert message(text="Oui", reply_to_message={"message_id": 3}).thread.refs[0] == "4242:3"


def test_an_edit_is_a_correction() -> None:
    edited = {"update_id": 2, "edited_message": update(text="Deux", edit_date=9)["message"]}
    event = read(edited)
    assert isinstance(event, MessageEdited)
    assert (event.edited_ref, event.message.provider_id) == ("4242:5", "4242:5:9")


@pytest.mark.parametrize(
    ("text", "payload"),
    [("/start", ""), ("/start qr-42", "qr-42"), ("/help", ""), (f"/start@{BOT}", "")],
)
def test_help_is_asked_by_command(text: str, payload: str) -> None:
    event = read(update(text=text))
    assert isinstance(event, HelpAsked)
    assert event.payload == payload


def test_words_after_start_are_a_message() -> None:
    assert message(text="/start Un trou devant l'école").text_shown == "Un trou devant l'école"


def test_a_block_is_told_and_its_end_is_nothing() -> None:
    change = {"chat": {"id": ANNE}, "new_chat_member": {"status": "kicked"}}
    assert read({"update_id": 3, "my_chat_member": change}) == Blocked(
        Address("telegram", BOT, "4242")
    )
    change["new_chat_member"] = {"status": "member"}
    assert isinstance(read({"update_id": 3, "my_chat_member": change}), Ignored)


def test_a_button_is_a_message_with_its_data() -> None:
    query = {
        "id": "q",
        "from": {"id": ANNE},
        "data": "oui",
        "message": {"message_id": 8, "chat": {"id": ANNE}},
    }
    event = read({"update_id": 3, "callback_query": query})
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.thread.refs) == ("oui", ("4242:8",))


def test_in_groups_the_bot_listens_only_when_named() -> None:
    group = {"id": -77, "type": "group", "title": "Voisins"}
    assert isinstance(read(update(chat=group, text="Salut")), Ignored)
    named = message(chat=group, text=f"@{BOT} la lampe est cassée")
    assert (named.text_shown, named.public, named.sender) == ("la lampe est cassée", True, "4242")
    assert named.address.value == "-77"
    answer = {"message_id": 3, "from": {"username": BOT}}
    assert message(chat=group, text="oui", reply_to_message=answer).text == "oui"


@pytest.mark.parametrize(
    "content", [{"sticker": {"file_id": "x"}}, {"dice": {}}, {"new_chat_title": "x"}, {}]
)
def test_what_says_nothing_is_ignored(content: dict[str, Any]) -> None:
    assert isinstance(read(update(**content)), Ignored)


@pytest.mark.parametrize(
    "data",
    [
        [],
        7,
        {},
        {"update_id": "1"},
        {"update_id": 1, "message": {"message_id": 3}},
        {"update_id": 1, "message": 5},
        update(text=["x"]),
        update(photo="x"),
        update(**{"from": 5}),
        update(location={"latitude": 1, "longitude": 2}, voice=3),
    ],
)
def test_a_malformed_update_is_kept_and_not_read(data: object) -> None:
    [envelope] = CHANNEL.open_raw(json.dumps(data).encode(), NOW)
    with pytest.raises(UnreadablePayload):
        CHANNEL.receive(envelope)


def test_no_json_and_the_answer_of_get_updates_are_opened() -> None:
    assert CHANNEL.open_raw(b"\xff{", NOW)[0].note
    both = {"ok": True, "result": [update(text="a"), 3]}
    good, bad = CHANNEL.open_raw(json.dumps(both).encode(), NOW)
    assert (good.note, bool(bad.note)) == ("", True)


def test_what_is_composed_is_what_telegram_would_send() -> None:
    envelope = CHANNEL.compose(
        Stated(
            sender="anne",
            text="Un arbre",
            at=NOW,
            location=Location(47.0, -1.0),
            attachments=("a.jpg",),
        )
    )
    [event] = CHANNEL.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert event.message.text == "Un arbre"
    assert event.message.attachments[0].name == "a.jpg"
    assert event.message.location == Location(47.0, -1.0)


# --- polling -------------------------------------------------------------------------------------


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[Telegram]:
    channel = Telegram(
        TelegramSettings(
            token=SecretStr(telegram.token),
            base_url=telegram.base_url,
            base_file_url=telegram.base_file_url,
            poll_s=0,
            deadline_s=0.5,
        ),
        BOT,
    )
    yield channel
    await channel.close()


def now() -> datetime:
    return NOW


async def test_updates_come_again_until_the_cursor_has_moved(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    await telegram.citizen_sends(ANNE, "Un trou")
    first = await channel.pull("", now)
    again = await channel.pull("", now)
    assert [e.provider_id for e in first.envelopes] == [e.provider_id for e in again.envelopes]
    after = await channel.pull(first.cursor, now)
    assert (after.envelopes, after.cursor) == ((), first.cursor)


@pytest.mark.parametrize(("minutes", "heard"), [(-1, 0), (0, 0), (1, 1)])
async def test_a_cursor_of_more_than_six_days_hides_nothing(
    telegram: TelegramSimulator, channel: Telegram, minutes: int, heard: int
) -> None:
    await telegram.citizen_sends(ANNE, "Un trou")
    at = NOW - timedelta(days=6, minutes=minutes)
    pulled = await channel.pull(json.dumps({"offset": 2**40, "at": at.isoformat()}), now)
    assert len(pulled.envelopes) == heard


@pytest.mark.parametrize("fault", ["429", "5xx"])
async def test_a_provider_in_trouble_is_a_connection_error(
    telegram: TelegramSimulator, channel: Telegram, fault: str
) -> None:
    telegram.faults.push(fault, on="poll")
    with pytest.raises(ConnectionError):
        await channel.pull("", now)


async def test_a_pressed_button_stops_waiting_when_it_is_durable(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    message_id = await telegram.citizen_sends(ANNE, "Un trou")
    query = await telegram.press(ANNE, message_id, "oui")
    pulled = await channel.pull("", now)
    assert telegram.answered(query) is None
    await channel.settle(pulled)
    assert telegram.answered(query) == ""


async def test_a_photo_is_fetched_up_to_the_limit(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    await telegram.citizen_sends(ANNE, "Voilà", photo=b"\xff\xd8photo")
    [envelope] = (await channel.pull("", now)).envelopes
    [event] = channel.receive(envelope)
    assert isinstance(event, MessageReceived)
    [photo] = event.message.attachments
    assert await channel.fetch_media(envelope, photo, 100) == b"\xff\xd8photo"
    for spoilt in (replace(photo, ref="gone"), replace(photo, size=30_000_000)):
        with pytest.raises(InvalidInput):
            await channel.fetch_media(envelope, spoilt, 100)
    with pytest.raises(InvalidInput):
        await channel.fetch_media(envelope, replace(photo, size=None), 3)


# --- sending -------------------------------------------------------------------------------------


async def test_a_reply_hangs_under_the_message_that_it_answers(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    asked = await telegram.citizen_sends(ANNE, "Un trou")
    [part] = channel.render(delivery(refs=(f"{ANNE}:{asked}",)))
    outcome = await channel.send(part, "i")
    [received] = telegram.received(ANNE)
    assert outcome == Sent((f"{ANNE}:{received.message_id}",))
    assert (received.text, received.reply_to) == ("C'est noté.", asked)


async def test_a_reply_to_a_message_that_is_gone_leaves_all_the_same(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    await telegram.citizen_sends(ANNE, "Un trou")
    [part] = channel.render(delivery(refs=(f"{ANNE}:999",)))
    assert isinstance(await channel.send(part, "i"), Sent)


async def test_trouble_says_what_to_do(telegram: TelegramSimulator, channel: Telegram) -> None:
    await telegram.citizen_sends(ANNE, "Un trou")
    [part] = channel.render(delivery())
    telegram.faults.push("429", retry_after=7)
    assert await channel.send(part, "i") == Retry("too many requests", 7.0, throttled=True)
    telegram.faults.push("5xx")
    assert isinstance(await channel.send(part, "i"), Retry)
    telegram.faults.push("cut-after-accept")
    assert isinstance(await channel.send(part, "i"), Unknown)
    telegram.faults.push("hang")
    assert isinstance(await channel.send(part, "i"), Unknown)
    await telegram.block(ANNE)
    blocked = await channel.send(part, "i")
    assert isinstance(blocked, Permanent)
    assert blocked.code == "blocked"


async def test_an_unknown_chat_is_permanent(channel: Telegram) -> None:
    for value in ("999", "nobody"):
        address = Address("telegram", BOT, value)
        [part] = channel.render(delivery(address=address))
        assert isinstance(await channel.send(part, "i"), Permanent)


async def test_a_group_that_moved_is_followed(
    telegram: TelegramSimulator, channel: Telegram
) -> None:
    await telegram.citizen_sends(-77, "Salut", user_id=ANNE)
    telegram.migrate(-77, -1000000000077)
    [part] = channel.render(delivery(address=Address("telegram", BOT, "-77")))
    assert isinstance(await channel.send(part, "i"), Sent)
    assert len(telegram.received(-1000000000077)) == 1


async def test_a_server_that_is_not_there_has_sent_nothing() -> None:
    settings = TelegramSettings(token=SecretStr("1:x"), base_url="http://127.0.0.1:9/bot")
    lost = Telegram(settings, BOT)
    assert isinstance(await lost.send(lost.render(delivery())[0], "i"), Retry)
    assert not (await lost.health()).ok
    await lost.close()


async def test_the_token_is_in_no_log(
    telegram: TelegramSimulator, channel: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert (await channel.health()).ok
        telegram.faults.push("5xx")
        await channel.send(channel.render(delivery())[0], "i")
    assert "httpx" in {record.name for record in caplog.records}
    assert telegram.token not in caplog.text


def test_a_text_of_4097_units_is_two_and_no_emoji_is_cut() -> None:
    parts = CHANNEL.render(delivery("a" + "👨‍👩‍👧" * 512))
    assert len(parts) == 2
    assert all(utf16_units(part.text) <= 4096 for part in parts)
    assert "".join(part.text for part in parts) == "a" + "👨‍👩‍👧" * 512
    assert not parts[1].text.startswith("\u200d")


@pytest.mark.parametrize("word", ["/stop", "/arret", f"/stop@{BOT}"])
def test_a_person_may_opt_out_by_command(word: str) -> None:
    event = read(update(text=word))
    assert isinstance(event, OptedOutOf)
    assert (event.back_in, event.confirmed) == (False, False)
    assert isinstance(read(update(text="/stop le bruit rue Scribe")), MessageReceived)


def test_start_ends_an_opt_out() -> None:
    event = read(update(text="/start"))
    assert isinstance(event, HelpAsked)
    assert event.back_in
