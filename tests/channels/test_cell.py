"""Cases go to another installation as signed words, and what it says is read, or kept for an agent."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cell_door import Door
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from channels.cell.channel import Cell, CellSettings
from demo.cell import KEY, CellSimulator
from demo.clock import WallClock
from router.cells import Word
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import CellSaid, InboundEvent, MessageReceived
from router.message import Address, Attachment, Envelope, WebhookRequest
from router.tracking import from_bits, printed

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
OTHER = "whsec_" + base64.b64encode(b"une autre cle, pour la rotation").decode()
TOKEN = "p.7k4mq2xd9tc.abcdefgh.a.0123456789abcdef"
NUMBER = from_bits(7)
IDEM = "ab" * 20
SHEET: dict[str, Any] = {
    "kind": "forward",
    "number": NUMBER,
    "text": "Chauffage en panne",
    "place": {"street": "15 rue des Alouettes"},
    "files": [{"inbound": 3, "ref": "secret-ref", "name": "photo.jpg", "media_type": "image/jpeg"}],
}
BACK = sorted(set(Word) - {Word.OFFER, Word.ADDITION})


@dataclass
class Clock:
    """A clock that stands beside the real one."""

    ticks: float = 0.0
    late: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return WallClock().now() + self.late

    def monotonic(self) -> float:
        return self.ticks


def channel_to(url: str, *, keys: dict[str, str] | None = None, **settings: Any) -> Cell:
    given = {
        "keys": {name: SecretStr(key) for name, key in ({"c1": KEY} if keys is None else keys).items()},
        "base_url": url, "allow_private": True, "deadline_s": 2.0,
    }  # fmt: skip
    return Cell(CellSettings(**{**given, **settings}), "metropole", "nantes", Clock())


@asynccontextmanager
async def other(**settings: Any) -> AsyncIterator[tuple[CellSimulator, Cell]]:
    async with CellSimulator() as server:
        channel = channel_to(server.url, **settings)
        yield server, channel
        await channel.close()


@pytest.fixture
async def door() -> AsyncIterator[tuple[Door, Cell]]:
    """A server that says what it is told to, and a channel that calls it."""
    async with Door() as server:
        channel = channel_to(server.url)
        yield server, channel
        await channel.close()


def delivery(
    word: str = "offer", *, transfer: dict[str, Any] | None = None, **sheet: Any
) -> Delivery:
    said = {"word": word, "from": "nantes", "to": "metropole", "number": NUMBER, "epoch": 1}
    return Delivery(
        id=1, idem=IDEM, lane="lane", kind=DeliveryKind.FORWARD, text="",
        address=Address("cell", "metropole", "metropole"), created_at=NOW, case_id=1,
        reply_token=TOKEN, data=json.dumps({**SHEET, **sheet, "transfer": said | (transfer or {})}),
    )  # fmt: skip


async def send(channel: Cell, word: str = "offer", **given: Any) -> Any:
    [part] = channel.render(delivery(word, **given))
    return await channel.send(part, part.delivery.idem)


def call(server: CellSimulator, body: bytes, id: str = "m1") -> WebhookRequest:
    return WebhookRequest("POST", "https://x/", server.door.signed(id, body), body)


def read(channel: Cell, envelopes: Sequence[Envelope]) -> InboundEvent:
    [envelope] = envelopes
    [event] = channel.receive(envelope)
    return event


# --- out -----------------------------------------------------------------------------------------


async def test_a_word_is_signed_so_that_the_standards_own_library_checks_it(
    door: tuple[Door, Cell],
) -> None:
    server, channel = door
    assert await send(channel) == Sent((f"metropole#{IDEM}",))
    [came] = server.calls
    assert (came.method, came.path) == ("POST", "/webhooks/cell/nantes")
    said = Webhook(KEY).verify(came.body, dict(came.headers))
    assert said["id"] == came.headers["webhook-id"] == came.headers["idempotency-key"] == IDEM
    assert said["transfer"] == {
        "word": "offer", "from": "nantes", "to": "metropole", "number": NUMBER, "epoch": 1,
    }  # fmt: skip


async def test_a_word_is_signed_anew_at_each_try_and_has_the_same_id(
    door: tuple[Door, Cell],
) -> None:
    server, channel = door
    await send(channel)
    channel._clock.late = timedelta(hours=3)  # type: ignore[attr-defined]
    await send(channel)
    once, again = server.calls
    assert once.body == again.body
    assert once.headers["webhook-id"] == again.headers["webhook-id"]
    assert (
        int(again.headers["webhook-timestamp"]) - int(once.headers["webhook-timestamp"]) >= 10_800
    )
    assert once.headers["webhook-signature"] != again.headers["webhook-signature"]


async def test_a_word_that_comes_again_counts_once() -> None:
    async with other() as (server, channel):
        server.faults.push("cut-after-accept")
        assert isinstance(await send(channel), Unknown)
        assert isinstance(await send(channel), Sent)
        assert (server.door.posted, list(server.words)) == (2, [IDEM])


async def test_files_are_told_by_where_they_are_fetched_and_by_nothing_of_ours() -> None:
    async with other() as (server, channel):
        await send(channel)
        [said] = server.words.values()
    [file] = said["case"]["files"]
    assert file["path"].startswith(f"/p/{TOKEN}/fichier/3-")
    assert file.keys() == {"name", "media_type", "size", "path"}
    assert "secret-ref" not in json.dumps(said)


async def test_photos_of_an_end_are_told_by_the_number_that_its_page_has() -> None:
    async with other() as (server, channel):
        await send(channel, "status", transfer={"status": "resolved"})
        [said] = server.words.values()
    [file] = said["case"]["files"]
    assert file["path"].startswith(f"/suivi/{NUMBER}/photo/3-")


@pytest.mark.parametrize("word", BACK)
async def test_words_back_say_nothing_of_the_sheet(word: str) -> None:
    async with other() as (server, channel):
        await send(channel, word, reporters=[{"name": "Léa", "address": "lea@x.example"}], files=[])
        [said] = server.words.values()
    assert said["case"] == {"files": []}
    assert "Léa" not in json.dumps(said, ensure_ascii=False)


async def test_people_are_told_only_where_the_transfer_names_them() -> None:
    person = {"channel": "sms", "value": "+33612345678", "name": "Léa", "language": "fr"}
    async with other() as (server, channel):
        await send(channel)
        [part] = channel.render(delivery(transfer={"people": [person]}))
        await channel.send(part, "cd" * 20)
        without, named = server.words.values()
    assert "people" not in without["transfer"]
    assert "33612345678" not in json.dumps(without)
    assert named["transfer"]["people"] == [person]
    assert "33612345678" not in json.dumps(named["case"])


async def test_without_a_key_nothing_leaves() -> None:
    async with other(keys={}) as (server, channel):
        assert isinstance(await send(channel), Permanent)
        assert (await channel.health()).sentence == "metropole : il manque un réglage (keys)."
        assert (server.door.posted, server.door.pings) == (0, 0)


async def test_one_that_knows_only_one_of_two_keys_takes_the_word() -> None:
    for keys in ({"c1": KEY, "c2": OTHER}, {"c2": OTHER, "c1": KEY}):
        async with other(keys=keys, current="c2") as (server, channel):
            assert isinstance(await send(channel), Sent)
            server.door.keys = {"c2": OTHER}
            assert isinstance(await send(channel), Sent)


async def test_a_private_address_needs_leave() -> None:
    async with other(allow_private=False) as (server, channel):
        assert isinstance(await send(channel), Permanent)
        assert server.door.posted == 0


async def test_one_that_fails_rests_and_then_gets_its_words() -> None:
    async with other(failures=2, rest_s=60) as (server, channel):
        server.faults.push("5xx", times=2)
        assert not (await send(channel)).throttled
        assert (await send(channel)).throttled
        assert "ne répond pas" in channel.trouble
        held = await send(channel)
        assert isinstance(held, Retry)
        assert held.held
        assert server.door.posted == 0
        channel._clock.ticks = 61  # type: ignore[attr-defined]
        assert isinstance(await send(channel), Sent)
        assert channel.trouble == ""


# --- in ------------------------------------------------------------------------------------------


async def test_every_word_back_is_read_as_what_was_said() -> None:
    async with other() as (server, channel):
        for word in BACK:
            body = server.body(word, NUMBER, 3, incarnation=2, sequence=5, status="answered",
                               text="Fait.", instead="eau", speaks=True)  # fmt: skip
            request = call(server, body)
            channel.verify(request)
            event = read(channel, channel.open_raw(body, NOW, "m1"))
            assert event == CellSaid(
                "metropole", Word(word), NUMBER, 3, (2, 5), "answered", "Fait.", "eau", True
            )


async def test_an_offer_and_an_addition_are_messages_of_one_case() -> None:
    async with other() as (server, channel):
        offer = server.body(
            "offer", NUMBER, 3, hops=["angers", "metropole"], case={"text": "Un trou"}
        )
        more = server.body("addition", NUMBER, 3, case={"text": "Un trou", "added": "Plus grand"})
        one, two = (read(channel, channel.open(call(server, b), NOW)) for b in (offer, more))
    assert isinstance(one, MessageReceived)
    assert isinstance(two, MessageReceived)
    assert one.message.offer is not None
    assert (one.message.offer.epoch, one.message.offer.hops) == (3, ("angers", "metropole"))
    assert (one.message.text, two.message.text, two.message.offer) == (
        "Un trou",
        "Plus grand",
        None,
    )
    assert two.message.thread.refs == (one.message.ref,)


async def test_what_the_standards_own_library_signs_is_taken() -> None:
    async with other() as (server, channel):
        body, now = server.body("accept", NUMBER, 1), WallClock().now()
        headers = {
            "webhook-id": "m1", "webhook-timestamp": str(int(now.timestamp())),
            "webhook-key-id": "c1", "webhook-signature": Webhook(KEY).sign("m1", now, body.decode()),
        }  # fmt: skip
        request = WebhookRequest("POST", "https://x/", headers, body)
        channel.verify(request)
        for wrong in (body + b" ", b"", b"{}"):
            with pytest.raises(InvalidSignature):
                channel.verify(WebhookRequest("POST", "https://x/", headers, wrong))
        channel._clock.late = timedelta(minutes=6)  # type: ignore[attr-defined]
        with pytest.raises(InvalidSignature):
            channel.verify(request)


@pytest.mark.parametrize("spelt", [
    NUMBER, NUMBER.lower(), printed(NUMBER), f" {printed(NUMBER).lower()} ",
    NUMBER.replace("0", "O"), NUMBER.replace("0", "o"), printed(NUMBER).replace("-", " "),
])  # fmt: skip
async def test_a_number_in_any_spelling_is_the_same_case_in_the_same_order(spelt: str) -> None:
    async with other() as (server, channel):
        [known] = channel.open(call(server, server.body("accept", NUMBER, 1)), NOW)
        [envelope] = channel.open(call(server, server.body("status", spelt, 1)), NOW)
        [event] = channel.receive(envelope)
    assert envelope.conversation == known.conversation
    assert isinstance(event, CellSaid)
    assert event.number == NUMBER


@pytest.mark.parametrize("wrong", [
    {"word": "END"}, {"word": "delete"}, {"word": None}, {"word": ["offer"]},
    {"number": "7000000000A"}, {"number": 3}, {"number": ""}, {"number": "7" * 5000},
    {"epoch": -1}, {"epoch": "un"}, {"epoch": 2**31}, {"epoch": None}, {"epoch": 1.5},
    {"hops": "angers"}, {"hops": ["a"] * 101}, {"hops": [["a"]]}, {"to": None}, {"to": "x" * 101},
    {"people": [{"channel": "sms"}]}, {"people": [{"channel": "sms", "value": ""}]}, {"people": "Léa"},
    {"sequence": -1}, {"incarnation": 2**62}, {"text": "x" * 100_001}, {"status": ["resolved"]},
    {"public_number": "7000000000A"},
])  # fmt: skip
async def test_what_is_no_word_is_kept_for_an_agent(wrong: dict[str, Any]) -> None:
    async with other() as (server, channel):
        said = json.loads(server.body("offer", NUMBER, 1))
        body = json.dumps({**said, "transfer": {**said["transfer"], **wrong}}).encode()
        request = call(server, body)
        channel.verify(request)
        [envelope] = channel.open(request, NOW)
        with pytest.raises(UnreadablePayload):
            channel.receive(envelope)


@pytest.mark.parametrize("at", [
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+00:00",
    "2026-11-25T10:00:00", "hier", 3, None, "2026-13-45T00:00:00Z",
])  # fmt: skip
async def test_a_moment_that_cannot_be_is_when_the_word_came(at: object) -> None:
    async with other() as (server, channel):
        body = server.body("offer", NUMBER, 1, case={"text": "Un trou", "received_at": at})
        event = read(channel, channel.open_raw(body, NOW))
    assert isinstance(event, MessageReceived)
    assert event.message.received_at == NOW


async def test_the_moment_at_which_the_person_wrote_is_kept() -> None:
    async with other() as (server, channel):
        case = {"text": "Un trou", "received_at": "2026-11-20T11:00:00+01:00"}
        event = read(channel, channel.open_raw(server.body("offer", NUMBER, 1, case=case), NOW))
    assert isinstance(event, MessageReceived)
    assert event.message.received_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


async def test_the_end_of_an_agreement_is_said_by_our_own_operator_alone() -> None:
    async with other() as (server, channel):
        body = server.body("end", NUMBER, 1)
        request = call(server, body)
        channel.verify(request)
        [envelope] = channel.open(request, NOW)
        with pytest.raises(UnreadablePayload):
            channel.receive(envelope)
        own = read(channel, channel.open_raw(body, NOW, "end:1:1"))
    assert isinstance(own, CellSaid)
    assert own.word is Word.END


async def test_a_ping_is_not_kept_and_must_be_meant_for_us() -> None:
    async with other() as (server, channel):
        for to, meant in (("nantes", True), ("rezé", False), ("", False), (None, False)):
            body = json.dumps(
                {"transfer": {"word": "ping", "from": "metropole", "to": to}}
            ).encode()
            request = call(server, body)
            assert channel.open(request, NOW) == ()
            if meant:
                channel.verify(request)
                continue
            with pytest.raises(InvalidSignature):
                channel.verify(request)


# --- files ---------------------------------------------------------------------------------------


def file_at(ref: str) -> Attachment:
    return Attachment("a.jpg", "image/jpeg", 9, ref)


ENVELOPE = Envelope("cell", "metropole", "m1", "cell|metropole|x", b"", NOW)


@pytest.mark.parametrize(
    "path", [f"/p/{TOKEN}/fichier/3-abcdef01", f"/suivi/{NUMBER}/photo/3-abcdef01"]
)
async def test_a_file_is_fetched_from_where_cases_show_files(
    door: tuple[Door, Cell], path: str
) -> None:
    server, channel = door
    server.says(200, b"picture")
    assert await channel.fetch_media(ENVELOPE, file_at(path), 7) == b"picture"
    assert [(one.method, one.path) for one in server.calls] == [("GET", path)]


@pytest.mark.parametrize("path", [
    "", "/", "/desk/v1/tasks", f"/p/{TOKEN}", f"p/{TOKEN}/fichier/3", f"/p/{TOKEN}/fichier/",
    f"/p/{TOKEN}/fichier/../../desk", "/p/../fichier/3", "/p/./fichier/3", "/p//fichier/3",
    f"/p/{TOKEN}/fichier/3?x=1", f"/p/{TOKEN}/fichier/3#x", f"/p/{TOKEN}/fichier/3\n",
    f"@evil.example/p/{TOKEN}/fichier/3", f".evil.example/p/{TOKEN}/fichier/3",
    f"https://evil.example/p/{TOKEN}/fichier/3", f"//evil.example/p/{TOKEN}/fichier/3",
    f"/suivi/{NUMBER}", "/suivi/../photo/3", f"/suivi/{NUMBER}/photo/%2e%2e", f"/p/{TOKEN}/photo/3",
    f"/p/{'x' * 200}/fichier/3", f"/p/{TOKEN}/fichier/{'x' * 200}", "/p/é/fichier/3",
])  # fmt: skip
async def test_nothing_else_is_asked_of_anybody(door: tuple[Door, Cell], path: str) -> None:
    server, channel = door
    with pytest.raises(InvalidInput):
        await channel.fetch_media(ENVELOPE, file_at(path), 100)
    assert server.calls == []


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, {}), (403, {}), (500, {}), (204, {}), (302, {"location": "http://127.0.0.1:9/x"})],
)
async def test_a_file_that_is_not_there_is_told_in_french(
    door: tuple[Door, Cell], status: int, headers: dict[str, str]
) -> None:
    server, channel = door
    server.says(status, b"", **headers)
    with pytest.raises(InvalidInput, match=f"« metropole » a répondu {status}"):
        await channel.fetch_media(ENVELOPE, file_at(f"/p/{TOKEN}/fichier/3"), 100)
    assert len(server.calls) == 1


async def test_a_file_larger_than_the_limit_is_given_up(door: tuple[Door, Cell]) -> None:
    server, channel = door
    server.says(200, b"x" * 101)
    with pytest.raises(InvalidInput, match="plus de 100 octets"):
        await channel.fetch_media(ENVELOPE, file_at(f"/p/{TOKEN}/fichier/3"), 100)


async def test_a_file_that_never_comes_is_given_up(door: tuple[Door, Cell]) -> None:
    server, channel = door
    server.hangs = True
    async with asyncio.timeout(5):
        with pytest.raises(InvalidInput, match="« metropole »"):
            await channel.fetch_media(ENVELOPE, file_at(f"/p/{TOKEN}/fichier/3"), 100)


# --- health --------------------------------------------------------------------------------------


async def test_the_self_test_is_a_signed_ping_under_both_names(door: tuple[Door, Cell]) -> None:
    server, channel = door
    assert (await channel.health()).sentence == "metropole répond à un message signé."
    [came] = server.calls
    said = Webhook(KEY).verify(came.body, dict(came.headers))
    assert said["transfer"] == {"word": "ping", "from": "nantes", "to": "metropole"}


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "metropole ne connaît aucune installation du nom de « nantes »."),
        (403, "metropole refuse notre clé, ou ne s'appelle pas « metropole »."),
        (503, "metropole a répondu 503."),
        (302, "metropole a répondu 302."),
    ],
)
async def test_the_doctor_is_told_what_the_other_said(
    door: tuple[Door, Cell], status: int, sentence: str
) -> None:
    server, channel = door
    server.says(status, b"")
    health = await channel.health()
    assert (health.ok, health.sentence) == (False, sentence)


async def test_the_doctor_is_told_of_a_wrong_clock(door: tuple[Door, Cell]) -> None:
    server, channel = door
    server.says(403, b"")
    channel._clock.late = timedelta(minutes=20)  # type: ignore[attr-defined]
    assert "20 min" in (await channel.health()).sentence


async def test_the_doctor_is_told_that_nobody_answers() -> None:
    channel = channel_to("http://127.0.0.1:9")
    health = await channel.health()
    await channel.close()
    assert not health.ok
    assert health.sentence.startswith("metropole ")
    assert health.sentence.endswith(".")


async def test_the_doctor_is_told_of_a_missing_address() -> None:
    channel = channel_to("")
    assert (await channel.health()).sentence == "metropole : il manque un réglage (base_url)."


async def test_the_doctor_is_told_when_the_agreement_ends_and_that_it_has() -> None:
    today = WallClock().now().date()
    for until, ok in (
        (today, True),
        (today - timedelta(days=1), False),
        (date(2099, 12, 31), True),
    ):
        async with other(until=until) as (_, channel):
            health = await channel.health()
        assert health.ok is ok
        assert f"{until:%d/%m/%Y}" in health.sentence
        assert ("guichet cells end metropole" in health.sentence) is not ok
