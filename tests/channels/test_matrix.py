"""What is read of a Matrix event, and what becomes of a send when the homeserver is in trouble."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.matrix import LARGEST_FILE, Matrix, MatrixSettings
from channels.matrix.sync import Position
from demo.matrix import MatrixSimulator
from router.delivery import Delivery, DeliveryKind, Retry, Sent, Unknown
from router.errors import InvalidInput, UnreadablePayload
from router.events import (
    Blocked,
    Encrypted,
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
)
from router.message import Address, Attachment, Location, Message
from router.stated import Stated

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ME, ANNE, ROOM = "@guichet:nantes.example", "@anne:citoyens.example", "!r:nantes.example"
CHANNEL = Matrix(MatrixSettings(base_url="https://matrix.nantes.example"), ME)
GROUP = {"direct": False, "me": "Guichet", "name": "Anne"}


def event(kind: str = "m.room.message", **changes: Any) -> dict[str, Any]:
    whole = {"event_id": "$e", "room_id": ROOM, "type": kind, "sender": ANNE}
    return whole | {"origin_server_ts": 1795341600123, "content": {}} | changes


def said(body: Any = "Un trou", **content: Any) -> dict[str, Any]:
    return event(content={"msgtype": "m.text", "body": body} | content)


def read(event: object, room: dict[str, Any] | None = None) -> InboundEvent:
    data = event if room is None else {"event": event, "room": room}
    [envelope] = CHANNEL.open_raw(json.dumps(data).encode(), NOW)
    [found] = CHANNEL.receive(envelope)
    return found


def message(event: object, room: dict[str, Any] | None = None) -> Message:
    found = read(event, room)
    assert isinstance(found, MessageReceived)
    return found.message


# --- reading -------------------------------------------------------------------------------------


def test_a_message_says_who_wrote_when_and_where() -> None:
    read = message(said(), {"direct": True, "name": "Anne\u202e Le/Gall"})
    assert (read.sender, read.sender_name, read.text) == (ANNE, "Anne LeGall", "Un trou")
    assert read.address == Address("matrix", ME, ROOM)
    assert read.sent_at == datetime(2026, 11, 22, 10, 0, 0, 123000, UTC)
    assert (read.ref, read.provider_id, read.public) == ("$e", "$e", False)


@pytest.mark.parametrize(
    ("body", "shown", "quoted"),
    [
        ("> <@g:x.example> Où ?\n> Dites-le\n\nRue Scribe", "Rue Scribe", True),
        ("> * <@g:x.example> salue\n\nBonjour", "Bonjour", True),
        ("> ma propre citation\nRue Scribe", "> ma propre citation\nRue Scribe", False),
        ("Rue Scribe", "Rue Scribe", False),
    ],
)
def test_what_a_program_repeats_of_the_message_answered_is_no_new_word(
    body: str, shown: str, quoted: bool
) -> None:
    read = message(said(body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$q"}}}))
    assert (read.text, read.text_shown, bool(read.quoted)) == (body, shown, quoted)
    assert read.thread.refs == ("$q",)


def test_a_quotation_in_a_message_that_answers_nothing_is_the_person_s_own() -> None:
    body = "> <@g:x.example> Où ?\n\nRue Scribe"
    assert message(said(body)).text_shown == body


def test_a_thread_names_its_first_message_too() -> None:
    relation = {"rel_type": "m.thread", "event_id": "$t", "m.in_reply_to": {"event_id": "$q"}}
    assert message(said(**{"m.relates_to": relation})).thread.refs == ("$q", "$t")


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        ({"msgtype": "m.image", "body": "trou.jpg"}, "trou.jpg", ""),
        ({"msgtype": "m.image", "body": "a.jpg", "filename": "a.jpg"}, "a.jpg", ""),
        ({"msgtype": "m.image", "body": "Voilà", "filename": "a.jpg"}, "a.jpg", "Voilà"),
        ({"msgtype": "m.file", "body": "../../etc\u202efdp.exe"}, "etcfdp.exe", ""),
        ({"msgtype": "m.video", "body": ""}, "video.mp4", ""),
        (
            {"msgtype": "m.audio", "body": "x.ogg", "org.matrix.msc3245.voice": {}},
            "message-vocal.ogg",
            "",
        ),
    ],
)
def test_files_have_a_safe_name_and_their_caption(
    content: dict[str, Any], name: str, text: str
) -> None:
    read = message(event(content=content | {"url": "mxc://x.example/abc"}))
    [file] = read.attachments
    assert (file.name, file.ref, read.text_shown) == (name, "mxc://x.example/abc", text)


@pytest.mark.parametrize(
    ("geo", "place"),
    [
        ("geo:47.2,-1.5", Location(47.2, -1.5)),
        ("geo:47.2,-1.5,30;u=12.5", Location(47.2, -1.5, 12.5)),
        ("geo:47.2,-1.5;crs=wgs84;u=5", Location(47.2, -1.5, 5.0)),
        ("geo:91,0", None),
        ("geo:1.2.3,0", None),
        ("nowhere", None),
    ],
)
def test_a_place_is_a_geo_address(geo: str, place: Location | None) -> None:
    content = {"msgtype": "m.location", "body": f"Position : {geo}", "geo_uri": geo}
    content |= {"m.location": {"uri": geo, "description": "devant l'école"}}
    read = message(event(content=content))
    assert (read.location, read.text) == (place, "devant l'école")


@given(st.floats(-90, 90), st.floats(-180, 180), st.none() | st.integers(0, 10**7))
def test_any_place_that_is_composed_is_read(lat: float, lon: float, metres: int | None) -> None:
    place = Location(round(lat, 5), round(lon, 5), metres)
    envelope = CHANNEL.compose(Stated(sender="anne", text="Ici", at=NOW, location=place))
    [found] = CHANNEL.receive(envelope)
    assert isinstance(found, MessageReceived)
    assert found.message.location == place


def test_an_edit_without_the_new_content_is_read_all_the_same() -> None:
    relation = {"rel_type": "m.replace", "event_id": "$first"}
    found = read(said("* Rue Racine", **{"m.relates_to": relation}))
    assert isinstance(found, MessageEdited)
    assert found.edited_ref == "$first"


@pytest.mark.parametrize(
    ("word", "kind"),
    [("STOP", OptedOutOf), ("!arrêt", OptedOutOf), ("/aide", HelpAsked), ("Start.", OptedOutOf)],
)
def test_words_that_steer_are_obeyed(word: str, kind: type) -> None:
    assert isinstance(read(said(word)), kind)
    assert isinstance(read(said(f"{word} le bruit")), MessageReceived)


@pytest.mark.parametrize(
    ("word", "back_in"),
    [("Unsubscribe", False), ("Quit", False), ("UNSTOP", True), ("Start", True)],
)
def test_words_that_steer_are_those_of_every_channel(word: str, back_in: bool) -> None:
    there = Address("matrix", ME, ROOM)
    assert read(said(word)) == OptedOutOf(there, word, back_in=back_in, person=ANNE)


def test_a_name_without_end_is_shown_in_short() -> None:
    assert len(message(said(), {"direct": True, "name": "A" * 5000}).sender_name) == 200


def test_in_a_group_stop_counts_only_when_it_is_said_to_us() -> None:
    assert isinstance(read(said("stop"), GROUP), Ignored)
    named = said("Guichet: stop", **{"m.mentions": {"user_ids": [ME]}})
    assert isinstance(read(named, GROUP), OptedOutOf)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"body": f"{ME} un trou"}, "un trou"),
        ({"body": f"un trou, {ME}."}, "un trou, ."),
        ({"body": "Guichet : un trou", "m.mentions": {"user_ids": [ME]}}, "un trou"),
        ({"body": "guichet fermé ?", "m.mentions": {"user_ids": [ME]}}, "fermé ?"),
        ({"body": "un trou", "formatted_body": f'<a href="https://matrix.to/#/{ME}">'}, "un trou"),
        ({"body": f"{ME}.org un trou"}, None),
        ({"body": f"x{ME}s un trou"}, None),
        ({"body": "Guichet, un trou"}, None),
        ({"body": "un trou", "m.mentions": {"user_ids": ["@paul:x.example"]}}, None),
        ({"body": "un trou", "m.mentions": {"user_ids": "tous"}}, None),
    ],
)
def test_a_group_is_listened_to_only_when_it_names_us(
    content: dict[str, Any], shown: str | None
) -> None:
    found = read(event(content={"msgtype": "m.text"} | content), GROUP)
    text = found.message.text_shown if isinstance(found, MessageReceived) else None
    assert text == shown


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("m.reaction", {}),
        ("m.sticker", {}),
        ("m.room.redaction", {}),
        ("m.room.topic", {}),
        ("m.room.message", {}),
        ("m.room.message", {"sender": ME, "content": {"msgtype": "m.text", "body": "x"}}),
        ("m.room.message", {"content": {"msgtype": "m.key.verification.request", "body": "x"}}),
        ("m.room.member", {"state_key": ANNE, "content": {"membership": "leave"}}),
        ("m.room.member", {"state_key": ME, "sender": ME, "content": {"membership": "leave"}}),
        ("m.room.member", {"state_key": ME, "content": {"membership": "join"}}),
    ],
)
def test_what_asks_nothing_is_ignored(kind: str, changes: dict[str, Any]) -> None:
    assert isinstance(read(event(kind, **changes), {"direct": True}), Ignored)


@pytest.mark.parametrize("where", [{"redacts": "$x"}, {"content": {"redacts": "$x"}}])
def test_what_is_taken_back_is_named(where: dict[str, Any]) -> None:
    assert read(event("m.room.redaction", **where)) == MessageTakenBack("$x")


def test_what_is_encrypted_is_told_to_be_so_unless_a_group_said_it() -> None:
    sealed = event("m.room.encrypted", content={"ciphertext": "AwgA"})
    assert read(sealed) == Encrypted(Address("matrix", ME, ROOM))
    assert isinstance(read(sealed, GROUP), Ignored)


@pytest.mark.parametrize("membership", ["leave", "ban"])
def test_to_be_put_out_or_left_alone_is_a_block(membership: str) -> None:
    gone = event("m.room.member", state_key=ME, content={"membership": membership})
    assert read(gone) == Blocked(Address("matrix", ME, ROOM))
    left = event("m.room.member", state_key=ANNE, content={"membership": membership})
    assert read(left, {"empty": True}) == Blocked(Address("matrix", ME, ROOM))


@pytest.mark.parametrize(
    "data",
    [
        [],
        7,
        {},
        {"event": 5},
        event(event_id=5),
        event(room_id=""),
        event(content=["x"]),
        said(["x"]),
        said(**{"m.relates_to": "x"}),
        said(url=["x"], msgtype="m.file"),
        said(info="x", msgtype="m.image"),
        {"event": said(), "room": {"name": 5}},
    ],
)
def test_a_malformed_event_is_kept_and_not_read(data: object) -> None:
    [envelope] = CHANNEL.open_raw(json.dumps(data).encode(), NOW)
    with pytest.raises(UnreadablePayload):
        CHANNEL.receive(envelope)


def test_the_answer_of_a_sync_is_opened() -> None:
    timeline = {"events": [{**said(), "room_id": None}, 3, event("m.room.topic")]}
    answer = {"rooms": {"join": {ROOM: {"timeline": timeline}, "!b": 3}}}
    [envelope] = CHANNEL.open_raw(json.dumps(answer).encode(), NOW)
    assert envelope.conversation == Address("matrix", ME, ROOM).key
    assert CHANNEL.open_raw(b"\xff{", NOW)[0].note


# --- the simulator in trouble --------------------------------------------------------------------


@pytest.fixture
async def matrix() -> AsyncIterator[MatrixSimulator]:
    async with MatrixSimulator() as simulator:
        yield simulator


def made(matrix: MatrixSimulator) -> Matrix:
    settings = MatrixSettings(
        base_url=matrix.base_url,
        access_token=SecretStr(matrix.token),
        poll_s=0.01,
        deadline_s=0.5,
    )
    return Matrix(settings, matrix.counter)


@pytest.fixture
async def channel(matrix: MatrixSimulator) -> AsyncIterator[Matrix]:
    channel = made(matrix)
    yield channel
    await channel.close()


def now() -> datetime:
    return NOW


def delivery(matrix: MatrixSimulator, text: str = "C'est noté.") -> Delivery:
    return Delivery(
        id=7,
        idem="i7",
        lane="l",
        kind=DeliveryKind.ANSWER,
        address=Address("matrix", matrix.counter, matrix.room_with("anne")),
        text=text,
        created_at=NOW,
    )


async def entered(matrix: MatrixSimulator, channel: Matrix) -> str:
    """Have the counter enter Anne's room; give the cursor."""
    cursor = ""
    room = matrix.room_with("anne")
    while matrix.book.membership(room, matrix.counter) != "join":
        cursor = (await channel.pull(cursor, now)).cursor
    return cursor


