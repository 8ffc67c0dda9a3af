"""An account of X: what is read, how it polls, and what becomes of a send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.x.api import Forgetful, Renew, Tokens
from channels.x.channel import X
from channels.x.posts import weight
from channels.x.settings import XSettings
from demo.clock import WallClock
from demo.x import XSimulator
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import Ignored, InboundEvent, MessageReceived
from router.message import Address, Message, WebhookRequest
from router.stated import Stated

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ASCII = st.characters(codec="ascii")
ACCOUNT, SECRET = "GuichetNantes", "secret-de-l-application"
SETTINGS = XSettings(consumer_secret=SecretStr(SECRET), user_id="1")
CHANNEL = X(SETTINGS, ACCOUNT, WallClock())


def signature(data: bytes, key: str = SECRET) -> str:
    return (
        "sha256=" + base64.b64encode(hmac.new(key.encode(), data, hashlib.sha256).digest()).decode()
    )


def dm(**changes: Any) -> dict[str, Any]:
    event = {"id": "100", "event_type": "MessageCreate", "text": "Un trou", "sender_id": "42"}
    return {"data": [event | changes], "includes": {"users": [{"id": "42", "username": "anne"}]}}


def post(text: str = f"@{ACCOUNT} un trou", **changes: Any) -> dict[str, Any]:
    return {"data": [{"id": "200", "author_id": "42", "text": text} | changes]}


def read(data: object) -> InboundEvent:
    [envelope] = CHANNEL.open_raw(json.dumps(data).encode(), NOW)
    [event] = CHANNEL.receive(envelope)
    return event


def message(data: object) -> Message:
    event = read(data)
    assert isinstance(event, MessageReceived)
    return event.message


def delivery(to: str = "42", kind: str = "dm", **changes: Any) -> Delivery:
    address = Address("x", ACCOUNT, to, kind)
    whole = Delivery(7, "i7", "l", DeliveryKind.ANSWER, address, "C'est noté.", NOW)
    return replace(whole, **changes)


def spoil(monkeypatch: pytest.MonkeyPatch, status: int, content: bytes = b"") -> None:
    """Let X do what it is asked, and somebody on the way answer the next call instead."""
    genuine = httpx.AsyncHTTPTransport.handle_async_request

    async def once(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        await (await genuine(self, request)).aclose()
        monkeypatch.undo()
        return httpx.Response(status, content=content)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", once)


# --- the webhook ---------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_raw_bytes() -> None:
    body = b'{"a":  1}'
    headers = {"x-twitter-webhooks-signature": signature(body)}
    CHANNEL.verify(WebhookRequest("POST", "https://x", headers, body))
    for wrong in ({}, headers | {"x-twitter-webhooks-signature": "é"}):
        with pytest.raises(InvalidSignature):
            CHANNEL.verify(WebhookRequest("POST", "https://x", wrong, body))
    with pytest.raises(InvalidSignature):
        CHANNEL.verify(WebhookRequest("POST", "https://x", headers, b'{"a":1}'))


def test_without_a_secret_nothing_is_authentic() -> None:
    headers = {"x-twitter-webhooks-signature": signature(b"", "")}
    with pytest.raises(InvalidSignature):
        X(XSettings(), ACCOUNT, WallClock()).verify(
            WebhookRequest("POST", "https://x", headers, b"")
        )


def test_the_check_of_the_address_is_answered() -> None:
    asked = WebhookRequest("GET", "https://g.example/x?crc_token=abc", {}, b"")
    answer = CHANNEL.challenge(asked)
    assert answer is not None
    assert json.loads(answer.body) == {"response_token": signature(b"abc")}
    without = CHANNEL.challenge(replace(asked, url="https://g.example/x"))
    assert without is not None
    assert without.status == 400


def signed_for_anybody(token: str) -> str:
    """Ask as a stranger may; give the signature that he is told, or nothing."""
    url = f"https://g.example/x?{urlencode({'crc_token': token})}"
    answer = CHANNEL.challenge(WebhookRequest("GET", url, {}, b""))
    assert answer is not None
    return str(json.loads(answer.body)["response_token"]) if answer.status == 200 else ""


def is_taken(body: bytes, shown: str) -> bool:
    headers = {"x-twitter-webhooks-signature": shown}
    try:
        CHANNEL.verify(WebhookRequest("POST", "https://g.example/x", headers, body))
    except InvalidSignature:
        return False
    return True


@given(st.text(max_size=200) | st.from_regex(r"[\w+/=.-]{1,130}", fullmatch=True, alphabet=ASCII))
def test_nothing_that_strangers_have_signed_is_taken_as_an_event(token: str) -> None:
    assert not is_taken(token.encode(), signed_for_anybody(token))


@given(st.dictionaries(st.text(), st.text()), st.booleans())
def test_what_x_sends_is_taken_and_signed_for_nobody(event: dict[str, str], spaced: bool) -> None:
    body = json.dumps(event, indent=1 if spaced else None)
    assert is_taken(body.encode(), signature(body.encode()))
    assert not signed_for_anybody(body)


@given(st.binary(min_size=1, max_size=96), st.uuids())
def test_every_token_that_x_may_ask_for_is_answered(drawn: bytes, named: UUID) -> None:
    plain, safe = base64.b64encode(drawn), base64.urlsafe_b64encode(drawn)
    for token in (plain.decode(), safe.decode(), drawn.hex()[:128], str(named)):
        assert signed_for_anybody(token) == signature(token.encode())


# --- reading -------------------------------------------------------------------------------------


def test_a_private_message_is_answered_in_private() -> None:
    read = message(dm(text="Trou &amp; bosse"))
    assert read.address == Address("x", ACCOUNT, "42", "dm")
    assert (read.text, read.sender, read.public) == ("Trou & bosse", "@anne", False)


def test_a_mention_is_public_and_shown_without_the_names_it_begins_with() -> None:
    read = message(post(f"@{ACCOUNT} @autre un trou @ici"))
    assert read.address == Address("x", ACCOUNT, "42", "mention")
    assert (read.text_shown, read.public, read.ref) == ("un trou @ici", True, "200")


def test_an_answer_to_a_post_names_it() -> None:
    answered = [{"type": "replied_to", "id": "150"}]
    assert message(post(referenced_tweets=answered)).thread.refs == ("150",)


def test_our_own_words_and_reposts_are_ignored() -> None:
    assert isinstance(read(dm(sender_id="1")), Ignored)
    assert isinstance(read(post(author_id="1")), Ignored)
    assert isinstance(read(post(referenced_tweets=[{"type": "retweeted", "id": "9"}])), Ignored)
    assert isinstance(read(dm(event_type="ParticipantsJoin")), Ignored)


def test_the_older_webhook_shapes_are_read() -> None:
    older = {
        "for_user_id": "1",
        "direct_message_events": [
            {
                "type": "message_create",
                "id": "300",
                "created_timestamp": "1795341600000",
                "message_create": {"sender_id": "42", "message_data": {"text": "Un trou"}},
            }
        ],
        "users": {"42": {"name": "Anne", "screen_name": "anne"}},
    }
    read = message(older)
    assert (read.text, read.sender, read.sender_name) == ("Un trou", "@anne", "Anne")
    user = {"id_str": "42", "screen_name": "anne"}
    tweets = {"tweet_create_events": [{"id_str": "5", "text": "@x trou", "user": user}]}
    assert message(tweets).public


@pytest.mark.parametrize(
    "data",
    [
        [],
        3,
        {"data": [{"id": "x", "sender_id": "4"}]},
        {"data": "x"},
        dm(text=5),
        post(author_id=7),
    ],
)
def test_a_malformed_event_is_kept_and_not_read(data: object) -> None:
    [envelope] = CHANNEL.open_raw(json.dumps(data).encode(), NOW)
    with pytest.raises(UnreadablePayload):
        CHANNEL.receive(envelope)


@pytest.mark.parametrize(("kind", "public"), [("dm", False), ("mention", True)])
def test_what_is_composed_is_what_x_would_tell(kind: str, public: bool) -> None:
    envelope = CHANNEL.compose(
        Stated(sender="@anne", text="Un arbre", kind=kind, at=NOW, attachments=("a.jpg",))
    )
    [event] = CHANNEL.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.public) == ("Un arbre", public)
    assert len(event.message.attachments) == 1


# --- with the simulator --------------------------------------------------------------------------


@pytest.fixture
async def simulator() -> AsyncIterator[XSimulator]:
    async with XSimulator() as simulator:
        yield simulator


@pytest.fixture
def saved() -> list[Tokens]:
    return []


@pytest.fixture
async def x(simulator: XSimulator, saved: list[Tokens]) -> AsyncIterator[X]:
    class Kept(Forgetful):
        async def rotate(self, used: Tokens, renew: Renew) -> Tokens:
            saved.append(await renew(used))
            return saved[-1]

    settings = XSettings(
        access_token=SecretStr(simulator.bearer),
        refresh_token=SecretStr(simulator.refresh_token),
        client_id=simulator.keys.client_id,
        base_url=simulator.base_url,
        deadline_s=0.5,
        per_second=100,
        poll_s=0,
    )
    channel = X(settings, ACCOUNT, WallClock(), Kept())
    yield channel
    await channel.close()


def now() -> datetime:
    return NOW


async def send(x: X, whole: Delivery) -> SendOutcome:
    [part] = x.render(whole)
    return await x.send(part, whole.idem)


async def test_what_is_new_comes_once_and_oldest_first(simulator: XSimulator, x: X) -> None:
    await simulator.dm("anne", "Un")
    await simulator.dm("anne", "Deux")
    await simulator.mention("bob", "Trois")
    pulled = await x.pull("", now)
    events = [x.receive(envelope)[0] for envelope in pulled.envelopes]
    texts = [event.message.text_shown for event in events if isinstance(event, MessageReceived)]
    assert texts == ["Un", "Deux", "Trois"]
    again = await x.pull(pulled.cursor, now)
    assert (again.envelopes, again.cursor) == ((), pulled.cursor)
    await simulator.dm("anne", "Quatre")
    assert len((await x.pull(pulled.cursor, now)).envelopes) == 1


async def test_a_private_answer_arrives(simulator: XSimulator, x: X) -> None:
    outcome = await send(x, delivery(simulator.person("anne")))
    [received] = simulator.received("anne")
    assert outcome == Sent((received.id,))
    assert received.kind == "dm"


async def test_a_public_answer_is_one_short_post_without_links(simulator: XSimulator, x: X) -> None:
    post_id = await simulator.mention("anne", "un trou")
    text = "Merci ! https://guichet.example/suivi/1 " + "Écrivez-nous en privé 🙂. " * 30
    await send(x, delivery(simulator.person("anne"), "mention", text=text, refs=(post_id,)))
    [received] = simulator.received("anne")
    assert (received.kind, received.reply_to) == ("reply", post_id)
    assert "http" not in received.text
    assert weight(received.text) <= 280


async def test_a_public_answer_needs_a_post(x: X) -> None:
    assert isinstance(await send(x, delivery("42", "mention")), Permanent)
    assert isinstance(await send(x, delivery("anne")), Permanent)


async def test_refusals_and_limits(simulator: XSimulator, x: X) -> None:
    whole = delivery(simulator.person("anne"))
    simulator.faults.push("429", retry_after=30)
    throttled = await send(x, whole)
    assert isinstance(throttled, Retry)
    assert throttled.throttled
    assert throttled.after_s is not None
    assert 25 <= throttled.after_s <= 31
    simulator.faults.push("5xx")
    assert isinstance(await send(x, whole), Retry)
    simulator.refuse_dms("anne")
    refused = await send(x, whole)
    assert isinstance(refused, Permanent)
    assert refused.code == "blocked"


@pytest.mark.parametrize("fault", ["hang", "cut-after-accept"])
async def test_an_unknown_outcome_is_settled_by_asking_x(
    simulator: XSimulator, x: X, fault: str
) -> None:
    whole = delivery(simulator.person("anne"))
    simulator.faults.push(fault)
    assert isinstance(await send(x, whole), Unknown)
    found = await x.find(whole, "i7")
    received = simulator.received("anne")
    assert found == (Sent((received[0].id,)) if fault == "cut-after-accept" else None)


@pytest.mark.parametrize("fault", ["hang", "cut-after-accept"])
async def test_a_public_answer_of_unknown_outcome_is_looked_for_before_it_is_posted_again(
    simulator: XSimulator, x: X, fault: str
) -> None:
    post_id = await simulator.mention("anne", "un trou")
    whole = delivery(simulator.person("anne"), "mention", refs=(post_id,))
    simulator.faults.push(fault)
    assert isinstance(await send(x, whole), Unknown)
    found = await x.find(whole, "i7")
    received = simulator.received("anne")
    assert found == (Sent((received[0].id,)) if fault == "cut-after-accept" else None)


async def test_an_answer_to_another_post_is_not_taken_for_this_one(
    simulator: XSimulator, x: X
) -> None:
    first, second = [await simulator.mention("anne", text) for text in ("un trou", "deux trous")]
    anne = simulator.person("anne")
    assert isinstance(await send(x, delivery(anne, "mention", refs=(first,))), Sent)
    assert await x.find(delivery(anne, "mention", refs=(second,)), "i7") is None


@pytest.mark.parametrize("kind", ["dm", "mention"])
@pytest.mark.parametrize("status", [502, 504])
async def test_what_stands_between_us_and_x_does_not_know_whether_it_left(
    simulator: XSimulator, x: X, kind: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id = await simulator.mention("anne", "un trou")
    whole = delivery(simulator.person("anne"), kind, refs=(post_id,))
    spoil(monkeypatch, status)
    assert isinstance(await send(x, whole), Unknown)
    assert isinstance(await x.find(whole, "i7"), Sent)


async def test_a_private_message_whose_link_x_has_shortened_is_found(
    simulator: XSimulator, x: X
) -> None:
    anne = simulator.person("anne")
    simulator.faults.push("cut-after-accept")
    whole = delivery(anne, text="Suivi : https://guichet.example/suivi/1 .\nMerci.")
    assert isinstance(await send(x, whole), Unknown)
    [event] = [e for e in simulator.spoken("anne") if e["sender_id"] == simulator.user_id]
    event["text"] = "Suivi : https://t.co/Ab12Cd34Ef .\nMerci."
    assert isinstance(await x.find(whole, "i7"), Sent)


async def test_a_post_whose_answer_cannot_be_read_is_paid_for(
    simulator: XSimulator, x: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, 201, b"{")
    await send(x, delivery(simulator.person("anne")))
    assert x._budget._spent == pytest.approx(0.015)


async def test_spent_tokens_are_changed_once_and_saved(
    simulator: XSimulator, x: X, saved: list[Tokens]
) -> None:
    simulator.expire_access()
    assert (await x.health()).ok
    assert (await x.health()).ok
    [tokens] = saved
    assert tokens.refresh == simulator.refresh_token
    assert tokens.access != simulator.keys.access_token


async def test_tokens_that_cannot_be_changed_wait_for_the_operator(
    simulator: XSimulator, x: X
) -> None:
    simulator.expire_access()
    simulator.faults.push("5xx", on="token")
    assert isinstance(await send(x, delivery(simulator.person("anne"))), Retry)


async def test_a_provider_in_trouble_is_a_connection_error(simulator: XSimulator, x: X) -> None:
    simulator.faults.push("5xx", on="poll")
    with pytest.raises(ConnectionError):
        await x.pull("", now)
    simulator.faults.push("hang", on="poll")
    with pytest.raises(ConnectionError):
        await x.pull("", now)


async def test_a_photo_is_fetched_up_to_the_limit(simulator: XSimulator, x: X) -> None:
    await simulator.dm("anne", "Voilà", photo=b"\xff\xd8photo")
    [envelope] = (await x.pull("", now)).envelopes
    [event] = x.receive(envelope)
    assert isinstance(event, MessageReceived)
    [photo] = event.message.attachments
    assert await x.fetch_media(envelope, photo, 100) == b"\xff\xd8photo"
    for spoilt, limit in ((photo, 3), (replace(photo, ref="http://169.254.169.254/"), 100)):
        with pytest.raises(InvalidInput):
            await x.fetch_media(envelope, spoilt, limit)
