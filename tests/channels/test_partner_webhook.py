"""Cases leave as signed messages that any library of Standard Webhooks can check, and come back as acts."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook

from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings
from channels.webhook_signature import Ring
from demo.clock import WallClock
from demo.partner import KEY, PartnerSimulator
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, Sent
from router.errors import ConfigurationError, InvalidSignature, UnreadablePayload
from router.events import PartnerActed
from router.message import Address, WebhookRequest

ACCOUNT = "https://metier.partenaire.example/cases"
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
OTHER = "whsec_" + base64.b64encode(b"une autre cle, pour la rotation").decode()
TOKEN = "p.7k4mq2xd9tc.abcdefgh.a.0123456789abcdef"
SHEET: dict[str, Any] = {
    "kind": "forward",
    "number_printed": "7K4M-Q2XD-9TC",
    "text": "Chauffage en panne, appelez le 06 12 34 56 78",
    "place": {"street": "15 rue des Alouettes"},
    "files": [{"inbound": 3, "ref": "secret-ref", "name": "photo.jpg", "media_type": "image/jpeg"}],
}


@dataclass
class Clock:
    """A clock that stands beside the real one."""

    ticks: float = 0.0

    def now(self) -> datetime:
        return WallClock().now()

    def monotonic(self) -> float:
        return self.ticks


@asynccontextmanager
async def partner(
    keys: dict[str, str] | None = None, **settings: Any
) -> AsyncIterator[tuple[PartnerSimulator, PartnerWebhook]]:
    async with PartnerSimulator() as server:
        ring = {name: SecretStr(key) for name, key in (keys or server.keys).items()}
        given = {"keys": ring, "base_url": server.url, "allow_private": True, "deadline_s": 2.0}
        channel = PartnerWebhook(
            PartnerWebhookSettings(**{**given, **settings}), ACCOUNT, "https://guichet.example", Clock()
        )  # fmt: skip
        yield server, channel
        await channel.close()


def delivery(**sheet: Any) -> Delivery:
    return Delivery(
        id=1, idem="ab" * 20, lane="lane", kind=DeliveryKind.FORWARD, text="",
        address=Address("partner_webhook", ACCOUNT, ACCOUNT), created_at=NOW, case_id=1,
        reply_token=TOKEN, data=json.dumps({**SHEET, **sheet}),
    )  # fmt: skip


async def send(channel: PartnerWebhook, **sheet: Any) -> Any:
    [part] = channel.render(delivery(**sheet))
    return await channel.send(part, part.delivery.idem)


# --- out -----------------------------------------------------------------------------------------


async def test_a_case_arrives_with_what_may_be_seen_and_how_to_answer() -> None:
    async with partner() as (server, channel):
        assert await send(channel) == Sent((f"{ACCOUNT}#{'ab' * 20}",))
        [message] = server.received()
    assert (message.type, message.name) == ("case.forward", TOKEN)
    assert message.case["number_printed"] == "7K4M-Q2XD-9TC"
    [file] = message.case["files"]
    assert file["url"].startswith(f"https://guichet.example/p/{TOKEN}/fichier/3-")
    assert "secret-ref" not in json.dumps(message.case)


async def test_more_words_of_the_person_are_another_type_of_message() -> None:
    async with partner() as (server, channel):
        await send(channel, added="C'est pire")
        [message] = server.received()
    assert (message.type, message.case["added"]) == ("case.addition", "C'est pire")


async def test_a_message_that_comes_again_has_the_same_key_and_counts_once() -> None:
    async with partner() as (server, channel):
        await send(channel)
        await send(channel)
        assert (server.posted, len(server.received())) == (2, 1)


async def test_without_a_key_nothing_leaves() -> None:
    async with partner(keys={"k1": KEY}) as (server, _):
        bare = PartnerWebhook(
            PartnerWebhookSettings(base_url=server.url, allow_private=True), ACCOUNT, "x", Clock()
        )  # fmt: skip
        assert isinstance(await send(bare), Permanent)
        assert not (await bare.health()).ok
        assert server.posted == 0


async def test_a_partner_that_knows_only_one_of_two_keys_takes_the_message() -> None:
    for keys in ({"k1": KEY, "k2": OTHER}, {"k2": OTHER, "k1": KEY}):
        async with partner(keys=keys, current="k2") as (server, channel):
            assert isinstance(await send(channel), Sent)
            server.keys = {"k2": OTHER}
            assert isinstance(await send(channel), Sent)


async def test_a_private_address_needs_leave() -> None:
    async with partner(allow_private=False) as (server, channel):
        assert isinstance(await send(channel), Permanent)
        assert server.posted == 0


async def test_a_partner_that_fails_rests_and_then_gets_its_messages() -> None:
    async with partner(failures=2, rest_s=60) as (server, channel):
        server.faults.push("5xx", times=2)
        assert not (await send(channel)).throttled
        assert (await send(channel)).throttled
        held = await send(channel)
        assert isinstance(held, Retry)
        assert server.posted == 0
        channel._clock.ticks = 61  # type: ignore[misc, attr-defined]
        assert isinstance(await send(channel), Sent)


async def test_the_self_test_is_a_signed_ping() -> None:
    async with partner() as (server, channel):
        assert (await channel.health()).ok
        assert (server.pings, server.received()) == (1, [])
        server.keys = {"k9": OTHER}
        health = await channel.health()
    assert (health.ok, "401" in health.sentence) == (False, True)


# --- signatures ----------------------------------------------------------------------------------


def test_the_standards_own_library_checks_what_we_sign() -> None:
    body = json.dumps({"case": "é"}).encode()
    headers = Ring({"k1": KEY}).headers("msg_1", WallClock().now(), body)
    assert Webhook(KEY).verify(body, headers) == {"case": "é"}


def test_we_check_what_the_standards_own_library_signs() -> None:
    body = '{"act": "accept"}'
    signature = Webhook(KEY).sign("msg_1", NOW, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())),
               "webhook-key-id": "k1", "webhook-signature": signature}  # fmt: skip
    assert Ring({"k1": KEY}).check(headers, body.encode(), NOW, 300) == "msg_1"


@given(st.binary(max_size=50), st.binary(max_size=50), st.integers(-1000, 1000))
def test_only_the_same_body_within_the_window_is_genuine(
    signed: bytes, came: bytes, late: int
) -> None:
    ring = Ring({"k1": KEY, "k2": OTHER}, "k2")
    headers = ring.headers("m", NOW, signed)
    try:
        ring.check(headers, came, NOW + timedelta(seconds=late), 300)
        genuine = True
    except InvalidSignature:
        genuine = False
    assert genuine == (signed == came and abs(late) <= 300)


@pytest.mark.parametrize("named", [{}, {"webhook-key-id": ""}])
def test_who_names_no_key_is_checked_against_each_of_his(named: dict[str, str]) -> None:
    """The standard's own libraries name none."""
    signature = Webhook(OTHER).sign("msg_1", NOW, "{}")
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())), **named}
    headers["webhook-signature"] = signature
    assert Ring({"k1": KEY, "k2": OTHER}, "k1").check(headers, b"{}", NOW, 300) == "msg_1"
    with pytest.raises(InvalidSignature):
        Ring({"k1": KEY}).check(headers, b"{}", NOW, 300)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-key-id",
                                  "webhook-signature"])  # fmt: skip