async def test_trouble_says_what_to_do(matrix: MatrixSimulator, channel: Matrix) -> None:
    await entered(matrix, channel)
    [part] = channel.render(delivery(matrix))
    matrix.faults.push("429", retry_after=7)
    outcome = await channel.send(part, "i")
    assert isinstance(outcome, Retry)
    assert (outcome.after_s, outcome.throttled) == (7.0, True)
    matrix.faults.push("5xx")
    assert await channel.send(part, "i") == Retry("502 no code: ")
    matrix.faults.push("5xx", on="members")
    assert isinstance(await channel.send(part, "i"), Retry)
    for fault in ("cut-after-accept", "hang"):
        matrix.faults.push(fault)
        assert isinstance(await channel.send(part, "i"), Unknown)
    assert isinstance(await channel.send(part, "i"), Sent)
    assert len(matrix.received("anne")) == 1


@pytest.mark.parametrize("fault", ["429", "5xx", "hang"])
async def test_a_homeserver_in_trouble_is_a_connection_error(
    matrix: MatrixSimulator, channel: Matrix, fault: str
) -> None:
    matrix.faults.push(fault, on="poll")
    with pytest.raises(ConnectionError):
        await channel.pull("", now)


@pytest.mark.parametrize(("fault", "times"), [("429", 30), ("5xx", 3)])
async def test_an_invitation_is_taken_up_when_the_trouble_is_over(
    matrix: MatrixSimulator, channel: Matrix, fault: str, times: int
) -> None:
    matrix.faults.push(fault, on="join", times=times)
    await entered(matrix, channel)
    assert not matrix.faults


