"""What fuzzing found, each once: a payload that stopped a channel, or an answer that was misread."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from channel_harnesses import NOW, SIGNER, Entry, Harness
from channel_harnesses import REGISTRY as CHANNELS
from fuzz_answers import spoilt
from fuzz_laws import reads

from router.delivery import Retry, Unknown
from router.errors import UnreadablePayload
from router.events import InboundEvent, MessageReceived, ReceiptReceived
from router.message import Location
from router.tracking import from_bits

REGISTRY = {entry.name: entry for entry in CHANNELS}
ACT = {"case": "p" * 30, "act": "close"}
UPDATE = {"message_id": 7, "date": 1, "chat": {"id": 42}, "from": {"id": 42}}
SMS = {"MessageSid": "SM1", "From": "+33612345678", "Body": "Un trou"}
RECEIPT = {"MessageSid": "SM1", "To": "+33612345678", "MessageStatus": "sent"}
DM = {"id": "100", "event_type": "MessageCreate", "text": "Un trou", "sender_id": "42"}


@pytest.fixture
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    entry: Entry = REGISTRY[request.param]
    async with entry.open() as harness:
        yield harness


def on(channel: str) -> Any:
    return pytest.mark.parametrize("harness", [channel], indirect=True)


def told(harness: Harness, said: Any) -> list[InboundEvent]:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return reads(harness, raw)


# --- in ------------------------------------------------------------------------------------------


@on("partner_webhook")
def test_an_act_that_is_a_list_is_kept_for_an_agent(harness: Harness) -> None:
    assert told(harness, {**ACT, "act": ["close"]}) == []


@on("desk")
@pytest.mark.parametrize(
    "said", [{"source": ["phone"], "text": "Un trou"}, {"kind": "done", "task": 7, "outcome": {}}]
)
def test_an_entry_of_an_unknown_shape_is_kept_for_an_agent(harness: Harness, said: Any) -> None:
    assert told(harness, said) == []


async def test_an_act_of_the_action_page_that_is_a_list_is_kept_for_an_agent() -> None:
    async with REGISTRY["partner_email"].open() as harness:
        token = SIGNER.sign("p", from_bits(7), "voirie")
        raw = json.dumps({"token": token, "act": ["close"]}).encode()
        assert harness.unreadable is not None
        [envelope] = harness.unreadable(raw)
        with pytest.raises(UnreadablePayload):
            harness.channel.receive(envelope)


@on("partner_webhook")
@pytest.mark.parametrize("size", [-1, True, 2**63, 10**400])
def test_a_file_of_an_impossible_size_has_none(harness: Harness, size: int) -> None:
    [event] = told(harness, {**ACT, "attachments": [{"name": "../../a\u202egnp", "size": size}]})
    [file] = event.attachments  # type: ignore[union-attr]
    assert (file.name, file.size) == ("agnp", None)


CASE = {"word": "offer", "to": "nantes", "number": str(from_bits(7)), "epoch": 1}


@on("cell")
@pytest.mark.parametrize("lat", ["47.2", 10**400, float("nan"), float("inf"), 91, None, True])
def test_a_position_beyond_the_earth_is_none_of_a_case_that_is_offered(
    harness: Harness, lat: object
) -> None:
    place = {"lat": lat, "lon": -1.55, "precision_m": 5}
    [event] = told(harness, {"transfer": CASE, "case": {"text": "Un trou", "place": place}})
    assert isinstance(event, MessageReceived)
    assert (event.message.location, event.message.text) == (None, "Un trou")


@on("cell")
@pytest.mark.parametrize("precision", [10**400, float("nan"), float("inf"), -1, True])
def test_an_impossible_precision_of_a_case_that_is_offered_is_none(
    harness: Harness, precision: object
) -> None:
    place = {"lat": 47.2, "lon": -1.55, "precision_m": precision}
    [event] = told(harness, {"transfer": CASE, "case": {"place": place}})
    assert isinstance(event, MessageReceived)
    assert event.message.location == Location(47.2, -1.55)


@on("cell")
@pytest.mark.parametrize("size", [-1, True, 2**63, 10**400])
def test_a_file_of_an_impossible_size_of_another_installation_has_none(
    harness: Harness, size: int
) -> None:
    files = [{"name": "../../a\u202egnp", "size": size, "path": "/p/a/fichier/1"}]
    for word in ("offer", "status"):
        [event] = told(harness, {"transfer": CASE | {"word": word}, "case": {"files": files}})
        whole = event.message if isinstance(event, MessageReceived) else event
        [file] = whole.attachments  # type: ignore[union-attr]
        assert (file.name, file.size) == ("agnp", None)


@on("sms")
@pytest.mark.parametrize("id", ["9" * 19, "9" * 5000])
def test_a_receipt_with_an_endless_number_names_no_delivery(harness: Harness, id: str) -> None:
    [event] = told(harness, urlencode({**RECEIPT, "GuichetDelivery": id}).encode())
    assert isinstance(event, ReceiptReceived)
    assert event.delivery_id is None


@on("sms")
def test_an_endless_count_of_pictures_is_none(harness: Harness) -> None:
    [event] = told(harness, urlencode({**SMS, "NumMedia": "9" * 5000}).encode())
    assert isinstance(event, MessageReceived)


@on("x")
def test_one_malformed_event_of_x_takes_no_other_of_its_page_with_it(harness: Harness) -> None:
    odd = {**DM, "id": "101", "attachments": {"media_keys": 5}, "sender_id": ["42"]}
    page = {"data": [odd, "odd", DM], "includes": {"users": [{"id": {}}], "media": "odd"}}
    [event] = told(harness, {**page, "includes": {"users": [{"id": "42", "username": "anne"}]}})
    assert isinstance(event, MessageReceived)
    assert event.message.text == "Un trou"
    [event] = told(harness, page)  # pictures and names of nobody are left out
    assert isinstance(event, MessageReceived)


@on("telegram")
@pytest.mark.parametrize(
    "query",
    [{"id": "9", "from": "Anne"}, {"id": "9", "from": ["Anne"]}, {"id": "9", "message": {}}],
)
def test_a_button_pressed_by_nobody_is_kept_for_an_agent(harness: Harness, query: Any) -> None:
    assert told(harness, {"update_id": 1, "callback_query": query}) == []


@on("telegram")
def test_a_photo_of_impossible_sides_is_a_photo(harness: Harness) -> None:
    sizes = [{"file_id": "a", "width": "9" * 99, "height": 10**12}, {"file_id": "b", "width": 9}]
    [event] = told(harness, {"update_id": 1, "message": {**UPDATE, "photo": sizes}})
    assert isinstance(event, MessageReceived)


@on("telegram")
@pytest.mark.parametrize("lat", ["NaN", "Infinity", "-1e999"])
def test_a_position_that_is_no_number_is_none(harness: Harness, lat: str) -> None:
    place = {"latitude": 47.2, "longitude": -1.5, "horizontal_accuracy": 12}
    raw = json.dumps({"update_id": 1, "message": {**UPDATE, "text": "ici", "location": place}})
    [event] = told(harness, raw.replace("47.2", lat).encode())
    assert isinstance(event, MessageReceived)
    assert event.message.location is None
    [event] = told(harness, raw.replace("12}", "NaN}").encode())
    assert isinstance(event, MessageReceived)
    assert event.message.location is not None
    assert event.message.location.accuracy_m is None


FILE = {"msgtype": "m.file", "body": "a.pdf", "url": "mxc://nantes.example/abc"}
EVENT = {"event_id": "$e", "room_id": "!r", "type": "m.room.message", "sender": "@anne:x.example"}


@on("matrix")
@pytest.mark.parametrize("size", [-5, True, 2**63, 10**300])
def test_a_file_of_an_impossible_size_on_matrix_has_none(harness: Harness, size: int) -> None:
    [event] = told(harness, {**EVENT, "content": {**FILE, "info": {"size": size}}})
    assert isinstance(event, MessageReceived)
    [file] = event.message.attachments
    assert file.size is None


@on("matrix")
@pytest.mark.parametrize("rooms", [{"join": 5}, {"join": {"!r": {"timeline": {"events": 5}}}}])
def test_a_page_of_matrix_that_is_none_holds_nothing(harness: Harness, rooms: Any) -> None:
    assert told(harness, {"rooms": rooms}) == []


@on("matrix")
def test_one_malformed_room_of_matrix_takes_no_other_of_its_page_with_it(harness: Harness) -> None:
    said = {
        "timeline": {"events": [{**EVENT, "content": {"msgtype": "m.text", "body": "Un trou"}}]}
    }
    rooms = {"!a": {"timeline": 5}, "!b": {"timeline": {"events": 5}}, "!c": said}
    [event] = told(harness, {"rooms": {"join": rooms}})
    assert isinstance(event, MessageReceived)
    assert event.message.text == "Un trou"


@on("open311")
def test_the_name_of_a_picture_is_no_path(harness: Harness) -> None:
    url = "https://photos.example/a\\b/..\\c.jpg"
    [event] = told(harness, urlencode({"description": "Un trou", "media_url": url}).encode())
    assert isinstance(event, MessageReceived)
    assert "\\" not in event.message.attachments[0].name


# --- out -----------------------------------------------------------------------------------------


async def answered(harness: Harness, status: int, said: Any, **headers: str) -> Any:
    """Send while the provider answers so, whatever it is asked."""
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    with spoilt() as line:
        line.spoil = lambda *_: httpx.Response(status, headers=headers, content=content)  # type: ignore[method-assign]
        [part] = harness.channel.render(harness.delivery())
        return await harness.channel.send(part, "ab" * 20)


@on("telegram")
@pytest.mark.parametrize(
    "result", [True, "odd", 5, {"message_id": 1, "date": "x", "chat": "y"}, {"from": "z"}]
)
async def test_an_odd_answer_of_telegram_may_have_left(harness: Harness, result: Any) -> None:
    outcome = await answered(harness, 200, {"ok": True, "result": result})
    assert isinstance(outcome, Unknown)


@on("x")
@pytest.mark.parametrize("data", ["odd", ["odd"], {"dm_event_id": {}}, {"dm_event_id": "²"}])
async def test_an_odd_answer_of_x_may_have_left(harness: Harness, data: Any) -> None:
    assert isinstance(await answered(harness, 200, {"data": data}), Unknown)


@on("sms")
@pytest.mark.parametrize("sid", [None, "", 5, ["SM1"], {}])
async def test_an_odd_answer_of_twilio_may_have_left(harness: Harness, sid: Any) -> None:
    assert isinstance(await answered(harness, 201, {"sid": sid}), Unknown)


@pytest.mark.parametrize("harness", ["sms", "sms-ovh", "matrix"], indirect=True)
@pytest.mark.parametrize("seconds", ["inf", "1e400", "nan", "99999", "99999999999"])
async def test_an_endless_wait_is_none(harness: Harness, seconds: str) -> None:
    outcome = await answered(harness, 429, {}, **{"retry-after": seconds})
    assert isinstance(outcome, Retry)
    assert outcome.after_s is None or outcome.after_s <= 3600


@on("telegram")
@pytest.mark.parametrize("seconds", ["Infinity", "1e999", "NaN", '"inf"', "9999999999"])
async def test_an_endless_wait_of_telegram_is_bounded(harness: Harness, seconds: str) -> None:
    said = b'{"ok": false, "parameters": {"retry_after": %s}}' % seconds.encode()
    outcome = await answered(harness, 429, said)
    assert isinstance(outcome, Retry)
    assert outcome.after_s is not None
    assert outcome.after_s <= 3600


@on("matrix")
@pytest.mark.parametrize("wait", [80_000_000, 10**300, -5, True, "x"])
async def test_an_endless_wait_of_matrix_is_bounded(harness: Harness, wait: Any) -> None:
    outcome = await answered(harness, 429, {"retry_after_ms": wait})
    assert isinstance(outcome, Retry)
    assert outcome.after_s is not None
    assert 0 <= outcome.after_s <= 3600


async def polled(harness: Harness, said: Any) -> Any:
    with spoilt() as line:
        body = json.dumps(said).encode()
        line.spoil = lambda *_: httpx.Response(200, content=body)  # type: ignore[method-assign]
        return await harness.channel.pull("", lambda: NOW)


@on("x")
@pytest.mark.parametrize("id", ["²", "٣", "9" * 5000, ["1"]])
async def test_an_id_of_x_that_is_no_number_does_not_end_the_poll(
    harness: Harness, id: Any
) -> None:
    harness.channel._user_id = "1"
    pulled = await polled(harness, {"data": [{**DM, "id": id}], "includes": "odd", "meta": [5]})
    marks = json.loads(pulled.cursor).values()
    assert all(mark["since"].isdigit() and not mark["top"] for mark in marks)
    assert len(pulled.envelopes) == 2  # of messages and of mentions, for an agent


@on("x")
async def test_x_that_does_not_say_who_we_are_is_asked_again(harness: Harness) -> None:
    with pytest.raises(ConnectionError):
        await polled(harness, {"data": "odd"})
