"""One suite over two homeservers, our simulator and a real Synapse: what comes in, what leaves."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import homeservers
import pytest
from homeservers import Person, Place, Synapse
from matrix_town import MatrixTown, matrix_town

from channels.matrix import Matrix, MatrixSettings
from channels.matrix.sync import Sync
from router.archive import CaseFilter
from router.delivery import Delivery, DeliveryKind, DeliveryState, Permanent, Retry, Sent
from router.errors import InvalidInput
from router.events import (
    Blocked,
    Encrypted,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
)
from router.message import Address, Attachment, Envelope, Location, Message
from router.tracking import printed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ENCRYPTED = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkL", "session_id": "s"}


@pytest.fixture(params=["simulator", "synapse"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "synapse":
        place = Place(request.getfixturevalue("synapse"))
        yield place
        await place.close()
        return
    async with homeservers.simulated() as server:
        place = Place(server)
        yield place
        await place.close()


class Line:
    """The counter's side: what it heard so far, and from where it goes on."""

    def __init__(self, counter: Matrix) -> None:
        self.counter, self.cursor = counter, ""
        self.envelopes: list[Envelope] = []

    async def pull(self) -> list[Envelope]:
        pulled = await self.counter.pull(self.cursor, lambda: NOW)
        self.cursor = pulled.cursor
        self.envelopes += pulled.envelopes
        return list(pulled.envelopes)

    async def hear(self, count: int = 1) -> list[InboundEvent]:
        """Poll until so much has been heard that is new."""
        found: list[Envelope] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                found += await self.pull()
        return [event for envelope in found for event in self.counter.receive(envelope)]

    async def enter(self, room: str) -> None:
        """Poll until the counter is in a room."""
        async with asyncio.timeout(20):
            while not await self.counter._sync.members(room):
                await self.pull()

    async def message(self) -> Message:
        [event] = await self.hear()
        assert isinstance(event, MessageReceived)
        return event.message


def delivery(counter: Matrix, room: str, text: str = "C'est noté.", **changes: Any) -> Delivery:
    whole = Delivery(
        id=7,
        idem="ab" * 20,
        lane="l",
        kind=DeliveryKind.ANSWER,
        address=Address("matrix", counter.account, room),
        text=text,
        created_at=NOW,
    )
    return replace(whole, **changes)


async def send(counter: Matrix, made: Delivery) -> Any:
    """Send all parts as the outbox does; gives the last outcome."""
    parts = counter.render(made)
    for part in parts:
        idem = made.idem if len(parts) == 1 else f"{made.idem}-{part.index}"
        outcome = await counter.send(part, idem)
        if not isinstance(outcome, Sent):
            return outcome
    return outcome


async def met(place: Place, **settings: Any) -> tuple[Line, Person, str]:
    """Bring somebody and a counter together in a private room."""
    anne, counter = await place.person(), await place.counter(**settings)
    line = Line(counter)
    await line.pull()
    room = await anne.room(counter.account)
    await line.enter(room)
    return line, anne, room


# --- in ------------------------------------------------------------------------------------------


async def test_who_invites_the_counter_and_writes_at_once_is_heard(place: Place) -> None:
    anne, counter = await place.person("Anne"), await place.counter()
    line = Line(counter)
    await line.pull()
    room = await anne.room(counter.account)
    event = await anne.says(room, "Un trou rue Crébillon")
    message = await line.message()
    assert (message.text_shown, message.sender_name, message.sender) == (
        "Un trou rue Crébillon", "Anne", anne.user,
    )  # fmt: skip
    assert message.address == Address("matrix", counter.account, room)
    assert (message.ref, message.provider_id, message.automatic) == (event, event, "")
    assert message.sent_at is not None
    assert not message.public


async def test_who_wrote_before_the_counter_was_first_started_is_heard(place: Place) -> None:
    anne, counter = await place.person(), await place.counter()
    room = await anne.room(counter.account)
    await anne.says(room, "Un trou")
    assert (await Line(counter).message()).text == "Un trou"


async def test_a_poll_that_was_not_committed_gives_the_same_again(place: Place) -> None:
    line, anne, room = await met(place)
    before = line.cursor
    await anne.says(room, "Un trou")
    await line.message()
    line.cursor = before
    again = await line.pull()
    assert [one.provider_id for one in again] == [line.envelopes[-1].provider_id]