@pytest.mark.parametrize(("fault", "times"), [("403", 1), ("5xx", 21)])
async def test_an_invitation_that_leads_nowhere_is_given_up_and_holds_up_nobody(
    matrix: MatrixSimulator, channel: Matrix, fault: str, times: int
) -> None:
    cursor = (await channel.pull("", now)).cursor
    matrix.room_with("anne")
    matrix.faults.push(fault, on="join", times=times)
    for _ in range(times + 2):
        cursor = (await channel.pull(cursor, now)).cursor
    assert not matrix.faults
    assert Position.of(cursor).invited == {}
    await matrix.citizen_sends("paul", "Un trou")
    while not (pulled := await channel.pull(cursor, now)).envelopes:
        cursor = pulled.cursor
    assert len(pulled.envelopes) == 1


@pytest.mark.parametrize("fault", ["403", "5xx"])
async def test_a_room_of_which_nothing_can_be_asked_holds_up_no_other(
    matrix: MatrixSimulator, channel: Matrix, fault: str
) -> None:
    cursor = await entered(matrix, channel)
    await matrix.citizen_sends("anne", "Un trou")
    matrix.faults.push(fault, on="members", times=5)
    for _ in range(0 if fault == "403" else 4):
        with pytest.raises(ConnectionError):
            await channel.pull(cursor, now)
    [envelope] = (await channel.pull(cursor, now)).envelopes
    [event] = channel.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.public) == ("Un trou", False)


