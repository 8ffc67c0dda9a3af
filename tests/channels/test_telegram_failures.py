"""Each trouble that Telegram is known for, on the whole way from chat to chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from telegram_town import ANNE, BOB, BOT, GROUP, SECRET, TelegramTown, telegram_town
from town import TownRules

from channels.graphemes import utf16_units
from demo.telegram import TelegramMessage
from router.archive import Action
from router.decision import Decision, Facts, Urgency
from router.delivery import DeliveryState
from router.errors import InvalidInput, StoreUnavailable
from router.message import Attachment, Location
from router.polling import LEASE_S
from router.tracking import printed
from router.worked import Worked
from storage.engine import open_store

HOLE = "Un lampadaire cassé"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[TelegramTown]:
    async with telegram_town(tmp_path) as town:
        yield town


async def cases(town: TelegramTown) -> set[int]:
    return {line.case_id for line in await town.store.journal() if line.case_id is not None}


# --- what comes twice, late or in the wrong order -------------------------------------------------


async def test_re_delivery_is_one_case_and_one_receipt(town: TelegramTown) -> None:
    await town.hear(ANNE, HOLE)
    town.telegram.faults.push("redeliver")
    await town.telegram.citizen_sends(BOB, HOLE)
    await town.poll()
    await town.route()
    await town.send()
    assert len(await cases(town)) == 2
    assert (len(town.texts(ANNE)), len(town.texts(BOB))) == (1, 1)


async def test_an_edit_before_its_message_is_one_case(town: TelegramTown) -> None:
    message = await town.telegram.citizen_sends(ANNE, HOLE)
    await town.telegram.edit(ANNE, message, "Deux lampadaires cassés")
    town.telegram.faults.push("reorder")
    worked = await town.heard()
    assert len(await cases(town)) == 1
    case = await town.case_now(worked)
    assert "Deux lampadaires cassés" in case.text
    assert HOLE in " ".join([case.text, *await town.lines(worked)])


async def test_an_edit_is_appended_and_overwrites_nothing(town: TelegramTown) -> None:
    message = await town.telegram.citizen_sends(ANNE, HOLE)
    first = await town.heard()
    await town.telegram.edit(ANNE, message, "Deux lampadaires cassés")
    edited = await town.heard()
    assert edited.case is not None
    assert first.case is not None
    assert edited.case.id == first.case.id
    text = (await town.case_now(first)).text
    assert HOLE in text
    assert "Deux lampadaires cassés" in text


async def test_a_message_and_its_edit_read_at_once_are_one_case(town: TelegramTown) -> None:
    message = await town.telegram.citizen_sends(ANNE, HOLE)
    await town.telegram.edit(ANNE, message, "Deux lampadaires cassés")
    await town.heard()
    assert len(await cases(town)) == 1


async def test_a_crash_after_the_commit_and_before_the_offset_doubles_nothing(
    town: TelegramTown,
) -> None:
    await town.telegram.citizen_sends(ANNE, HOLE)
    await town.poll()  # committed; Telegram hears of the offset with the next question only
    assert len(town.telegram._updates.waiting) == 1
    await town.bot.close()
    town.connect()
    await town.poll()
    assert town.telegram._updates.waiting == []
    await town.route()
    assert len(await cases(town)) == 1


async def test_a_crash_before_the_commit_loses_nothing(town: TelegramTown) -> None:
    await town.telegram.citizen_sends(ANNE, HOLE)
    await town.bot.pull("", town.clock.now)  # and dies
    await town.bot.close()
    town.connect()
    await town.poll()
    await town.route()
    assert len(await cases(town)) == 1


async def test_after_a_quiet_week_nothing_is_hidden_behind_the_old_offset(
    town: TelegramTown,
) -> None:
    await town.hear(ANNE, HOLE)
    town.clock.pass_(days=7)
    town.telegram._ledger.data["next_update"] = 5  # Telegram numbers anew
    worked = await town.hear(BOB, HOLE)
    assert worked.case is not None


async def test_an_album_is_one_case_also_when_a_part_is_late(town: TelegramTown) -> None:
    for place in range(3):
        caption = HOLE if place == 0 else None
        await town.telegram.citizen_sends(ANNE, caption, photo=b"\xff\xd8", album="a1")
    await town.heard()
    await town.telegram.citizen_sends(ANNE, None, photo=b"\xff\xd8", album="a1")
    town.clock.pass_(seconds=2)
    late = await town.heard()
    assert len(await cases(town)) == 1
    assert (await town.case_now(late)).attachments == 4
    await town.send()
    assert len(town.texts()) == 1


async def test_a_part_of_an_album_that_comes_after_another_request_joins_its_own_case(
    town: TelegramTown,
) -> None:
    await town.telegram.citizen_sends(ANNE, HOLE, photo=b"\xff\xd8", album="a1")
    first = await town.heard()
    other = await town.hear(ANNE, "Et une poubelle renversée rue Scribe")
    await town.telegram.citizen_sends(ANNE, None, photo=b"\xff\xd8", album="a1")
    late = await town.heard()
    assert first.case is not None
    assert other.case is not None
    assert late.case is not None
    assert first.case.id != other.case.id
    assert late.case.id == first.case.id


# --- sending --------------------------------------------------------------------------------------


async def test_429_then_a_restart_waits_all_the_same_and_sends_once(town: TelegramTown) -> None:
    await town.hear(ANNE, HOLE)
    town.telegram.faults.push("429", retry_after=40)
    await town.courier.run_once()
    await town.bot.close()
    town.connect()
    assert await town.courier.run_once() == 0
    town.clock.pass_(seconds=39)
    assert await town.courier.run_once() == 0
    assert town.texts() == []
    town.clock.pass_(seconds=10)
    await town.send()
    assert len(town.texts()) == 1


async def test_blocked_is_final_and_shown_and_ends_when_the_person_writes(
    town: TelegramTown,
) -> None:
    worked = await town.hear(ANNE, HOLE)
    await town.telegram.block(ANNE)
    await town.send()
    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DEAD, 1)
    assert any("blocked" in line for line in await town.lines(worked))
    await town.heard()
    await town.telegram.block(ANNE, blocked=False)
    await town.hear(ANNE, "Une poubelle pleine")
    await town.send()
    assert len(town.texts()) == 1


async def test_a_group_that_migrated_is_answered_where_it_went(town: TelegramTown) -> None:
    await town.hear(GROUP, f"@{BOT} {HOLE}", user_id=ANNE)
    town.telegram.migrate(GROUP, -1001234567890)
    await town.send()
    assert town.texts(GROUP) == []
    assert len(town.texts(-1001234567890)) == 1


@pytest.mark.parametrize("text", ["a" * 4095 + "😀", "😀" * 2048 + "a", "a" * 4097])
async def test_4097_units_with_an_astral_emoji_arrive_whole_in_two_messages(
    town: TelegramTown, text: str
) -> None:
    assert utf16_units(text) == 4097
    await town.hear(ANNE, HOLE)
    [waiting] = await town.deliveries()
    for part in town.bot.render(replace(waiting, text=text)):
        await town.bot.send(part, "i")
    assert len(town.texts()) == 2
    assert "".join(town.texts()) == text


async def test_a_bot_that_hangs_is_given_up_and_the_other_chats_flow(town: TelegramTown) -> None:
    await town.bot.close()
    town.connect(deadline_s=0.3)
    await town.hear(ANNE, HOLE)
    await town.hear(BOB, HOLE)
    town.telegram.faults.push("hang")
    await town.courier.run_once()
    assert sorted([len(town.texts(ANNE)), len(town.texts(BOB))]) == [0, 1]
    town.clock.pass_(minutes=30)
    await town.send()
    assert (len(town.texts(ANNE)), len(town.texts(BOB))) == (1, 1)


async def test_sigterm_in_mid_send_leaves_the_answer_to_the_next_process(
    town: TelegramTown,
) -> None:
    await town.hear(ANNE, HOLE)
    town.telegram.faults.push("hang")
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(town.courier.run_once())
        while len(town.telegram.faults):  # noqa: ASYNC110 -- until the provider hangs; it rings no bell
            await asyncio.sleep(0.01)
        sending.cancel()  # what a server that stops does with a send that does not end
    await town.bot.close()
    [found] = await town.deliveries()
    assert found.state is DeliveryState.SENDING
    town.connect()
    town.clock.pass_(minutes=5)
    await town.send()
    assert len(town.texts()) == 1


# --- what is not what it seems --------------------------------------------------------------------


async def test_somebody_else_s_contact_is_not_taken_for_the_sender_s(town: TelegramTown) -> None:
    worked = await town.hear(ANNE, None, contact=("+33611111111", BOB))
    assert (worked.action, worked.case) == (Action.IGNORE, None)
    own = await town.hear(ANNE, None, contact=("+33622222222", ANNE))
    assert own.message is not None
    assert "+33622222222" in own.message.text


async def posted(town: TelegramTown, secret: str | None, body: bytes = b"") -> int:
    text = '{"update_id": 9, "message": {"message_id": 3, "chat": {"id": 4242}, "text": "Un trou"}}'
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{town.http.url}/webhooks/telegram/{BOT}",
            content=body or text.encode(),
            headers=headers,
        )
    return answer.status_code


@pytest.mark.parametrize("secret", [None, "", "x", SECRET[:-1], SECRET.upper()])
async def test_a_wrong_secret_is_refused_and_nothing_is_stored(
    tmp_path: Path, secret: str | None
) -> None:
    async with telegram_town(tmp_path, webhook_secret=SECRET) as town:
        assert await posted(town, secret) == 403
        assert await town.store.pending() == 0
        assert await posted(town, SECRET) == 200
        assert await town.store.pending() == 1


async def test_a_forged_payload_without_the_secret_reaches_nobody(tmp_path: Path) -> None:
    async with telegram_town(tmp_path) as town:  # a polled bot: there is no secret at all
        assert await posted(town, "") == 403
        assert await posted(town, SECRET) == 403
        assert await town.store.journal() == []


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"message_id": 7}},
        {"message": {"message_id": 7, "chat": {"id": ANNE}, "text": {"a": 1}}},
        {"edited_message": {"chat": {"id": "x"}}},
        {"callback_query": {"id": "q", "data": "oui"}},
    ],
)
@pytest.mark.parametrize("by_webhook", [False, True], ids=["polled", "webhook"])
async def test_a_malformed_update_is_kept_for_an_agent_and_the_next_is_served(
    tmp_path: Path, update: dict[str, Any], by_webhook: bool
) -> None:
    settings = {"webhook_secret": SECRET} if by_webhook else {}
    async with telegram_town(tmp_path, **settings) as town:
        if by_webhook:
            url = f"{town.http.url}/webhooks/telegram/{BOT}"
            town.telegram._updates.set_webhook({"url": url, "secret_token": SECRET})
        town.telegram._updates.add(*next(iter(update.items())))
        await town.telegram.citizen_sends(BOB, HOLE)
        if by_webhook:
            await town.telegram.until(lambda: not town.telegram._updates.waiting)
        else:
            await town.poll()
        await town.route()
        actions = [line.action for line in await town.store.journal()]
        assert Action.QUARANTINE in actions
        assert len(await cases(town)) == 1


async def test_of_two_pollers_one_polls_and_the_other_waits_for_the_lease(
    town: TelegramTown, tmp_path: Path
) -> None:
    other = open_store(tmp_path, ids=town.ids)
    await other.open()
    waiting = replace(town.poller, leases=other, intake=other)
    await town.telegram.citizen_sends(ANNE, HOLE)
    ours = await town.poller._hold(None, sure=False)
    assert ours is not None
    assert await waiting._hold(None, sure=False) is None
    town.clock.pass_(seconds=LEASE_S + 1)  # the first was killed, or sleeps
    theirs = await waiting._hold(None, sure=False)
    assert theirs is not None
    await waiting._poll(theirs)
    with pytest.raises(StoreUnavailable):
        await town.poller._poll(ours)  # and wakes: what it read is not written twice
    assert len(await town.store.journal()) == 1
    await other.close()


async def stranger(town: TelegramTown) -> None:
    while not town.telegram._updates._poller:  # noqa: ASYNC110 -- until our question has come
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient() as http:
        await http.get(f"{town.telegram.base_url}{town.telegram.token}/getUpdates?timeout=0")


async def test_a_stranger_who_polls_the_same_bot_is_told_and_waited_out(
    town: TelegramTown,
) -> None:
    await town.bot.close()
    town.connect(poll_s=5)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stranger(town))
        with pytest.raises(ConnectionError, match="Conflict"):
            await town.bot.pull("", town.clock.now)
    await town.telegram.citizen_sends(ANNE, HOLE)
    assert (await town.heard()).case is not None


async def test_location_only_is_a_request_with_a_place(town: TelegramTown) -> None:
    worked = await town.hear(ANNE, None, location=(47.2184, -1.5536), accuracy=12.0)
    assert worked.message is not None
    assert worked.message.location == Location(47.2184, -1.5536, 12.0)
    assert worked.case is not None


# --- robots ---------------------------------------------------------------------------------------


async def test_two_routers_facing_each_other_stop_after_one_answer(town: TelegramTown) -> None:
    said: str = HOLE
    for _ in range(6):
        worked = await town.hear(ANNE, said)
        said = worked.reply.text if worked.reply else said
        town.clock.pass_(seconds=20)
    await town.send()
    assert len(town.texts()) == 1


async def test_another_bot_is_kept_and_never_answered(town: TelegramTown) -> None:
    message = await town.telegram.citizen_sends(ANNE, HOLE)
    town.telegram.book.message(ANNE, message)["from"]["is_bot"] = True
    worked = await town.heard()
    assert (worked.action, worked.case) == (Action.IGNORE, None)
    assert await town.deliveries() == []


# --- by webhook -----------------------------------------------------------------------------------


async def test_a_bot_that_is_called_by_webhook_is_not_polled_and_its_buttons_stop_waiting(
    tmp_path: Path,
) -> None:
    async with telegram_town(tmp_path, webhook_secret=SECRET) as town:
        url = f"{town.http.url}/webhooks/telegram/{BOT}"
        town.telegram._updates.set_webhook({"url": url, "secret_token": SECRET})
        await town.telegram.citizen_sends(ANNE, HOLE)
        await town.telegram.until(lambda: not town.telegram._updates.waiting)
        await town.route()
        await town.send()
        [receipt] = town.telegram.received(ANNE)
        query = await town.telegram.press(ANNE, receipt.message_id, "oui")
        await town.telegram.until(lambda: not town.telegram._updates.waiting)
        await town.poll()  # where Telegram would say: webhook is active
        assert town.telegram.answered(query) == ""
        assert (await town.bot.health()).ok


async def test_doctor_says_when_bot_and_webhook_do_not_fit(tmp_path: Path) -> None:
    async with telegram_town(tmp_path) as town:
        town.telegram._updates.set_webhook({"url": "https://g.example/x", "secret_token": SECRET})
        assert "deleteWebhook" in (await town.bot.health()).sentence
    async with telegram_town(tmp_path / "b", webhook_secret=SECRET) as town:
        health = await town.bot.health()
        assert not health.ok
        assert "setWebhook" in health.sentence


# --- what is heard, and links to the bot ----------------------------------------------------------


async def test_a_voice_message_is_a_case_that_an_agent_has_to_listen_to(
    town: TelegramTown,
) -> None:
    worked = await town.hear(ANNE, None, voice=b"OggS")
    case = await town.case_now(worked)
    assert "a-ecouter" in case.labels
    assert [file.media_type for file in case.files] == ["audio/ogg"]
    assert any("À écouter" in line for line in await town.lines(worked))


async def test_a_voice_message_on_a_known_case_is_heard_too(town: TelegramTown) -> None:
    await town.hear(ANNE, HOLE)
    more = await town.hear(ANNE, None, voice=b"OggS")
    case = await town.case_now(more)
    assert ("a-ecouter" in case.labels, case.text) == (True, HOLE)


async def test_a_link_to_the_bot_that_names_a_case_joins_it_as_a_third_party(
    town: TelegramTown,
) -> None:
    worked = await town.hear(ANNE, HOLE)
    assert worked.case is not None
    joined = await town.hear(BOB, f"/start {printed(worked.case.number)}")
    assert joined.case is not None
    assert joined.case.id == worked.case.id
    assert joined.reply is not None
    assert HOLE not in joined.reply.text


# --- too large ------------------------------------------------------------------------------------


async def test_a_file_of_more_than_20_mb_is_answered_politely_with_where_to_leave_a_photo(
    town: TelegramTown,
) -> None:
    message = await town.telegram.citizen_sends(ANNE, HOLE, photo=b"\xff\xd8")
    sizes = town.telegram.book.message(ANNE, message)["photo"]
    for size in sizes:
        size["file_size"] = 25_000_000
    worked = await town.heard()
    await town.send()
    assert worked.case is not None
    [answer] = town.texts()[-1:]
    assert "trop grand" in answer
    assert f"https://g.example/suivi/{printed(worked.case.number)}" in answer
    [file] = (await town.case_now(worked)).files
    assert file.name.startswith("pièce trop grande (25 Mo)")
    [envelope] = [await town.store.envelope(file.inbound)]
    assert envelope is not None
    with pytest.raises(InvalidInput, match="larger"):
        await town.bot.fetch_media(
            envelope, Attachment(file.name, file.media_type, file.size, file.ref), 10**9
        )


async def test_a_small_file_is_not_complained_of(town: TelegramTown) -> None:
    await town.hear(ANNE, HOLE, photo=b"\xff\xd8")
    await town.send()
    assert "trop grand" not in town.texts()[-1]


# --- buttons --------------------------------------------------------------------------------------


class Asking(TownRules):
    """Asks whether it is urgent, then how much it annoys, each once."""

    def decide(self, facts: Facts, reading: object = None) -> Decision:
        plain = super().decide(facts, reading)
        open_ = [fact for fact in ("urgence", "desordre") if fact not in facts.asked]
        return replace(plain, questions=tuple(open_[:1]), no_rule=False)


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[TelegramTown]:
    async with telegram_town(tmp_path) as town:
        town.rules = Asking()
        yield town


async def asked(town: TelegramTown) -> TelegramMessage:
    """Have a hole told, and give the question that came back."""
    await town.hear(ANNE, HOLE)
    await town.send()
    return town.telegram.received(ANNE)[-1]


async def pressed(town: TelegramTown, question: TelegramMessage, data: str) -> Worked:
    await town.telegram.press(ANNE, question.message_id, data)
    return await town.heard()


async def test_a_question_with_few_answers_has_buttons_and_a_press_answers_it(
    asking: TelegramTown,
) -> None:
    question = await asked(asking)
    assert question.buttons == (("Oui", "urgence:Oui"), ("Non", "urgence:Non"))
    worked = await pressed(asking, question, "urgence:Oui")
    case = await asking.case_now(worked)
    assert case.stated_urgency is Urgency.HIGH
    assert case.asked == "desordre"
    assert asking.telegram.received(ANNE)[-1].buttons == ()  # what was pressed is gone
    await asking.send()
    scale = asking.telegram.received(ANNE)[-1]
    assert [text for text, _ in scale.buttons] == [str(n) for n in range(1, 11)]
    last = await pressed(asking, scale, "desordre:7")
    assert (await asking.case_now(last)).annoyance == 7


async def test_a_double_press_counts_once(asking: TelegramTown) -> None:
    question = await asked(asking)
    for _ in range(3):
        await asking.telegram.press(ANNE, question.message_id, "urgence:Oui")
    worked = await asking.heard()
    await asking.send()
    assert sum(line.action is Action.APPEND for line in await asking.store.journal()) == 1
    assert len(asking.texts()) == 2  # a receipt and one next question
    assert len(await cases(asking)) == 1
    assert worked.case is not None


async def test_a_stale_button_changes_nothing_and_reopens_nothing(asking: TelegramTown) -> None:
    question = await asked(asking)
    worked = await pressed(asking, question, "urgence:Oui")
    stale = await pressed(asking, question, "urgence:Non")
    assert (stale.action, stale.reply) == (Action.IGNORE, None)
    case = await asking.case_now(worked)
    assert (case.stated_urgency, case.asked) == (Urgency.HIGH, "desordre")
    assert any("question close" in line for line in await asking.lines(worked))


@pytest.mark.parametrize("data", ["urgence:Oui", "x:y", "oui", "a:" + "é" * 29])
async def test_a_button_that_we_never_offered_opens_nothing_of_somebody_else_s(
    asking: TelegramTown, data: str
) -> None:
    worked = await asking.hear(BOB, HOLE)
    before = await asking.case_now(worked)
    await asking.hear(ANNE, "bonjour")
    query = {"id": "q1", "from": {"id": ANNE, "is_bot": False, "first_name": "A"}, "data": data}
    under = {"message_id": 999, "chat": {"id": ANNE, "type": "private"}}
    asking.telegram._updates.add("callback_query", query | {"message": under})
    await asking.heard()
    assert (await asking.case_now(worked)).version == before.version


# --- the words that our own texts invite to ---------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", "stop", "Arrêt", " stop. "])
async def test_who_answers_stop_as_our_texts_say_is_written_to_no_more_until_start(
    town: TelegramTown, word: str
) -> None:
    await town.hear(ANNE, HOLE)
    stopped = await town.hear(ANNE, word)
    assert stopped.action is Action.OPT_OUT
    assert (await town.hear(ANNE, "une poubelle pleine")).reply is None
    await town.hear(ANNE, "START")
    assert (await town.hear(ANNE, "une poubelle renversée rue Scribe")).reply is not None


async def test_stop_in_a_sentence_is_a_message(town: TelegramTown) -> None:
    assert (await town.hear(ANNE, "Stop au bruit, un lampadaire grésille")).case is not None
