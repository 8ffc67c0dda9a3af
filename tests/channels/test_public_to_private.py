"""The way of a person from a mention or a group to private messages, on X and Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from telegram_town import ANNE, BOB, BOT, GROUP, TelegramTown, telegram_town
from town import Town, TownChannel
from x_town import XTown, x_town

from router.case import Case
from router.message import Address
from storage.engine import open_store

LAMP, RUBBISH, ANSWER = "Un lampadaire éteint", "La poubelle déborde", "Une ampoule neuve y est."


def with_services(town: Town) -> None:
    """Let the town hear its services beside its provider, whatever it was started with last."""
    readers = {**town.router.readers, ("memory", "town"): TownChannel()}
    town.router = replace(town.router, readers=readers)


async def routed(town: Town) -> None:
    while await town.router.run_once():
        pass


async def answered(town: Town, case: Case, words: str = ANSWER, act: str = "progress") -> None:
    token = town.signer.sign("p", case.number, case.owner)
    said = {"kind": "act", "token": token, "act": act}
    await town.store.accept([town.envelope(str(case.owner), words, **said)])
    await routed(town)


async def restarted(town: XTown | TelegramTown, folder: Path) -> None:
    """Stop, and start when the leases have run out: what was not in the database is gone."""
    town.clock.pass_(minutes=5)
    await (town.x if isinstance(town, XTown) else town.bot).close()
    await town.store.close()
    town.store = open_store(folder, ids=town.ids)
    await town.store.open()
    town.router = replace(town.router, store=town.store)
    town.connect()
    with_services(town)


def told(texts: Sequence[str], words: str = ANSWER) -> int:
    return sum(words in one for one in texts)


# --- X ---------------------------------------------------------------------------------------


@pytest.fixture
async def x(tmp_path: Path) -> AsyncIterator[XTown]:
    async with x_town(tmp_path) as town:
        with_services(town)
        yield town


def read_by(town: XTown, user: str, kind: str = "dm") -> list[str]:
    return [one.text for one in town.sim.received(user) if one.kind == kind]


async def test_on_x_a_bare_hello_is_answered_by_all_that_waited(x: XTown) -> None:
    await x.sim.mention("anne", LAMP)
    case = (await x.heard()).case
    assert case is not None
    await answered(x, case)
    await x.send()
    assert read_by(x, "anne") == []
    await x.sim.dm("anne", "bonjour")
    worked = await x.heard()
    await x.send()
    assert worked.case is not None
    assert worked.case.id == case.id
    receipt, answer, added = read_by(x, "anne")
    assert str(case.number)[:4] in receipt
    assert ANSWER in answer
    assert str(case.number)[:4] in added
    assert len(read_by(x, "anne", "reply")) == 2
    assert told(read_by(x, "anne", "reply")) == 0
    await answered(x, case, "Tout est fini.", "close")
    await x.send()
    assert told(read_by(x, "anne"), "Tout est fini.") == 1
    assert len(read_by(x, "anne", "reply")) == 2


async def test_on_x_it_waits_over_a_restart_and_a_message_that_comes_twice_tells_once(
    x: XTown, tmp_path: Path
) -> None:
    await x.sim.mention("anne", LAMP)
    case = (await x.heard()).case
    assert case is not None
    await answered(x, case)
    await restarted(x, tmp_path)
    x.clock.pass_(days=2)
    await x.sim.dm("anne", "bonjour")
    await x.heard()
    await restarted(x, tmp_path)
    again = await x.x.pull("", x.clock.now)
    await x.store.accept(again.envelopes)
    await routed(x)
    await x.send()
    assert told(read_by(x, "anne")) == 1


@pytest.mark.parametrize("fault", ["hang", "cut-after-accept", "429"])
async def test_on_x_a_send_in_trouble_tells_once_and_in_order(x: XTown, fault: str) -> None:
    await x.sim.mention("anne", LAMP)
    case = (await x.heard()).case
    assert case is not None
    await x.send()
    await answered(x, case)
    await x.sim.dm("anne", "bonjour")
    await x.heard()
    x.sim.faults.push(fault)
    for _ in range(4):
        await x.send()
        x.clock.pass_(minutes=20)
    receipt, answer, _ = read_by(x, "anne")
    assert str(case.number)[:4] in receipt
    assert ANSWER in answer


async def test_on_x_another_of_the_same_name_hears_nothing(x: XTown) -> None:
    x.sim.person("anne", "Anne Le Gall")
    x.sim.person("anne2", "Anne Le Gall")
    await x.sim.mention("anne", LAMP)
    case = (await x.heard()).case
    assert case is not None
    await answered(x, case)
    await x.sim.dm("anne2", "bonjour, toujours rien ?")
    worked = await x.heard()
    await x.send()
    assert worked.case is None or worked.case.id != case.id
    assert told(read_by(x, "anne2")) == 0


# --- Telegram --------------------------------------------------------------------------------


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[TelegramTown]:
    async with telegram_town(tmp_path) as town:
        with_services(town)
        yield town


async def posted(town: TelegramTown, who: int, words: str) -> Case:
    case = (await town.hear(GROUP, f"@{BOT} {words}", user_id=who)).case
    assert case is not None
    return case


@pytest.mark.parametrize("first", ["/start", "bonjour", "/aide"])
async def test_each_member_of_a_telegram_group_hears_his_own_when_he_begins_a_chat(
    telegram: TelegramTown, first: str
) -> None:
    for who, words, answer in ((ANNE, LAMP, "Pour Anne."), (BOB, RUBBISH, "Pour Bob.")):
        await answered(telegram, await posted(telegram, who, words), answer)
    await telegram.hear(ANNE, first)
    await telegram.hear(BOB, first)
    await telegram.send()
    for who, own, other in ((ANNE, "Pour Anne.", "Pour Bob."), (BOB, "Pour Bob.", "Pour Anne.")):
        assert (told(telegram.texts(who), own), told(telegram.texts(who), other)) == (1, 0)
    assert not any("Pour Anne." in one or "Pour Bob." in one for one in telegram.texts(GROUP))


async def test_in_a_telegram_chat_what_was_told_hangs_under_no_message_of_the_group(
    telegram: TelegramTown,
) -> None:
    case = await posted(telegram, ANNE, LAMP)
    await answered(telegram, case)
    await telegram.hear(ANNE, "bonjour")
    await answered(telegram, case, "Tout est fini.", "close")
    waiting = await telegram.deliveries(ANNE)
    assert waiting
    assert not any(ref.startswith(f"{GROUP}:") for one in waiting for ref in one.refs)


async def test_on_telegram_it_waits_over_a_restart_and_an_update_that_comes_twice_tells_once(
    telegram: TelegramTown, tmp_path: Path
) -> None:
    await answered(telegram, await posted(telegram, ANNE, LAMP))
    await restarted(telegram, tmp_path)
    telegram.telegram.faults.push("redeliver")
    await telegram.hear(ANNE, "/start")
    await restarted(telegram, tmp_path)
    await telegram.poll()
    await telegram.route()
    await telegram.send()
    assert told(telegram.texts(ANNE)) == 1


async def test_a_command_in_the_group_lets_nothing_leave(telegram: TelegramTown) -> None:
    await answered(telegram, await posted(telegram, ANNE, LAMP))
    await telegram.hear(GROUP, f"/aide@{BOT}", user_id=ANNE)
    await telegram.send()
    assert told(telegram.texts(GROUP)) == 0
    assert told(telegram.texts(ANNE)) == 0


async def test_who_is_told_in_a_telegram_chat_is_answered_there(telegram: TelegramTown) -> None:
    case = await posted(telegram, ANNE, LAMP)
    await telegram.hear(ANNE, "bonjour")
    now = await telegram.store.case_by_id(case.id)
    assert now is not None
    [reporter] = now.reporters
    assert (reporter.address, reporter.public) == (Address("telegram", BOT, str(ANNE)), False)