async def test_a_counter_does_not_hear_itself(place: Place) -> None:
    line, anne, room = await met(place)
    assert isinstance(await send(line.counter, delivery(line.counter, room)), Sent)
    await anne.says(room, "Merci")
    assert (await line.message()).text == "Merci"


async def test_more_messages_than_a_poll_holds_come_all_and_in_order(place: Place) -> None:
    line, anne, room = await met(place)
    line.counter._sync = Sync(
        line.counter._api, line.counter.account, groups=True, wait_s=0.05, page=7
    )
    said = [f"message {number}" for number in range(30)]
    for text in said:
        await anne.says(room, text)
    events = await line.hear(len(said))
    assert [e.message.text for e in events if isinstance(e, MessageReceived)] == said


async def test_a_counter_that_is_started_anew_hears_what_it_has_not_answered(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.says(room, "Un trou")
    await line.message()
    await send(line.counter, delivery(line.counter, room))
    await anne.says(room, "Et une fuite")
    assert (await Line(line.counter).message()).text == "Et une fuite"


async def test_a_homeserver_that_does_not_know_our_place_is_read_again(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.says(room, "Un trou")
    line.cursor = json.dumps({"since": "no-token-of-this-server", "invited": {}})
    assert (await line.message()).text == "Un trou"


async def test_a_photo_with_a_caption_is_fetched_up_to_the_limit(place: Place) -> None:
    line, anne, room = await met(place)
    content = os.urandom(5000)
    url = await anne.uploads(content, "image/jpeg")
    info = {"mimetype": "image/jpeg", "size": len(content)}
    await anne.says(room, "Voilà", kind="m.image", url=url, filename="trou.jpg", info=info)
    message = await line.message()
    [photo] = message.attachments
    assert message.text == "Voilà"
    assert photo == Attachment("trou.jpg", "image/jpeg", 5000, url)
    fetch = line.counter.fetch_media
    assert await fetch(line.envelopes[-1], photo, 5000) == content
    for spoilt in (replace(photo, size=None), photo):
        with pytest.raises(InvalidInput):
            await fetch(line.envelopes[-1], spoilt, 4999)
    for ref in (url + "0", "mxc://../x", "https://nantes.example/x", ""):
        with pytest.raises(InvalidInput):
            await fetch(line.envelopes[-1], replace(photo, ref=ref), 5000)


async def test_a_place_is_read_with_its_accuracy(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.says(room, "Position", kind="m.location", geo_uri="geo:47.21,-1.55;u=12")
    message = await line.message()
    assert message.location == Location(47.21, -1.55, 12.0)
    assert message.text == ""


async def test_an_edit_names_the_message_that_it_corrects(place: Place) -> None:
    line, anne, room = await met(place)
    first = await anne.says(room, "Rue Scribe")
    await line.message()
    edit = await anne.edits(room, first, "Rue Racine")
    [event] = await line.hear()
    assert isinstance(event, MessageEdited)
    assert (event.edited_ref, event.message.text) == (first, "Rue Racine")
    assert event.message.provider_id == edit


async def test_what_is_taken_back_is_no_message(place: Place) -> None:
    line, anne, room = await met(place)
    event = await anne.says(room, "Pardon")
    await anne.takes_back(room, event)
    before, after = await line.hear(2)
    assert isinstance(before, Ignored)
    assert after == MessageTakenBack(event)


async def test_a_reaction_is_no_message(place: Place) -> None:
    line, anne, room = await met(place)
    event = await anne.says(room, "Un trou")
    relation = {"rel_type": "m.annotation", "event_id": event, "key": "👍"}
    await anne.sends(room, "m.reaction", {"m.relates_to": relation})
    first, second = await line.hear(2)
    assert isinstance(first, MessageReceived)
    assert isinstance(second, Ignored)


async def test_in_an_encrypted_room_nothing_is_read_and_the_person_can_be_told(
    place: Place,
) -> None:
    line, anne, room = await met(place)
    await anne.encrypts(room)
    await anne.sends(room, "m.room.encrypted", ENCRYPTED)
    [event] = await line.hear()
    assert event == Encrypted(Address("matrix", line.counter.account, room))
    assert isinstance(await send(line.counter, delivery(line.counter, room)), Sent)


async def test_a_robot_s_notice_is_marked_as_one(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.says(room, "Je suis un robot", kind="m.notice")
    assert (await line.message()).automatic == "m.notice"


# --- rooms of several people ---------------------------------------------------------------------


async def group(place: Place, **settings: Any) -> tuple[Line, Person, Person, str]:
    """Bring two people and a counter together."""
    anne, paul = await place.person("Anne"), await place.person("Paul")
    counter = await place.counter(**settings)
    line = Line(counter)
    await line.pull()
    room = await anne.room(paul.user, direct=False, name="Voisins")
    await paul.stands(room, "join")
    return line, anne, paul, room


async def test_in_a_group_only_what_names_the_counter_is_for_it(place: Place) -> None:
    line, anne, paul, room = await group(place)
    account = line.counter.account
    await paul.says(room, f"{account} avant ton arrivée")
    await anne.stands(room, "invite", account)
    await line.enter(room)
    await paul.says(room, "Salut tout le monde")
    mention = {"m.mentions": {"user_ids": [account]}}
    await paul.says(room, "Guichet: la lampe est cassée", **mention)
    await anne.says(room, f"{account} et le banc aussi")
    aside, named, written = await line.hear(3)
    assert isinstance(aside, Ignored)
    assert isinstance(named, MessageReceived)
    assert isinstance(written, MessageReceived)
    assert named.message.text_shown == "la lampe est cassée"
    assert (named.message.public, named.message.sender) == (True, paul.user)
    assert (written.message.text_shown, written.message.sender_name) == (
        "et le banc aussi", "Anne",
    )  # fmt: skip
    assert "avant" not in str([envelope.payload for envelope in line.envelopes])


def started_again(place: Place, line: Line) -> Line:
    """Start the counter anew, which remembers only how far it had read."""
    counter = Matrix(line.counter._settings, line.counter.account)
    place.people.append(counter)
    again = Line(counter)
    again.cursor = line.cursor
    return again


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_a_group_said_before_it_put_the_counter_out_stays_there(
    place: Place, restarted: bool
) -> None:
    line, anne, paul, room = await group(place)
    await anne.stands(room, "invite", line.counter.account)
    await line.enter(room)
    line = started_again(place, line) if restarted else line
    await paul.says(room, "Mon médecin dit que c'est grave")
    await anne.stands(room, "kick", line.counter.account)
    said, gone = await line.hear(2)
    assert isinstance(said, Ignored)
    assert isinstance(gone, Blocked)


async def test_what_the_third_said_who_came_and_left_meanwhile_stays_there(place: Place) -> None:
    line, anne, room = await met(place)
    paul = await place.person("Paul")
    await anne.stands(room, "invite", paul.user)
    await paul.stands(room, "join")
    await paul.says(room, "Mon médecin dit que c'est grave")
    await paul.stands(room, "leave")
    said, _ = await line.hear(2)
    assert isinstance(said, Ignored)
    await anne.says(room, "Un trou")
    assert (await line.message()).text == "Un trou"


async def test_groups_may_be_left_alone(place: Place) -> None:
    line, anne, paul, room = await group(place, groups=False)
    await anne.stands(room, "invite", line.counter.account)
    private = await paul.room(line.counter.account)
    await line.enter(private)
    assert not await line.counter._sync.members(room)
    await anne.stands(room, "invite", line.counter.account)  # it has refused, or this would fail


# --- who is not there any more -------------------------------------------------------------------


@pytest.mark.parametrize("act", ["kick", "ban"])
async def test_who_puts_the_counter_out_is_written_to_no_more(place: Place, act: str) -> None:
    line, anne, room = await met(place)
    await anne.stands(room, act, line.counter.account)
    [event] = await line.hear()
    assert event == Blocked(Address("matrix", line.counter.account, room))
    outcome = await send(line.counter, delivery(line.counter, room))
    assert isinstance(outcome, Permanent)
    assert outcome.code == "blocked"


async def test_what_was_said_before_the_counter_was_put_out_is_heard(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.says(room, "Un trou")
    await anne.stands(room, "kick", line.counter.account)
    said, gone = await line.hear(2)
    assert isinstance(said, MessageReceived)
    assert said.message.text == "Un trou"
    assert isinstance(gone, Blocked)


async def test_a_room_that_the_person_has_left_is_written_to_no_more(place: Place) -> None:
    line, anne, room = await met(place)
    await anne.stands(room, "leave")
    [event] = await line.hear()
    assert event == Blocked(Address("matrix", line.counter.account, room))
    outcome = await send(line.counter, delivery(line.counter, room))
    assert isinstance(outcome, Permanent)
    assert outcome.code == "blocked"


async def test_a_room_of_nobody_s_is_no_address(place: Place) -> None:
    counter = await place.counter()
    for room in ("!nowhere:nantes.example", "@anne:nantes.example", ""):
        assert isinstance(await send(counter, delivery(counter, room)), Permanent)


# --- out -----------------------------------------------------------------------------------------


async def test_an_answer_hangs_under_the_message_and_its_reply_names_it(place: Place) -> None:
    line, anne, room = await met(place)
    asked = await anne.says(room, "Un trou")
    await line.message()
    outcome = await send(line.counter, delivery(line.counter, room, refs=(asked,)))
    [_, answer] = await anne.reads(room)
    assert outcome == Sent((answer["event_id"],))
    assert answer["content"]["body"] == "C'est noté."
    assert answer["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
    await anne.answers(room, answer["event_id"], "Merci")
    assert (await line.message()).thread.refs == (answer["event_id"],)


async def test_the_homeserver_knows_a_second_copy(place: Place) -> None:
    line, anne, room = await met(place)
    made = delivery(line.counter, room)
    first, again = await send(line.counter, made), await send(line.counter, made)
    assert first == again
    assert len(await anne.reads(room)) == 1


async def test_what_no_person_wrote_is_a_notice(place: Place) -> None:
    line, anne, room = await met(place)
    await send(line.counter, delivery(line.counter, room, "Bien reçu.", idem="a"))
    await send(line.counter, delivery(line.counter, room, "Réparé.", idem="b", automatic=False))
    kinds = [event["content"]["msgtype"] for event in await anne.reads(room)]
    assert kinds == ["m.notice", "m.text"]


@pytest.mark.parametrize("character", ["a ", "\n", "\\", '"', "é", "👨‍👩‍👧‍👦"])
async def test_the_longest_text_is_taken_whatever_it_is_made_of(
    place: Place, character: str
) -> None:
    line, anne, room = await met(place)
    long = "début" + character * (70_000 // len(character.encode())) + "fin"
    assert isinstance(await send(line.counter, delivery(line.counter, room, long)), Sent)
    arrived = [event["content"]["body"] for event in await anne.reads(room)]
    assert "".join("".join(arrived).split()) == "".join(long.split())


# --- trouble -------------------------------------------------------------------------------------


async def test_a_wrong_token_is_told_and_nothing_is_given_up(place: Place) -> None:
    counter = await place.counter(access_token="faux")
    health = await counter.health()
    assert not health.ok
    assert "M_UNKNOWN_TOKEN" in health.sentence
    outcome = await send(counter, delivery(counter, "!x:nantes.example"))
    assert isinstance(outcome, Retry)
    assert outcome.after_s == 300.0
    with pytest.raises(ConnectionError, match="M_UNKNOWN_TOKEN"):
        await counter.pull("", lambda: NOW)


async def test_a_token_of_somebody_else_is_told(place: Place) -> None:
    anne, counter = await place.person(), await place.counter()
    assert (await counter.health()).ok
    other = await place.counter(access_token=anne.token)
    health = await other.health()
    assert not health.ok
    assert anne.user in health.sentence


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "matrix.nantes.example", "https://[", ""])
async def test_a_homeserver_that_is_not_there_has_sent_nothing(url: str) -> None:
    lost = Matrix(MatrixSettings(base_url=url), "@g:nantes.example")
    assert isinstance(await send(lost, delivery(lost, "!x:nantes.example")), Retry)
    with pytest.raises(ConnectionError):
        await lost.pull("", lambda: NOW)
    assert not (await lost.health()).ok
    await lost.close()


# --- the whole way -------------------------------------------------------------------------------

HOLE = "La poubelle déborde rue Scribe"


@pytest.fixture
async def town(place: Place, tmp_path: Path) -> AsyncIterator[MatrixTown]:
    async with matrix_town(tmp_path, await place.counter()) as town:
        await town.poll()
        yield town


async def texts(anne: Person, room: str, town: MatrixTown) -> list[str]:
    account = town.counter.account
    return [e["content"]["body"] for e in await anne.reads(room) if e["sender"] == account]


async def test_a_report_is_answered_in_its_room_and_so_is_it_by_its_service(
    place: Place, town: MatrixTown
) -> None:
    anne = await place.person()
    room = await anne.room(town.counter.account)
    asked = await anne.says(room, HOLE)
    await town.hears()
    await town.send()
    case = town.seen[-1].case
    assert case is not None
    _, receipt = await anne.reads(room)
    assert printed(case.number) in receipt["content"]["body"]
    assert receipt["content"]["m.relates_to"]["m.in_reply_to"] == {"event_id": asked}
    await town.service_says(case, "Ramassée ce matin.")
    await town.send()
    answer = (await anne.reads(room))[-1]
    assert "Ramassée ce matin." in answer["content"]["body"]
    assert answer["content"]["msgtype"] == "m.text"
    await anne.answers(room, answer["event_id"], "Le lampadaire rue Voltaire aussi est éteint")
    await town.hears()
    worked = town.seen[-1]
    assert worked.case is not None
    assert (worked.case.id, worked.reason) == (case.id, "réponse à un message de cette demande")


async def test_a_correction_is_appended_to_its_case_and_overwrites_nothing(
    place: Place, town: MatrixTown
) -> None:
    anne = await place.person()
    room = await anne.room(town.counter.account)
    first = await anne.says(room, HOLE)
    await anne.edits(room, first, "La poubelle déborde rue Racine")
    await town.hears(2)
    [case] = await town.store.cases(CaseFilter())
    assert "rue Scribe" in case.text
    assert "rue Racine" in case.text


async def test_a_group_is_told_nothing_of_the_case_nor_what_its_service_answers(
    place: Place, town: MatrixTown
) -> None:
    anne, paul = await place.person("Anne"), await place.person("Paul")
    room = await anne.room(paul.user, town.counter.account, direct=False)
    await paul.stands(room, "join")
    while not await town.counter._sync.members(room):
        await town.poll()
    await paul.says(room, f"{town.counter.account} {HOLE}")
    await town.hears()
    await town.send()
    case = town.seen[-1].case
    assert case is not None
    [invited] = await texts(anne, room, town)
    assert "message privé" in invited
    assert printed(case.number) not in invited
    await town.service_says(case, "Ramassée ce matin.")
    await town.send()
    [_, news] = await texts(anne, room, town)
    assert "du nouveau" in news
    assert "Ramassée" not in news


async def test_each_member_of_a_group_hears_his_own_in_a_room_with_the_counter_alone(
    place: Place, town: MatrixTown
) -> None:
    people = await place.person("Anne"), await place.person("Paul")
    anne, paul = people
    group = await anne.room(paul.user, town.counter.account, direct=False)
    await paul.stands(group, "join")
    while not await town.counter._sync.members(group):
        await town.poll()
    for one, words in ((anne, "Un lampadaire éteint"), (paul, HOLE)):
        await one.says(group, f"{town.counter.account} {words}")
        await town.hears()
        case = town.seen[-1].case
        assert case is not None
        await town.service_says(case, f"Réponse pour {one.user}.")
    rooms = [await one.room(town.counter.account) for one in people]
    for one, room in zip(people, rooms, strict=True):
        await one.says(room, "bonjour")
        await town.hears()
    for _ in range(8):  # under the limit of the account
        await town.send()
        town.clock.pass_(seconds=10)
    for one, room in zip(people, rooms, strict=True):
        answers = [text for text in await texts(one, room, town) if "Réponse pour" in text]
        assert len(answers) == 1
        assert f"Réponse pour {one.user}." in answers[0]
    assert not any("Réponse" in text for text in await texts(anne, group, town))


async def test_who_writes_encrypted_is_told_so_once(place: Place, town: MatrixTown) -> None:
    anne = await place.person()
    room = await anne.room(town.counter.account)
    await anne.encrypts(room)
    for _ in range(3):
        await anne.sends(room, "m.room.encrypted", ENCRYPTED)
    await town.hears(3)
    await town.send()
    [told] = await texts(anne, room, town)
    assert "chiffré" in told
    assert not await town.store.cases(CaseFilter())


async def test_an_answer_to_who_has_left_is_shown_to_an_agent(
    place: Place, town: MatrixTown
) -> None:
    anne = await place.person()
    room = await anne.room(town.counter.account)
    await anne.says(room, HOLE)
    await town.hears()
    await town.send()
    case = town.seen[-1].case
    assert case is not None
    await anne.stands(room, "leave")
    await town.hears()
    await town.service_says(case, "Ramassée ce matin.")
    await town.send()
    assert (await town.deliveries())[-1].state is DeliveryState.DEAD
    lines = [event.text for event in await town.store.events(case.id)]
    assert any("plus que le guichet dans le salon" in line for line in lines)


async def test_two_routers_facing_each_other_stop_after_one_answer(
    place: Place, town: MatrixTown, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = await place.counter()
    async with matrix_town(tmp_path_factory.mktemp("other"), other) as mirror:
        await mirror.poll()
        # somebody at the other counter opens a room with this one, under that counter's name
        hand = place.hand_of(other)
        room = await hand.room(town.counter.account)
        await hand.says(room, HOLE)
        await town.hears()
        await town.send()
        for _ in range(4):
            await mirror.step()
            await town.step()
        said = await hand.reads(room)
        assert [event["sender"] for event in said] == [other.account, town.counter.account]
        assert await mirror.deliveries() == []


async def test_a_robot_that_does_not_say_that_it_is_one_is_answered_up_to_the_budget(
    place: Place, town: MatrixTown
) -> None:
    echo = await place.person("Echo")
    room = await echo.room(town.counter.account)
    town.router = replace(town.router, policy=replace(town.policy, automatic_per_day=3))
    for _ in range(6):
        await echo.says(room, f"{HOLE}, nous avons bien reçu votre message")
        await town.hears()
        town.clock.pass_(seconds=2)
        await town.send()
    assert len(await texts(echo, room, town)) == 3


# --- what only one of the two can show -----------------------------------------------------------


async def test_a_send_that_was_cut_is_repeated_and_arrives_once(tmp_path: Path) -> None:
    async with homeservers.simulated() as server:
        place = Place(server)
        async with matrix_town(tmp_path, await place.counter()) as town:
            anne = await place.person()
            room = await anne.room(town.counter.account)
            await anne.says(room, HOLE)
            await town.hears()
            server.faults.push("cut-after-accept")
            await town.send()
            [receipt] = await town.deliveries()
            assert receipt.state is DeliveryState.SENDING
            assert len(await texts(anne, room, town)) == 1
            town.clock.pass_(minutes=10)
            await town.send()
            [receipt] = await town.deliveries()
            assert receipt.state is DeliveryState.SENT
            assert len(await texts(anne, room, town)) == 1
        await place.close()


async def test_a_limit_of_the_homeserver_is_kept_and_nothing_is_lost(
    synapse: Synapse, tmp_path: Path
) -> None:
    place = Place(synapse)
    async with matrix_town(tmp_path, await place.counter()) as town:
        anne = await place.person()
        room = await anne.room(town.counter.account)
        await anne.says(room, HOLE)
        await town.hears()
        case = town.seen[-1].case
        assert case is not None
        await synapse.slow_down(town.counter.account, 1, 1)
        for text in ("Nous venons.", "Nous sommes là.", "Ramassée."):
            await town.service_says(case, text)
        await town.send()
        waiting = [d for d in await town.deliveries() if d.state is DeliveryState.DEFERRED]
        assert waiting
        assert "M_LIMIT_EXCEEDED" in waiting[0].error
        while len(await texts(anne, room, town)) < 4:
            town.clock.pass_(seconds=5)
            await town.send()
        said = await texts(anne, room, town)
        assert ["Nous venons." in said[1], "Ramassée." in said[3]] == [True, True]
    await place.close()
