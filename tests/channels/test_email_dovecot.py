"""What may go wrong with a mailbox, against a real Dovecot."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from line import Line
from post_office import PASSWORD, PostOffice

from channels.email import EmailChannel, EmailSettings
from router.errors import UnreadablePayload
from router.message import Envelope
from router.ports import Pulled
from router.tokens import Signer

DONE, FAILED = "Guichet-traites", "Guichet-illisibles"


def now() -> datetime:
    return datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def mail(number: int = 1, body: str = "Un trou rue Crébillon.", id: str | None = None) -> bytes:
    id = f"Message-ID: <m{number}@citoyens.example>\n" if id is None else id
    return (
        f"From: Lea <lea@citoyens.example>\nTo: guichet@nantes.example\nSubject: Trou {number}\n"
        f"Date: Thu, 26 Nov 2026 09:00:0{number % 10} +0100\n{id}\n{body}\n"
    ).encode()


Opens = Callable[..., EmailChannel]


@pytest.fixture
async def channel() -> AsyncIterator[Opens]:
    """Give a function that opens a channel on a port and a mailbox."""
    opened: list[EmailChannel] = []

    def channel(port: int, address: str, **changed: Any) -> EmailChannel:
        given = {"imap_host": "127.0.0.1", "imap_port": port, "imap_tls": False}
        given |= {"imap_wait_s": 0.1, "imap_timeout_s": 10, "password": PASSWORD, **changed}
        opened.append(EmailChannel(EmailSettings(**given), address, Signer({"a": b"key"}, "a")))
        return opened[-1]

    yield channel
    for box in opened:
        await box.close()


@pytest.fixture
def address(office: PostOffice) -> str:
    return office.new_mailbox()


@pytest.fixture
async def line(office: PostOffice) -> AsyncIterator[Line]:
    async with Line(office.imap_port) as made:
        yield made


async def drained(box: EmailChannel, cursor: str = "") -> tuple[list[Envelope], str]:
    """Poll and settle until nothing comes any more."""
    found: list[Envelope] = []
    while True:
        pulled = await box.pull(cursor, now)
        cursor = pulled.cursor
        if not pulled.envelopes:
            return found, cursor
        found.extend(pulled.envelopes)
        await box.settle(pulled)


def ids(pulled: Pulled) -> list[str]:
    return [envelope.provider_id for envelope in pulled.envelopes]


async def test_cut_between_fetch_and_move(
    office: PostOffice, address: str, line: Line, channel: Opens
) -> None:
    office.put(address, mail(1), mail(2))
    box = channel(line.port, address)
    first = await box.pull("", now)

    def cut_at_the_move(data: bytes) -> bytes:
        if b" MOVE " in data:
            line.cut()
            return b""
        return data

    line.heard = cut_at_the_move
    with pytest.raises(ConnectionError):
        await box.settle(first)
    line.heard = bytes
    second = await box.pull(first.cursor, now)
    assert sorted(ids(second)) == sorted(ids(first))
    await box.settle(second)
    assert len(office.lying_in(address, DONE)) == 2
    assert office.lying_in(address) == []


async def test_the_answer_to_a_move_is_lost(
    office: PostOffice, address: str, line: Line, channel: Opens
) -> None:
    office.put(address, mail(1))
    box = channel(line.port, address)
    pulled = await box.pull("", now)

    def cut_after_the_move(data: bytes) -> bytes:
        if b"COPYUID" in data or b"Move completed" in data:
            line.cut()
            return b""
        return data

    line.said = cut_after_the_move
    with pytest.raises(ConnectionError):
        await box.settle(pulled)
    line.said = bytes
    assert (await drained(box, pulled.cursor))[0] == []
    assert len(office.lying_in(address, DONE)) == 1


@pytest.mark.parametrize("done_folder", [DONE, ""])
async def test_another_uidvalidity(
    office: PostOffice, address: str, done_folder: str, channel: Opens
) -> None:
    box = channel(office.imap_port, address, done_folder=done_folder)
    office.put(address, mail(1), mail(2))
    before, cursor = await drained(box)
    assert len(before) == 2
    await box.close()
    office.renumber(address)
    office.put(address, mail(3))
    after, other = await drained(box, cursor)
    assert json.loads(cursor)["uidvalidity"] != json.loads(other)["uidvalidity"]
    everything = {envelope.provider_id for envelope in before + after}
    assert everything == {box.envelope(mail(n), now()).provider_id for n in (1, 2, 3)}
    assert len(after) == (1 if done_folder else 3)  # what is left in place is known by its content


async def test_uids_are_never_moved_under_another_uidvalidity(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(office.imap_port, address)
    office.put(address, mail(1))
    pulled = await box.pull("", now)
    await box.close()
    office.renumber(address)
    office.put(address, mail(2))
    await box.settle(pulled)
    assert len(office.lying_in(address)) == 2
    assert len((await drained(box))[0]) == 2


async def test_1500_unread_on_the_first_start(
    office: PostOffice, address: str, channel: Opens
) -> None:
    office.put(address, *(mail(number) for number in range(1500)))
    box = channel(office.imap_port, address)
    found, _ = await drained(box)
    assert len({envelope.provider_id for envelope in found}) == len(found) == 1500
    assert office.lying_in(address) == []
    assert len(office.lying_in(address, DONE)) == 1500


async def test_silent_idle_with_mail_waiting(
    office: PostOffice, address: str, line: Line, channel: Opens
) -> None:
    box = channel(line.port, address, imap_wait_s=1)
    office.put(address)
    await box.pull("", now)

    def without_pushes(data: bytes) -> bytes:
        return re.sub(rb"\* \d+ (?:EXISTS|RECENT)\r\n", b"", data)

    line.said = without_pushes
    async with asyncio.TaskGroup() as group:
        pulling = group.create_task(box.pull("", now))
        await line.until_heard(b"IDLE")
        office.put(address, mail(1))
    assert len((await box.pull(pulling.result().cursor, now)).envelopes) == 1


async def test_mail_that_arrives_during_idle_comes_at_once(
    office: PostOffice, address: str, line: Line, channel: Opens
) -> None:
    box = channel(line.port, address, imap_wait_s=30)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        pulling = group.create_task(box.pull("", now))
        await line.until_heard(b"IDLE")
        office.put(address, mail(1))
    assert len((await box.pull(pulling.result().cursor, now)).envelopes) == 1


@pytest.mark.parametrize("who", ["line", "server"])
async def test_a_cut_in_idle_is_noticed_in_less_than_five_seconds(
    office: PostOffice, address: str, line: Line, who: str, channel: Opens
) -> None:
    box = channel(line.port, address, imap_wait_s=30)

    async def pull() -> None:
        with pytest.raises(ConnectionError):
            await box.pull("", now)

    async with asyncio.TaskGroup() as group:
        pulling = group.create_task(pull())
        await line.until_heard(b"IDLE")
        if who == "line":
            line.cut()
        else:
            await asyncio.to_thread(office.kick, address)
        async with asyncio.timeout(5):
            await pulling
    office.put(address, mail(1))
    assert len((await box.pull("", now)).envelopes) == 1


async def test_a_revoked_password_is_no_hot_loop(
    office: PostOffice, address: str, line: Line, channel: Opens
) -> None:
    box = channel(line.port, address)
    office.put(address, mail(1))
    await drained(box)
    await asyncio.to_thread(office.revoke, address)
    for _ in range(5):
        with pytest.raises((PermissionError, ConnectionError)):
            await box.pull("", now)
    assert line.connections <= 3  # the first, and at most two more to be sure
    assert "mot de passe" in box._inbox.trouble


async def test_two_workers_on_one_mailbox(office: PostOffice, address: str, channel: Opens) -> None:
    office.put(address, *(mail(number) for number in range(60)))
    boxes = [channel(office.imap_port, address) for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        works = [group.create_task(drained(box)) for box in boxes]
    taken = [envelope.provider_id for work in works for envelope in work.result()[0]]
    assert len(set(taken)) == 60
    assert office.lying_in(address) == []
    # two moves at once may copy a mail twice: what is taken counts once by its content
    assert len(set(office.lying_in(address, DONE))) == 60


async def test_two_mails_with_one_message_id_are_two(
    office: PostOffice, address: str, channel: Opens
) -> None:
    office.put(address, mail(1, "Un trou"), mail(1, "Un autre trou"))
    box = channel(office.imap_port, address)
    found, _ = await drained(box)
    assert len({envelope.provider_id for envelope in found}) == 2
    assert len({envelope.ref for envelope in found}) == 1


async def test_a_mail_without_message_id_counts_once(
    office: PostOffice, address: str, channel: Opens
) -> None:
    office.put(address, mail(1, id=""), mail(2, id=""), mail(1, id=""))
    box = channel(office.imap_port, address)
    found, _ = await drained(box)
    assert len(found) == 3
    assert len({envelope.provider_id for envelope in found}) == 2


FLAT = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 10_000
NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000)
)


@pytest.mark.parametrize("evil", [b"\x00\x01\x02 nothing at all", FLAT, NESTED])
async def test_what_is_malformed_stops_nobody_behind_it(
    office: PostOffice, address: str, evil: bytes, channel: Opens
) -> None:
    head = b"" if evil.startswith(b"\x00") else b"From: a@b.example\nMIME-Version: 1.0\n"
    office.put(address, head + evil)
    office.put(address, mail(2))
    box = channel(office.imap_port, address)
    first, second = (await drained(box))[0]
    assert bool(first.note) == (not head)
    assert box.message(second).subject == "Trou 2"
    assert len(office.lying_in(address, FAILED)) == (not head)
    assert office.lying_in(address) == []


async def until_empty(
    office: PostOffice, address: str, box: EmailChannel, tries: int = 12
) -> list[Envelope]:
    """Poll and settle through failures, as the poller does, until nothing is left."""
    found: list[Envelope] = []
    for _ in range(tries):
        if not office.lying_in(address):
            return found
        try:
            pulled = await box.pull("", now)
        except (ConnectionError, TimeoutError):
            continue
        found.extend(pulled.envelopes)
        await box.settle(pulled)
    raise AssertionError("the mailbox never gets empty")


@pytest.mark.parametrize("cuts", [1, 3])
async def test_a_cut_inside_a_literal_of_10_mb(
    office: PostOffice, address: str, line: Line, channel: Opens, cuts: int
) -> None:
    """The others come first; what never comes whole is taken by its beginning, which says so."""
    office.put(address, mail(1), mail(2, "Une longue histoire.\n" * 500_000), mail(3))
    box = channel(line.port, address)
    passed = 0

    def cut_in_the_middle(data: bytes) -> bytes:
        nonlocal passed, cuts
        passed += len(data)
        if passed > 3_000_000 and cuts:
            passed, cuts = 0, cuts - 1
            line.cut()
        return data

    whole = cuts == 1
    line.said = cut_in_the_middle
    found = await until_empty(office, address, box)
    assert [envelope.ref[:3] for envelope in found] == ["<m1", "<m3", "<m2"]
    files = [file.name for file in box.message(found[2]).attachments]
    assert files == ([] if whole else ["pièce trop grande (11 Mo)"])
    assert len(office.lying_in(address, DONE)) == 3


async def test_a_mail_that_the_server_cannot_give_stops_nobody(
    office: PostOffice, address: str, channel: Opens
) -> None:
    """An agent finds its place among what could not be read, and the mail in the failed folder."""
    box = channel(office.imap_port, address)
    office.put(address, mail(1), mail(2), mail(3))
    office.spoil(address, b"Trou 2")
    found = await until_empty(office, address, box)
    assert [envelope.ref[:3] for envelope in found] == ["<m1", "<m3", ""]
    assert "does not give this mail (INBOX " in found[2].note
    assert len(list(office.files(address, FAILED))) == 1
    assert len(office.lying_in(address, DONE)) == 2
    with pytest.raises(UnreadablePayload, match="does not give"):
        box.receive(found[2])