@pytest.mark.parametrize("fault", ["403", "5xx"])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_group_of_which_nothing_can_be_asked_is_not_taken_for_a_private_room(
    matrix: MatrixSimulator, channel: Matrix, fault: str, restarted: bool
) -> None:
    room, (paul, _) = matrix.room_with("anne"), matrix.account("paul")
    matrix.book.put(room, paul, paul, "join")
    cursor = await entered(matrix, channel)
    if restarted:
        await channel.close()
        channel = made(matrix)
    await matrix.citizen_sends("anne", "Mon médecin dit que c'est grave")
    matrix.faults.push(fault, on="members", times=5)
    for _ in range(0 if fault == "403" else 4):
        with pytest.raises(ConnectionError):
            await channel.pull(cursor, now)
    [envelope] = (await channel.pull(cursor, now)).envelopes
    [event] = channel.receive(envelope)
    assert isinstance(event, Ignored)
    await channel.close()


async def test_a_space_is_not_entered(matrix: MatrixSimulator, channel: Matrix) -> None:
    anne, _ = matrix.account("anne")
    space = matrix.book.create(anne, {"type": "m.space"})
    matrix.book.put(space, anne, matrix.counter, "invite")
    await channel.pull("", now)
    assert matrix.book.membership(space, matrix.counter) == "leave"


async def test_a_file_is_not_asked_for_when_it_is_known_to_be_too_large(
    matrix: MatrixSimulator, channel: Matrix
) -> None:
    file = Attachment("x", "x/x", LARGEST_FILE + 1, "mxc://nantes.example/x")
    [envelope] = channel.open_raw(json.dumps(said()).encode(), NOW)
    with pytest.raises(InvalidInput, match="larger"):
        await channel.fetch_media(envelope, file, 2**40)
    for fault in ("5xx", "hang"):
        matrix.faults.push(fault, on="file")
        with pytest.raises(InvalidInput, match="does not give"):
            await channel.fetch_media(envelope, replace(file, size=None), 100)


async def test_the_token_is_in_no_log(
    matrix: MatrixSimulator, channel: Matrix, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert (await channel.health()).ok
        matrix.faults.push("5xx", on="members")
        await channel.send(channel.render(delivery(matrix))[0], "i")
    assert "httpx" in {record.name for record in caplog.records}
    assert matrix.token not in caplog.text