@pytest.mark.parametrize("value", [None, "", "x", "é" * 20, "\udcff", "k2", "v1,", "9" * 400])
def test_a_header_that_is_missing_or_odd_is_no_signature(name: str, value: str | None) -> None:
    ring = Ring({"k1": KEY})
    headers = ring.headers("m", NOW, b"{}")
    if name == "webhook-key-id" and not value:
        return  # each key is tried then
    changed = {n: v for n, v in {**headers, name: value}.items() if v is not None}
    with pytest.raises(InvalidSignature):
        ring.check(changed, b"{}", NOW, 300)


@pytest.mark.parametrize("key", ["", "whsec_", "pas de base 64", base64.b64encode(b"x").decode()])
def test_a_key_that_is_none_is_told_at_the_start(key: str) -> None:
    with pytest.raises(ConfigurationError):
        Ring({"k1": key})
    with pytest.raises(ValidationError) as told:
        PartnerWebhookSettings(keys={"k1": SecretStr(key)})
    assert len(key) < 8 or key not in str(told.value)


def test_the_current_key_must_be_one_of_them() -> None:
    with pytest.raises(ConfigurationError):
        Ring({"k1": KEY}, "k2")


# --- in ------------------------------------------------------------------------------------------


async def test_an_act_is_read_with_everything_that_it_says() -> None:
    async with partner() as (server, channel):
        said = {"case": TOKEN, "act": "close", "text": "Réparé.", "reference": "A-1",
                "attachments": [{"name": "p.jpg", "media_type": "image/jpeg", "size": 9, "ref": "r"}]}  # fmt: skip
        body = json.dumps(said).encode()
        request = WebhookRequest("POST", "https://x/", server.signed("m1", body), body)
        channel.verify(request)
        [envelope] = channel.open(request, NOW)
        [act] = channel.receive(envelope)
    assert isinstance(act, PartnerActed)
    assert envelope.provider_id == "m1"
    assert (act.token, act.act, act.text, act.reference) == (TOKEN, "close", "Réparé.", "A-1")
    assert [file.ref for file in act.attachments] == ["r"]


@pytest.mark.parametrize("said", [{}, {"case": 3, "act": "close"}, {"case": "x", "act": "close"},
                                  {"case": TOKEN, "act": "delete"}, {"case": TOKEN}])  # fmt: skip
async def test_what_is_no_act_is_kept_for_an_agent(said: Any) -> None:
    async with partner() as (_, channel):
        [envelope] = channel.open_raw(json.dumps(said).encode(), NOW)
        with pytest.raises(UnreadablePayload):
            channel.receive(envelope)
