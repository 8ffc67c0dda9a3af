"""What every channel promises, whoever its provider is."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import channel_harnesses as registry
import httpx
import pytest
from channel_harnesses import BLOCKED, BROKEN, BUSY, CUT, HANG, REFUSED, REGISTRY, Entry, Harness
from fuzz_answers import SPOILT_ANSWERS, spoilt, unreadable
from store_parts import Numbered

import channels
from app.running.builders import BUILDERS
from app.trying.offline import offline_channels
from channels.phone.alphabet import segments
from demo.clock import WallClock
from router.delivery import (
    OnUnknown,
    OptedOut,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
    Unknown,
)
from router.errors import InvalidSignature, UnreadablePayload
from router.events import MessageReceived, OptedOutOf
from router.ports import Channel, Checks, FetchesMedia, Finds, Reads, Sends, TakesWebhooks
from rules.vocabulary import CHANNELS
from storage.memory import MemoryStore

ENGLISH = re.compile(r"\b(?:the|of|is|are|in|and|for|answers|does|not)\b", re.IGNORECASE)
LONG = "Le panneau est tombe sur le trottoir. " * 400


@pytest.fixture
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    entry: Entry = request.param
    async with entry.open() as harness:
        yield harness


def channels_that(*flags: str) -> Any:
    """Run a test on every channel of which all these flags hold."""
    chosen = [entry for entry in REGISTRY if all(getattr(entry, flag) for flag in flags)]
    return pytest.mark.parametrize(
        "harness", chosen, ids=[entry.name for entry in chosen], indirect=True
    )


every_channel = channels_that()
talking = channels_that("talks")
signed = channels_that("signed")
with_provider = channels_that("provider")


async def send(harness: Harness, text: str = "C'est bien note.") -> SendOutcome:
    delivery = harness.delivery(text)
    [part] = harness.channel.render(delivery)
    outcome: SendOutcome = await harness.channel.send(part, delivery.idem)
    return outcome


# --- the registry --------------------------------------------------------------------------------


def test_no_channel_is_left_out() -> None:
    found = set()
    for module in pkgutil.walk_packages(channels.__path__, "channels."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__.startswith("channels."):
                fields = {*dir(value), *getattr(value, "__dataclass_fields__", ())}
                if {"name", "capabilities"} <= fields:
                    found.add(value)
    assert found == {entry.kind for entry in REGISTRY}


def test_what_the_product_builds_is_in_the_registry() -> None:
    assert set(BUILDERS) <= {entry.name for entry in REGISTRY}


def test_a_channel_by_which_people_write_may_be_a_counter_and_be_tried() -> None:
    written = {entry.name for entry in REGISTRY if entry.talks} & set(BUILDERS)
    assert written <= set(CHANNELS.values())
    tried = {name for name, _ in offline_channels((), registry.SIGNER, WallClock())}
    assert written - {"open311"} <= tried  # there it is programs that write


@every_channel
async def test_a_channel_declares_itself(harness: Harness) -> None:
    assert isinstance(harness.channel, Channel)
    assert isinstance(harness.channel, Reads)
    assert isinstance(harness.channel, Sends)
    assert isinstance(harness.channel, Checks)
    assert harness.channel.name == harness.address.channel
    if harness.channel.on_unknown is OnUnknown.FIND:
        assert isinstance(harness.channel, Finds)


@every_channel
async def test_the_doctor_is_told_in_one_french_sentence(harness: Harness) -> None:
    assert isinstance(harness.channel, Checks)
    told = (await harness.channel.health()).sentence
    assert told.endswith("."), told
    assert not ENGLISH.search(told), told


# --- in ------------------------------------------------------------------------------------------


@talking
async def test_the_same_message_twice_is_one(harness: Harness) -> None:
    assert harness.message is not None
    store = MemoryStore(Numbered())
    once, again = (harness.message("Un trou", (), "77") for _ in range(2))
    other = harness.message("Un autre trou", (), "78")
    accepted = await store.accept([once, again, other])
    assert [one.new for one in accepted] == [True, False, True]
    [late] = await store.accept([again])
    assert not late.new


@channels_that("talks", "files")
async def test_an_empty_text_with_a_photo_is_a_message(harness: Harness) -> None:
    assert harness.message is not None
    [event] = harness.channel.receive(harness.message("", ["trou.jpg"], "77"))
    assert isinstance(event, MessageReceived)
    assert event.message.text.strip() == ""
    assert len(event.message.attachments) == 1


@channels_that("talks", "files")
@pytest.mark.parametrize(
    "word",
    ["Info", "Help", "Aide", "Contact", "Start", "Stop", "Arrêt", "/help", "/start", "/stop"],
)
async def test_a_photo_under_a_word_of_command_is_kept(harness: Harness, word: str) -> None:
    assert harness.message is not None
    [event] = harness.channel.receive(harness.message(word, ["trou.jpg"], "77"))
    [alone] = harness.channel.receive(harness.message(word, (), "78"))
    by_word = harness.address.channel in {"sms", "whatsapp"} and not word.startswith("/")
    if by_word and isinstance(alone, OptedOutOf):
        # carriers go by the word alone, and block the number whatever picture hangs on it
        assert event == alone
        return
    assert isinstance(event, MessageReceived)
    assert len(event.message.attachments) == 1


@signed
async def test_what_is_genuine_is_taken_and_what_is_not_is_refused(harness: Harness) -> None:
    channel, genuine = harness.channel, harness.genuine
    assert isinstance(channel, TakesWebhooks)
    assert genuine is not None
    channel.verify(genuine)
    assert len(channel.open(genuine, registry.NOW)) == 1
    for value in (None, "", "x", "é" * 28, "sha256=", "\udcff"):
        headers = {} if value is None else dict.fromkeys(genuine.headers, value)
        with pytest.raises(InvalidSignature):
            channel.verify(replace(genuine, headers=headers))


@signed
async def test_the_provider_is_told_whether_it_is_kept(harness: Harness) -> None:
    assert harness.channel.answer(True).status == 200
    assert harness.channel.answer(False).status == 503


@every_channel
async def test_an_unreadable_payload_is_kept_and_the_next_one_served(harness: Harness) -> None:
    assert harness.unreadable is not None
    for raw in registry.garbage():
        for envelope in harness.unreadable(raw):
            try:
                harness.channel.receive(envelope)
            except UnreadablePayload:
                continue
            assert harness.address.channel == "email", raw  # nearly anything is a mail
    if harness.message is not None:
        [event] = harness.channel.receive(harness.message("Un trou", (), "79"))
        assert isinstance(event, MessageReceived)


# --- out -----------------------------------------------------------------------------------------


@every_channel
async def test_a_long_text_loses_nothing_but_spaces_at_the_cuts(harness: Harness) -> None:
    parts = harness.channel.render(harness.delivery(LONG))
    assert [part.index for part in parts] == list(range(len(parts)))
    assert {part.count for part in parts} == {len(parts)}
    written = "".join("".join(part.text.split()) for part in parts)
    assert "".join(LONG.split()) in written


@every_channel
async def test_what_comes_in_and_leaves_is_what_the_channel_declares(harness: Harness) -> None:
    channel = harness.channel
    can = channel.capabilities
    if channel.name != "memory":  # its files are nowhere
        assert can.media_in == isinstance(channel, FetchesMedia)
    assert can.reply == isinstance(channel, Sends)
    assert can.longest_text > 0
    assert can.largest_media > 0
    assert can.reply_window_s is None or can.reply_window_s > 0


IN_UNITS: dict[str, Callable[[str], int]] = {
    "characters": len,
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode()),
    "segments": segments,
}


@every_channel
@pytest.mark.parametrize("word", ["mot ", "été ", "œuvre", "👨‍👩‍👧‍👦", "{[€]}"])
async def test_no_part_is_longer_than_the_channel_declares(harness: Harness, word: str) -> None:
    channel = harness.channel
    measured = IN_UNITS[channel.capabilities.text_unit]
    parts = channel.render(harness.delivery(word * 2000))
    assert max(measured(part.text) for part in parts) <= channel.capabilities.longest_text


@channels_that("splits")
async def test_a_long_text_is_split_and_no_character_is_cut(harness: Harness) -> None:
    family = "👨‍👩‍👧‍👦"
    parts = harness.channel.render(harness.delivery(family * 2000))
    assert len(parts) > 1
    assert all(part.text.replace(family, "") == "" for part in parts)


@with_provider
async def test_what_is_sent_arrives_once(harness: Harness) -> None:
    outcome = await send(harness)
    assert isinstance(outcome, Sent)
    assert outcome.provider_ids
    assert len(harness.arrived()) == 1


@with_provider
@pytest.mark.parametrize("fault", [BUSY, BROKEN])
async def test_a_provider_in_trouble_is_tried_again(harness: Harness, fault: str) -> None:
    harness.faults[fault]()
    assert isinstance(await send(harness), Retry)
    assert isinstance(await send(harness), Sent)
    assert len(harness.arrived()) == 1


@with_provider
async def test_silence_ends_within_the_deadline(harness: Harness) -> None:
    harness.faults[HANG]()
    async with asyncio.timeout(harness.channel.deadline_s + 1):
        assert isinstance(await send(harness), Retry | Unknown)
    assert harness.arrived() == []


@with_provider
@pytest.mark.parametrize("fault", [REFUSED, BLOCKED])
async def test_a_refusal_is_final_and_says_why(harness: Harness, fault: str) -> None:
    harness.faults[fault]()
    outcome = await send(harness)
    assert isinstance(outcome, Permanent | OptedOut)
    assert outcome.reason


@with_provider
async def test_a_send_cut_after_it_was_taken_is_not_sent_twice_where_that_can_be_known(
    harness: Harness,
) -> None:
    harness.faults[CUT]()
    assert isinstance(await send(harness), Unknown)
    assert len(harness.arrived()) == 1
    if harness.channel.on_unknown is OnUnknown.FIND:
        delivery = harness.delivery()
        assert isinstance(await harness.channel.find(delivery, delivery.idem), Sent)
        assert len(harness.arrived()) == 1
    else:
        assert harness.channel.on_unknown is OnUnknown.RESEND
        assert isinstance(await send(harness), Sent)
        # Telegram alone has no key by which it could know the second copy
        assert len(harness.arrived()) == (2 if harness.channel.name == "telegram" else 1)


@with_provider
@pytest.mark.parametrize("how", SPOILT_ANSWERS)
async def test_a_yes_that_cannot_be_read_is_not_sent_twice_where_that_can_be_known(
    harness: Harness, how: str
) -> None:
    delivery, spoilings = harness.delivery(), ["the first answer after it has arrived"]

    def once(answer: httpx.Response, content: bytes) -> httpx.Response:
        if harness.arrived() and spoilings and answer.is_success:
            spoilings.clear()
            return unreadable(answer, how)
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)

    def cut_short(data: bytes) -> bytes:
        if not harness.arrived() or not spoilings:
            return data
        spoilings.clear()
        return data[:1] + b"x\r\n"

    with spoilt() as line:
        line.spoil, line.spoil_lines = once, cut_short  # type: ignore[method-assign]
        outcome = await send(harness)
        assert harness.address.channel == "memory" or not spoilings
        assert isinstance(outcome, Sent | Unknown) or (
            isinstance(outcome, Retry) and harness.channel.on_unknown is OnUnknown.RESEND
        )
        assert len(harness.arrived()) == 1
        if isinstance(outcome, Sent):
            return
        if harness.channel.on_unknown is OnUnknown.FIND:
            assert isinstance(await harness.channel.find(delivery, delivery.idem), Sent)
            assert len(harness.arrived()) == 1
        else:
            assert isinstance(await send(harness), Sent)
            assert len(harness.arrived()) == (2 if harness.channel.name == "telegram" else 1)


@with_provider
async def test_a_send_cancelled_half_way_leaves_the_channel_whole(harness: Harness) -> None:
    planned = harness.faults[HANG]()
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(send(harness))
        await asyncio.sleep(0.01)
        while planned and not sending.done():  # noqa: ASYNC110 -- until the provider hangs; it rings no bell
            await asyncio.sleep(0.01)
        sending.cancel()
    assert isinstance(await send(harness), Sent)
    assert len(harness.arrived()) == 1


@every_channel
async def test_secrets_are_in_no_log_and_no_outcome(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    told = [repr(getattr(harness.channel, "_settings", ""))]
    with caplog.at_level(logging.DEBUG):
        told.append(repr(await harness.channel.health()))
        for fault in ("", BUSY, BROKEN, CUT, REFUSED):
            harness.faults.get(fault, str)()
            told.append(repr(await send(harness)))
    for secret in harness.secrets:
        assert secret not in caplog.text
        assert secret not in "".join(told)
