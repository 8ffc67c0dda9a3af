"""The Telegram simulator, driven by python-telegram-bot."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from demo.server import LoopbackServer
from demo.telegram import TelegramSimulator

ANNE = 4242


@asynccontextmanager
async def vendor_bot(simulator: TelegramSimulator, token: str = "") -> AsyncIterator[Bot]:
    bot = Bot(
        token or simulator.token,
        base_url=simulator.base_url,
        base_file_url=simulator.base_file_url,
    )
    async with bot:
        yield bot


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def bot(telegram: TelegramSimulator) -> AsyncIterator[Bot]:
    async with vendor_bot(telegram) as bot:
        yield bot


async def test_a_message_goes_both_ways(telegram: TelegramSimulator, bot: Bot) -> None:
    assert bot.username == "GuichetNantesBot"
    asked = await telegram.citizen_sends(ANNE, "Le réverbère est éteint", name="Anne Le Gall")
    [update] = await bot.get_updates(timeout=5)
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.from_user.full_name == "Anne Le Gall"
    assert (update.message.message_id, update.message.text) == (asked, "Le réverbère est éteint")
    await bot.send_chat_action(ANNE, "typing")
    sent = await bot.send_message(ANNE, "C’est noté.", reply_parameters=ReplyParameters(asked))
    assert sent.reply_to_message is not None
    [seen] = telegram.received(ANNE)
    assert (seen.text, seen.reply_to) == ("C’est noté.", asked)
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_a_long_poll_wakes_at_once(telegram: TelegramSimulator, bot: Bot) -> None:
    async with asyncio.TaskGroup() as group:
        polling = group.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.05)
        before = time.monotonic()
        await telegram.citizen_sends(ANNE, "Bonjour")
    assert len(polling.result()) == 1
    assert time.monotonic() - before < 1


async def test_the_older_of_two_pollers_is_refused(telegram: TelegramSimulator, bot: Bot) -> None:
    async def refused() -> None:
        with pytest.raises(Conflict):
            await bot.get_updates(timeout=20)

    async with vendor_bot(telegram) as second, asyncio.TaskGroup() as group:
        group.create_task(refused())
        await asyncio.sleep(0.05)
        assert await second.get_updates(timeout=0) == ()


async def test_what_is_not_confirmed_comes_again(telegram: TelegramSimulator, bot: Bot) -> None:
    for text in "abc":
        await telegram.citizen_sends(ANNE, text)
    first = await bot.get_updates(limit=2)
    assert [u.update_id for u in await bot.get_updates(limit=2)] == [u.update_id for u in first]
    telegram.faults.push("redeliver")
    again = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [u.message.text for u in again if u.message] == ["a", "b", "c"]
    telegram.faults.push("reorder")
    await telegram.citizen_sends(ANNE, "d")
    assert [u.message.text for u in await bot.get_updates() if u.message] == ["d", "c"]
    assert [u.message.text for u in await bot.get_updates(offset=-1) if u.message] == ["d"]


async def test_pins_photos_voices_contacts_albums_and_edits_have_their_shapes(
    telegram: TelegramSimulator, bot: Bot
) -> None:
    await telegram.citizen_sends(ANNE, location=(47.218, -1.553), accuracy=12)
    photo = await telegram.citizen_sends(ANNE, "Voyez", photo=b"\xff\xd8jpeg", album="A1")
    await telegram.citizen_sends(ANNE, voice=b"OggS")
    await telegram.citizen_sends(ANNE, contact=("+33612345678", ANNE))
    await telegram.citizen_sends(ANNE, "/start nantes", reply_to=photo)
    await telegram.edit(ANNE, photo, "Voyez bien")
    place, picture, voice, contact, start, edited = await bot.get_updates()
    assert place.message is not None
    assert place.message.location is not None
    assert place.message.location.horizontal_accuracy == 12
    assert picture.message is not None
    assert (picture.message.caption, picture.message.media_group_id) == ("Voyez", "A1")
    file = await bot.get_file(picture.message.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"\xff\xd8jpeg"
    assert voice.message is not None
    assert voice.message.voice is not None
    assert contact.message is not None
    assert contact.message.contact is not None
    assert contact.message.contact.user_id == ANNE
    assert start.message is not None
    assert start.message.reply_to_message is not None
    assert start.message.parse_entities() == {start.message.entities[0]: "/start"}
    assert edited.edited_message is not None
    assert edited.edited_message.caption == "Voyez bien"
    assert edited.edited_message.edit_date is not None


async def test_buttons_are_pressed_and_answered(telegram: TelegramSimulator, bot: Bot) -> None:
    await telegram.citizen_sends(ANNE, "Bonjour")
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Nantes", callback_data="c:44109")]])
    question = await bot.send_message(ANNE, "Quelle commune ?", reply_markup=keys)
    assert telegram.received(ANNE)[0].buttons == (("Nantes", "c:44109"),)
    query = await telegram.press(ANNE, question.message_id, "c:44109")
    update = (await bot.get_updates(allowed_updates=["message", "callback_query"]))[-1]
    assert update.callback_query is not None
    assert update.callback_query.data == "c:44109"
    assert telegram.answered(query) is None
    await bot.answer_callback_query(update.callback_query.id, "Merci")
    await bot.edit_message_reply_markup(ANNE, question.message_id)
    assert telegram.answered(query) == "Merci"
    assert telegram.received(ANNE)[0].buttons == ()


async def test_the_bot_api_refuses_what_telegram_refuses(
    telegram: TelegramSimulator, bot: Bot
) -> None:
    with pytest.raises(BadRequest, match="not found"):
        await bot.send_message(1, "x")
    await telegram.citizen_sends(ANNE, "x")
    await bot.send_message(ANNE, "🕳" * 2048)
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(ANNE, "🕳" * 2048 + "x")
    with pytest.raises(BadRequest, match="empty"):
        await bot.send_message(ANNE, " ")
    await telegram.block(ANNE)
    with pytest.raises(Forbidden):
        await bot.send_message(ANNE, "x")
    blocked = (await bot.get_updates())[-1].my_chat_member
    assert blocked is not None
    assert blocked.new_chat_member.status == "kicked"
    await telegram.citizen_sends(-50, "@GuichetNantesBot un trou", user_id=ANNE)
    telegram.migrate(-50, -1000000000050)
    with pytest.raises(ChatMigrated):
        await bot.send_message(-50, "x")
    with pytest.raises(InvalidToken):
        async with vendor_bot(telegram, "1:wrong"):
            pass


@pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
async def test_faults_of_sending(telegram: TelegramSimulator, bot: Bot) -> None:
    await telegram.citizen_sends(ANNE, "x")
    telegram.faults.push("429", retry_after=3)
    telegram.faults.push("5xx")
    telegram.faults.push("cut-after-accept")
    telegram.faults.push("hang")
    with pytest.raises(RetryAfter):
        await bot.send_message(ANNE, "a")
    for text in "bc":
        with pytest.raises(NetworkError):
            await bot.send_message(ANNE, text)
    with pytest.raises(TimedOut):
        await bot.send_message(ANNE, "d", read_timeout=0.05)
    assert [message.text for message in telegram.received(ANNE)] == ["c"]


async def test_a_webhook_is_posted_with_its_secret_until_accepted(
    telegram: TelegramSimulator, bot: Bot
) -> None:
    posts: list[tuple[str | None, str]] = []
    answers = iter([503, 200, 200])
    done = asyncio.Event()

    async def take(request: Request) -> Response:
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        posts.append((secret, json.loads(await request.body())["message"]["text"]))
        if len(posts) == 3:
            done.set()
        return Response(status_code=next(answers))

    product = LoopbackServer([Route("/hook", take, methods=["POST"])])
    await product.start()
    await bot.set_webhook(f"{product.url}/hook", secret_token="s3cret")
    with pytest.raises(Conflict):
        await bot.get_updates()
    await telegram.citizen_sends(ANNE, "a")
    await telegram.citizen_sends(ANNE, "b")
    async with asyncio.timeout(5):
        await done.wait()
    assert posts == [("s3cret", "a"), ("s3cret", "a"), ("s3cret", "b")]
    await bot.delete_webhook()
    await product.stop()


async def test_a_killed_demo_resumes_with_what_was_not_yet_fetched(tmp_path: Path) -> None:
    async with TelegramSimulator(state_dir=tmp_path) as before:
        await before.citizen_sends(ANNE, "avant", photo=b"jpeg")
    async with TelegramSimulator(state_dir=tmp_path) as after, vendor_bot(after) as bot:
        [update] = await bot.get_updates()
        assert update.message is not None
        file = await bot.get_file(update.message.photo[0].file_id)
        assert bytes(await file.download_as_bytearray()) == b"jpeg"
        assert after.sent_by(ANNE) == ["avant"]
        await bot.send_message(ANNE, "après")
        assert len(await after.until_received(ANNE)) == 1
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(after.base_url)
