"""Each trouble that X is known for, on the whole way from message to answer."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from town import TownChannel
from x_town import ACCOUNT, XTown, signature, x_town

from app.rulebook import load_folder
from app.running.wiring import build
from app.settings import Settings
from app.system import SystemIds
from channels.x.api import Refused
from channels.x.oauth1 import Keys, authorization
from channels.x.sending import Sending
from demo.x_access import XKeys
from router.archive import Action
from router.delivery import DeliveryState, Sent
from router.errors import InvalidSignature, StoreUnavailable
from router.message import WebhookRequest
from storage.memory import MemoryStore

HOLE = "Un lampadaire cassé rue Lambert, je suis Jean Dupont, 06 12 34 56 78"
CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[XTown]:
    async with x_town(tmp_path) as town:
        yield town


def asked(query: str = "", body: bytes = b"", **headers: str) -> WebhookRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest("POST", f"https://g.example/webhooks/x/{ACCOUNT}{query}", named, body)


# --- the webhook ----------------------------------------------------------------------------------


async def test_the_crc_is_answered_by_our_secret_and_a_wrong_one_is_not(town: XTown) -> None:
    answer = town.x.challenge(asked("?crc_token=abc"))
    assert answer is not None
    told = json.loads(answer.body)["response_token"]
    assert (answer.status, told) == (200, signature(b"abc"))
    assert told != signature(b"abc", "another")
    for query in ("", "?crc_token=", "?other=abc"):
        wrong = town.x.challenge(asked(query))
        assert wrong is not None
        assert wrong.status == 400


async def test_a_crc_is_not_answered_without_a_secret(tmp_path: Path) -> None:
    async with x_town(tmp_path, consumer_secret=SecretStr("")) as town:
        answer = town.x.challenge(asked("?crc_token=abc"))
        assert answer is not None
        assert answer.status == 400


@pytest.mark.parametrize("body", [b'{"a":  1}', b'{"a":"\xc3\xa9"}', b'{"b":1,"a":2}\r\n'])
async def test_the_signature_is_that_of_the_raw_bytes(town: XTown, body: bytes) -> None:
    right = signature(body)
    town.x.verify(asked(body=body, x_twitter_webhooks_signature=right))
    same_meaning = json.dumps(json.loads(body)).encode()
    for wrong, shown in ((same_meaning, right), (body, signature(body, "x")), (body, "")):
        with pytest.raises(InvalidSignature):
            town.x.verify(asked(body=wrong, x_twitter_webhooks_signature=shown))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"test=1&other_test=2", "25Cu3iwbbiqBTwQRzcKJZwisjf736V2Q8UaTlkfLSoc="),
        (
            b'{"test_number":1,"test_string":"two"}',
            "YWHphPn/JFq43jkF0y4/w8R/SelmLjvpunhVFY8JhlI=",
        ),
    ],
)
async def test_the_signatures_of_the_vendor_s_own_tests_hold(
    tmp_path: Path, body: bytes, shown: str
) -> None:
    """The vectors are those of twitterdev/autohook, test/signature.js (MIT); the secret is "test"."""
    async with x_town(tmp_path, consumer_secret=SecretStr("test")) as town:
        town.x.verify(asked(body=body, x_twitter_webhooks_signature=f"sha256={shown}"))
        with pytest.raises(InvalidSignature):
            town.x.verify(asked(body=body + b" ", x_twitter_webhooks_signature=f"sha256={shown}"))


async def test_the_old_and_the_new_shape_of_one_private_message_are_one_case(town: XTown) -> None:
    old = {
        "for_user_id": "1",
        "direct_message_events": [
            {
                "type": "message_create",
                "id": "300",
                "created_timestamp": "1795341600000",
                "message_create": {"sender_id": "42", "message_data": {"text": HOLE}},
            }
        ],
        "users": {"42": {"name": "Anne", "screen_name": "anne"}},
    }
    event = {"id": "300", "event_type": "MessageCreate", "text": HOLE, "sender_id": "42"}
    for shape in (old, {"data": [event]}, event):
        request = asked(body=json.dumps(shape).encode())
        await town.store.accept(town.x.open(request, town.clock.now()))
    while await town.router.run_once():
        pass
    [line] = await town.store.journal()
    assert line.action is Action.CREATE


# --- in -------------------------------------------------------------------------------------------


async def test_our_own_reply_seen_as_a_mention_is_ignored(town: XTown) -> None:
    post = await town.sim.mention("anne", HOLE)
    town.sim._book.new_post(town.sim.user_id, f"@{ACCOUNT} c'est nous", post)
    await town.heard()
    actions = sorted(str(line.action) for line in await town.store.journal())
    assert actions == sorted([str(Action.CREATE), str(Action.IGNORE)])
    assert len(await town.deliveries()) == 1


async def test_a_repost_of_somebody_else_s_words_is_ignored(town: XTown) -> None:
    await town.sim.mention("bob", HOLE, repost=True)
    assert (await town.heard()).action is Action.IGNORE


async def test_a_machine_s_account_is_kept_and_never_answered(tmp_path: Path) -> None:
    async with x_town(tmp_path, bots=("@MeteoBot",)) as town:
        await town.sim.mention("meteobot", HOLE)
        worked = await town.heard()
        assert (worked.action, worked.case) == (Action.IGNORE, None)
        assert await town.deliveries() == []


async def test_of_many_hundred_messages_after_an_outage_none_is_lost(tmp_path: Path) -> None:
    async with x_town(tmp_path, daily_cap=0) as town:
        for number in range(450):
            await town.sim.dm(f"p{number % 9}", f"Un lampadaire cassé, numéro {number}")
        for _ in range(3):
            await town.poll()
        assert len(await town.store.journal()) == 450
        await town.sim.dm("anne", HOLE)
        await town.poll()
        assert len(await town.store.journal()) == 451


async def test_a_walk_back_whose_token_x_no_longer_takes_begins_again_and_loses_nothing(
    town: XTown,
) -> None:
    await town.sim.dm("anne", HOLE)
    broken = {"dm": {"since": "1", "token": "gone", "top": "2"}, "mention": "1"}
    pulled = await town.x.pull(json.dumps(broken), town.clock.now)
    assert len(pulled.envelopes) == 1
    assert json.loads(pulled.cursor)["dm"]["token"] == ""


async def test_a_cursor_of_an_earlier_version_is_read(town: XTown) -> None:
    known = await town.sim.dm("anne", HOLE)
    await town.sim.dm("anne", "Une poubelle pleine")
    pulled = await town.x.pull(json.dumps({"dm": known, "mention": "0"}), town.clock.now)
    assert len(pulled.envelopes) == 1


async def test_messages_of_long_before_the_first_start_are_left_alone(town: XTown) -> None:
    await town.sim.dm("old", HOLE)
    town.clock.pass_(days=3)
    await town.sim.dm("anne", HOLE)
    await town.poll()
    assert len(await town.store.journal()) == 1


async def test_between_two_questions_there_is_the_time_that_was_set(tmp_path: Path) -> None:
    async with x_town(tmp_path, poll_s=60) as town:
        await town.poll()
        await town.sim.dm("anne", HOLE)
        town.clock.pass_(seconds=59.99)
        assert not await town.x._feed.is_time()
        town.clock.pass_(seconds=1)
        await town.poll()
        assert len(await town.store.journal()) == 1


async def test_a_limit_on_reading_is_waited_out_until_its_reset(town: XTown) -> None:
    town.sim.faults.push("429", on="poll", retry_after=300)
    with pytest.raises(ConnectionError, match="429"):
        await town.poll()
    left = town.x._feed._next - town.clock.monotonic()
    assert 299 <= left <= 301


def on_mentions(town: XTown, monkeypatch: pytest.MonkeyPatch, status: int) -> list[str]:
    """Have X refuse to give mentions, as it does to an app without that right; list the calls."""
    call, asked = town.x._api.call, []

    async def refusing(method: str, path: str, **given: Any) -> dict[str, Any]:
        asked.append(path)
        if path.endswith("/mentions"):
            raise Refused(status, "no", 120.0 if status == 429 else None)
        return await call(method, path, **given)

    monkeypatch.setattr(town.x._api, "call", refusing)
    return asked


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_refused_mentions_stop_no_private_message_and_come_later(
    town: XTown,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    await town.sim.mention("bob", HOLE)
    with monkeypatch.context() as refused, caplog.at_level(logging.WARNING):
        on_mentions(town, refused, status)
        for _ in range(3):
            await town.sim.dm("anne", HOLE)
            await town.poll()
    assert len(await town.store.journal()) == 3
    assert caplog.text.count("mentions") == 1  # told once, not with every question
    town.clock.pass_(seconds=121)
    await town.poll()
    assert len(await town.store.journal()) == 4


async def test_a_limit_on_mentions_is_waited_out_without_asking(
    town: XTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = on_mentions(town, monkeypatch, 429)
    for _ in range(3):
        await town.poll()
    assert sum(path.endswith("/mentions") for path in asked) == 1
    assert asked.count("/2/dm_events") == 3


async def test_doctor_asks_for_mentions_too_and_pays_for_none(
    town: XTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.sim.mention("bob", HOLE)
    town.clock.pass_(minutes=2)
    assert (await town.x.health()).ok
    assert await town.x._budget.look() * 5.0 == pytest.approx(0.010)  # who we are
    on_mentions(town, monkeypatch, 403)
    health = await town.x.health()
    assert not health.ok
    assert "tweet.read" in health.sentence


# --- out ------------------------------------------------------------------------------------------


async def test_a_public_answer_has_no_personal_data_no_number_and_no_link(town: XTown) -> None:
    await town.sim.mention("anne", HOLE)
    worked = await town.heard()
    await town.send()
    [answer] = town.sim.received("anne")
    assert answer.kind == "reply"
    assert worked.case is not None
    assert "message privé" in answer.text
    for private in ("Dupont", "06 12", "Lambert", "http", "g.example", str(worked.case.number)):
        assert private not in answer.text
    assert not re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}", answer.text)


async def test_a_private_message_refused_is_told_to_the_agent_and_once_how_else_to_reach_us(
    tmp_path: Path,
) -> None:
    words = "Nous ne pouvons pas vous écrire en privé : appelez le 02 40 41 90 00."
    async with x_town(tmp_path, refused_text=words) as town:
        post = await town.sim.mention("anne", "bonjour")
        await town.sim.says("anne", "Beau temps à Nantes")
        await town.heard()
        await town.send()
        told = []
        for said in (HOLE, "Et une poubelle renversée", "Toujours rien, une poubelle"):
            await town.sim.dm("anne", said)
            told.append(await town.heard())
        town.sim.refuse_dms("anne")
        await town.send()
        await town.x.close()
        town.connect(refused_text=words)  # restarted: she is not told under a newer post either
        await town.sim.mention("anne", "et alors ?")
        await town.sim.dm("anne", "un lampadaire")
        await town.heard()
        await town.send()
        public = [m for m in town.sim.received("anne") if m.text == words]
        assert [m.reply_to for m in public] == [post]
        states = [d.state for d in await town.deliveries() if d.address.kind == "dm"]
        assert set(states) == {DeliveryState.DEAD}
        lines = [line for worked in told for line in await town.lines(worked)]
        assert any(
            "ne nous laisse pas lui écrire" in line and "en public, une fois" in line
            for line in lines
        )


async def test_how_else_to_reach_us_is_posted_once_also_where_x_s_answer_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[int] = []
    genuine = httpx.AsyncHTTPTransport.handle_async_request

    async def spoilt(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        answer = await genuine(self, request)
        if request.url.path != "/2/tweets":
            return answer
        await answer.aclose()
        posted.append(answer.status_code)
        return httpx.Response(answer.status_code, content=b"{")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", spoilt)
    async with x_town(tmp_path, refused_text="Appelez le 02 40 41 90 00.") as town:
        await town.sim.mention("anne", "bonjour")
        await town.heard()
        town.sim.refuse_dms("anne")
        heard = []
        for said in (HOLE, "Et une poubelle renversée"):
            await town.sim.dm("anne", said)
            heard.append(await town.heard())
        await town.send()
        private = [d for d in await town.deliveries() if d.address.kind == "dm"]
        assert {d.state for d in private} == {DeliveryState.DEAD}
        lines = [line for worked in heard for line in await town.lines(worked)]
        assert any("peut-être lui a-t-on dit en public" in line for line in lines)
        told = [m for m in town.sim.received("anne") if m.text.startswith("Appelez")]
        assert len(told) == 1
        assert 403 not in posted  # nothing was left to X, which refuses a second like post


class Unreadable:
    """A keeper whose store is down."""

    async def knows(self, person: str) -> bool:
        raise StoreUnavailable("down")

    async def remember(self, person: str) -> None:
        raise AssertionError("nothing was told")


async def test_who_may_have_been_told_is_not_told_again_while_the_store_is_down(
    town: XTown,
) -> None:
    await town.sim.mention("anne", "bonjour")
    await town.sim.dm("anne", HOLE)
    await town.heard()
    town.x._sending = Sending(town.x._api, ACCOUNT, "Appelez-nous.", town.x._me, Unreadable())
    town.sim.refuse_dms("anne")
    await town.send()
    assert "Appelez-nous." not in [m.text for m in town.sim.received("anne")]
    [state] = {d.state for d in await town.deliveries() if d.address.kind == "dm"}
    assert state is DeliveryState.DEAD


async def test_nothing_is_told_in_public_of_who_never_named_us_in_public(tmp_path: Path) -> None:
    async with x_town(tmp_path, refused_text="Appelez-nous.") as town:
        await town.sim.says("anne", "Un trou rue Crébillon, que fait la ville ?")
        await town.sim.dm("anne", HOLE)
        await town.heard()
        town.sim.refuse_dms("anne")
        await town.send()
        assert town.sim.received("anne") == []


async def test_a_rate_limit_is_waited_out_until_its_reset_and_nothing_is_lost(
    town: XTown,
) -> None:
    for person in ("anne", "bob"):
        await town.sim.dm(person, HOLE)
    await town.heard()
    town.sim.faults.push("429", retry_after=300)
    town.courier = replace(town.courier, lanes=1)
    await town.courier.run_once()
    town.clock.pass_(seconds=200)
    assert await town.courier.run_once() == 0
    town.clock.pass_(seconds=200)
    await town.send()
    assert len(town.sim.received("anne")) == len(town.sim.received("bob")) == 1


async def test_a_crash_in_the_rotation_of_tokens_loses_no_message_and_is_said(
    town: XTown,
) -> None:
    await town.sim.dm("anne", HOLE)
    await town.heard()
    town.sim.expire_access()
    town.sim.faults.push("cut-after-accept", on="token")  # X has changed them; we never heard
    await town.courier.run_once()
    await town.x.close()
    town.connect()
    health = await town.x.health()
    assert not health.ok
    assert "a new login is needed" in health.sentence
    [waiting] = await town.deliveries()
    assert waiting.state is DeliveryState.DEFERRED
    await town.x.close()
    tokens = SecretStr(town.sim.bearer), SecretStr(town.sim.refresh_token)
    town.connect(access_token=tokens[0], refresh_token=tokens[1])  # the new login
    town.clock.pass_(hours=1)
    await town.send()
    assert len(town.sim.received("anne")) == 1


async def test_rotated_tokens_are_found_by_the_next_process(town: XTown) -> None:
    town.sim.expire_access()
    assert (await town.x.health()).ok
    await town.x.close()
    town.connect()  # with the spent tokens of the settings
    assert (await town.x.health()).ok


async def test_keys_of_oauth_1_are_taken_by_x_and_never_run_out(tmp_path: Path) -> None:
    keys = XKeys()
    async with x_town(
        tmp_path,
        consumer_key=keys.consumer_key,
        consumer_secret=SecretStr(keys.consumer_secret),
        user_token=SecretStr(keys.user_token),
        user_secret=SecretStr(keys.user_secret),
    ) as town:
        town.sim.expire_access()
        await town.sim.dm("anne", HOLE, photo=b"\xff\xd8")
        worked = await town.heard()
        await town.send()
        assert worked.case is not None
        assert len(town.sim.received("anne")) == 1


def test_the_signature_is_that_of_the_example_in_x_s_own_manual() -> None:
    keys = Keys(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    fields = {
        "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
        "include_entities": "true",
    }
    header = authorization(
        keys,
        "post",
        "https://api.twitter.com/1/statuses/update.json",
        fields,
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        seconds=1318622958,
    )
    assert 'oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D"' in header


# --- money ----------------------------------------------------------------------------------------


async def test_what_is_read_and_written_is_counted_and_kept_over_a_restart(town: XTown) -> None:
    await town.sim.dm("anne", HOLE)
    await town.heard()
    await town.send()
    # ourselves 0.010, a message 0.010 and who wrote it 0.010, the answer 0.015
    assert await town.x._budget.look() * 5.0 == pytest.approx(0.045)
    await town.x.close()
    town.connect()
    assert await town.x._budget.look() * 5.0 == pytest.approx(0.045)
    town.clock.pass_(days=1)
    assert await town.x._budget.look() == 0


async def test_what_is_read_again_on_the_same_day_is_not_billed_again(town: XTown) -> None:
    await town.sim.dm("anne", HOLE)
    await town.poll()
    before = await town.x._budget.look()
    for _ in range(5):
        await town.poll()
    assert await town.x._budget.look() == before


async def test_near_the_cap_reading_slows_down_and_the_operator_is_alerted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with x_town(tmp_path, poll_s=60, daily_cap=1.0) as town:
        await town.x._budget._keeper.add("2026-11-24", 0.70)
        await town.poll()
        assert town.x._feed._next - town.clock.monotonic() == 60
        assert (await town.x.health()).ok
        await town.x._budget._keeper.add("2026-11-24", 0.12)
        town.clock.pass_(seconds=61)
        with caplog.at_level(logging.WARNING):
            await town.poll()
        assert town.x._feed._next - town.clock.monotonic() > 120
        health = await town.x.health()
        assert not health.ok
        assert health.sentence.endswith("les messages sont lus moins souvent.")
        assert "$ of the day" in caplog.text
        await town.x._budget._keeper.add("2026-11-24", 0.10)
        health = await town.x.health()
        assert health.sentence.endswith("plus rien n'est lu jusqu'à minuit UTC.")


async def test_at_the_cap_nothing_is_read_or_written_until_the_next_day_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    async with x_town(tmp_path, daily_cap=1.0) as town:
        await town.sim.dm("anne", HOLE)
        await town.heard()
        await town.x._budget._keeper.add("2026-11-24", 0.90)
        await town.sim.dm("bob", HOLE)
        with pytest.raises(ConnectionError, match="rests until midnight"):
            await town.poll()
        await town.send()
        assert len(town.sim.received("anne")) == 1  # the last tenth is for answers
        await town.x._budget._keeper.add("2026-11-24", 0.10)
        await town.x._budget.look()
        await town.sim.dm("anne", "Une poubelle pleine")
        delivery = (await town.deliveries())[0]
        outcome = await town.x.send(town.x.render(delivery)[0], "i")
        assert getattr(outcome, "held", False)
        danger = replace(delivery, danger=True)
        assert isinstance(await town.x.send(town.x.render(danger)[0], "i"), Sent)
        town.sim._ledger.data["dms"].pop()
        town.clock.pass_(days=1)
        await town.heard()
        await town.send()
        assert (len(town.sim.received("anne")), len(town.sim.received("bob"))) == (2, 1)


async def test_answers_leave_on_the_next_day_even_if_nothing_was_read_since(tmp_path: Path) -> None:
    async with x_town(tmp_path, daily_cap=1.0) as town:
        await town.sim.dm("anne", HOLE)
        await town.heard()
        await town.x._budget._keeper.add("2026-11-24", 1.0)
        await town.x._budget.look()
        await town.send()
        assert town.sim.received("anne") == []
        town.clock.pass_(days=1)
        await town.send()
        assert len(town.sim.received("anne")) == 1


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
async def test_two_routers_facing_each_other_stop_after_one_answer(
    town: XTown, public: bool
) -> None:
    said = "Un lampadaire cassé"
    for _ in range(6):
        await (town.sim.mention if public else town.sim.dm)("anne", said)
        worked = await town.heard()
        said = worked.reply.text if worked.reply else said
        town.clock.pass_(seconds=20)
    assert len(await town.deliveries()) == 1


async def test_an_x_that_hangs_is_given_up_and_others_flow(tmp_path: Path) -> None:
    async with x_town(tmp_path, deadline_s=0.3) as town:
        for person in ("anne", "bob"):
            await town.sim.dm(person, HOLE)
        await town.heard()
        town.sim.faults.push("hang")
        await town.courier.run_once()
        heard = [len(town.sim.received(person)) for person in ("anne", "bob")]
        assert sorted(heard) == [0, 1]
        town.clock.pass_(minutes=30)
        await town.send()
        assert [len(town.sim.received(person)) for person in ("anne", "bob")] == [1, 1]


async def test_sigterm_in_mid_send_is_settled_by_asking_x(town: XTown) -> None:
    await town.sim.dm("anne", HOLE)
    await town.heard()
    town.sim.faults.push("hang")
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(town.courier.run_once())
        while len(town.sim.faults):  # noqa: ASYNC110 -- until the provider hangs; it rings no bell
            await asyncio.sleep(0.01)
        sending.cancel()
    await town.x.close()
    town.connect()
    town.clock.pass_(minutes=5)
    await town.send()
    assert len(town.sim.received("anne")) == 1


async def test_x_is_off_as_shipped_and_works_in_serve_when_it_is_switched_on(
    tmp_path: Path,
) -> None:
    [counter] = [c for c in load_folder(CONFIG).directory.counters() if c.channel == "x"]
    assert not counter.active
    settings = Settings(
        data=tmp_path, config=CONFIG, channels={"x": {"access_token": "a", "client_id": "c"}}
    )
    store = MemoryStore(SystemIds())
    await store.open()
    for on in (False, True):
        product = await build(settings, store, with_inactive=on)
        assert (("x", counter.address) in product.channels) is on
        assert any(poller.poller.startswith("x|") for poller in product.pollers) is on
    await store.close()


async def test_who_answers_stop_privately_is_written_to_no_more_until_start(town: XTown) -> None:
    answered = []
    for said in (HOLE, "STOP", "Une poubelle pleine", "start", "Une poubelle rue Scribe"):
        await town.sim.dm("anne", said)
        answered.append((await town.heard()).reply is not None)
    assert answered == [True, True, False, True, True]


async def test_stop_in_a_public_post_is_a_post(town: XTown) -> None:
    await town.sim.mention("anne", "STOP")
    assert (await town.heard()).action is not Action.OPT_OUT


@pytest.mark.parametrize("act", ["progress", "close"])
async def test_what_a_service_answers_to_a_mention_is_not_posted_for_all(
    town: XTown, act: str
) -> None:
    readers = {**town.router.readers, ("memory", "town"): TownChannel()}
    town.router = replace(town.router, readers=readers)
    await town.sim.mention("anne", HOLE)
    case = (await town.heard()).case
    assert case is not None
    token = town.signer.sign("p", case.number, str(case.owner))
    said = "Madame Dupont, rebouché au 12 rue Lambert, tél 06 12 34 56 78"
    await town.hear(str(case.owner), kind="act", token=token, act=act, text=said)
    await town.send()
    posted = " ".join(one.text for one in town.sim.received("anne"))
    assert "du nouveau pour vous" in posted
    assert not re.search("Dupont|Lambert|06 12", posted)
