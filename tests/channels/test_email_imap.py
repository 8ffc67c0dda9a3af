"""IMAP against a real server: fetching, settling, waiting, and what may go wrong in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.email import EmailChannel, EmailSettings
from channels.email.batch import _BATCH_S, _BODY_S
from channels.email.imap import ImapConnection, _body_of, mailbox_name
from demo.mail import PASSWORD, MailSimulator
from router import polling
from router.tokens import Signer

COUNTER = "guichet@nantes.example"


def now() -> datetime:
    return datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def mail(number: int = 1, body: str = "Un trou rue Crébillon.") -> bytes:
    return (
        f"From: Lea <lea@citoyens.example>\r\nTo: {COUNTER}\r\nSubject: Trou {number}\r\n"
        f"Message-ID: <m{number}@citoyens.example>\r\n\r\n{body}\r\n"
    ).encode()


def channel(server: MailSimulator, **changed: Any) -> EmailChannel:
    settings = EmailSettings(
        **{
            "imap_host": "127.0.0.1",
            "imap_port": server.imap_port,
            "imap_tls": False,
            "password": PASSWORD,
            "imap_wait_s": 0.2,
            **changed,
        }
    )
    return EmailChannel(settings, COUNTER, Signer({"a": b"key"}, "a"))


@pytest.fixture
async def server() -> AsyncIterator[MailSimulator]:
    async with MailSimulator() as running:
        yield running


async def lying_in(server: MailSimulator, mailbox: str) -> int:
    connection = ImapConnection("127.0.0.1", server.imap_port, tls=False, timeout_s=5)
    try:
        await connection.login(COUNTER, PASSWORD)
        await connection.select(mailbox)
        return len(await connection.search("ALL"))
    finally:
        await connection.close()


async def test_a_mail_is_pulled_and_moved_only_after_it_is_settled(server: MailSimulator) -> None:
    box = channel(server)
    await server.citizen_sends(mail(), COUNTER)
    pulled = await box.pull("", now)
    assert [e.ref for e in pulled.envelopes] == ["<m1@citoyens.example>"]
    assert await lying_in(server, "INBOX") == 1
    await box.settle(pulled)
    assert await lying_in(server, "INBOX") == 0
    assert await lying_in(server, "Guichet-traites") == 1
    assert (await box.pull(pulled.cursor, now)).envelopes == ()
    await box.close()


async def test_a_cut_between_fetch_and_move_brings_the_same_mail_again(
    server: MailSimulator,
) -> None:
    box = channel(server)
    await server.citizen_sends(mail(), COUNTER)
    first = await box.pull("", now)
    await server.drop_imap()
    await box.close()
    again = channel(server)
    second = await again.pull(first.cursor, now)
    assert [e.provider_id for e in second.envelopes] == [e.provider_id for e in first.envelopes]
    await again.settle(second)
    assert await lying_in(server, "INBOX") == 0
    await again.close()


async def test_waiting_ends_as_soon_as_a_mail_arrives(server: MailSimulator) -> None:
    box = channel(server, imap_wait_s=20)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        pulling = group.create_task(box.pull("", now))
        await asyncio.sleep(0.2)
        await server.citizen_sends(mail(), COUNTER)
    # it is fetched in the whole time of the next poll, and not in what waiting has left of this
    assert pulling.result().envelopes == ()
    assert len((await box.pull(pulling.result().cursor, now)).envelopes) == 1
    await box.close()


def test_a_poll_has_time_for_the_slowest_mail_that_a_batch_still_begins() -> None:
    answer_s = EmailSettings().imap_timeout_s  # and once the server takes as long as it may
    assert answer_s + _BATCH_S + answer_s + _BODY_S <= polling.LEASE_S / 2


def test_a_poll_has_time_to_wait_as_long_as_it_may() -> None:
    longest = next(
        one.le for one in EmailSettings.model_fields["imap_wait_s"].metadata if hasattr(one, "le")
    )
    assert longest + EmailSettings().imap_timeout_s < polling.LEASE_S / 2


async def test_a_drop_while_waiting_is_noticed_at_once(server: MailSimulator) -> None:
    box = channel(server, imap_wait_s=20)

    async def pull() -> None:
        with pytest.raises(ConnectionError):
            await box.pull("", now)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(pull())
        await asyncio.sleep(0.3)
        await server.drop_imap()
    await server.citizen_sends(mail(), COUNTER)
    assert len((await box.pull("", now)).envelopes) == 1
    await box.close()


async def test_many_mails_come_in_batches_of_fifty(server: MailSimulator) -> None:
    box = channel(server)
    for number in range(120):
        await server.citizen_sends(mail(number), COUNTER)
    counts, cursor, seen = [], "", set()
    for _ in range(3):
        pulled = await box.pull(cursor, now)
        cursor = pulled.cursor
        counts.append(len(pulled.envelopes))
        seen.update(e.provider_id for e in pulled.envelopes)
        await box.settle(pulled)
    assert counts == [50, 50, 20]
    assert len(seen) == 120
    assert await lying_in(server, "INBOX") == 0
    await box.close()


async def test_no_more_than_fifty_sizes_are_asked_for_at_once(server: MailSimulator) -> None:
    for number in range(51):
        await server.citizen_sends(mail(number), COUNTER)
    connection = ImapConnection("127.0.0.1", server.imap_port, tls=False, timeout_s=5)
    await connection.login(COUNTER, PASSWORD)
    await connection.select("INBOX")
    uids = await connection.search("ALL")
    assert (len(uids), len(await connection.sizes(uids))) == (51, 50)
    await connection.close()


async def test_another_uidvalidity_makes_the_mailbox_be_read_again(server: MailSimulator) -> None:
    box = channel(server, done_folder="")
    await server.citizen_sends(mail(), COUNTER)
    pulled = await box.pull("", now)
    await box.settle(pulled)
    known = json.loads(pulled.cursor)
    await box.close()
    other = channel(server, done_folder="")
    assert (await other.pull(pulled.cursor, now)).envelopes == ()
    changed = json.dumps({"uidvalidity": known["uidvalidity"] + 1, "last_uid": 900})
    again = await other.pull(changed, now)
    assert [e.provider_id for e in again.envelopes] == [e.provider_id for e in pulled.envelopes]
    await other.close()


async def test_what_is_no_mail_goes_to_the_failed_folder(server: MailSimulator) -> None:
    box = channel(server)
    inbox = server._box(COUNTER).inbox
    from pymap.parsing.message import AppendMessage

    await inbox.append(AppendMessage(b"\x00\x01\x02 nothing at all", now()), recent=True)
    await server.citizen_sends(mail(), COUNTER)
    pulled = await box.pull("", now)
    assert [bool(e.note) for e in pulled.envelopes] == [True, False]
    await box.settle(pulled)
    assert await lying_in(server, "Guichet-illisibles") == 1
    assert await lying_in(server, "Guichet-traites") == 1
    await box.close()


async def test_of_a_mail_too_large_the_beginning_is_kept(server: MailSimulator) -> None:
    box = channel(server, largest_mail=100_000)
    await server.citizen_sends(mail(body="Un très long texte.\r\n" * 30_000), COUNTER)
    envelope = (await box.pull("", now)).envelopes[0]
    assert len(envelope.payload) < 80_000
    message = box.message(envelope)
    assert message.subject == "Trou 1"
    assert message.text.startswith("Un très long texte.")
    assert message.attachments[0].name.startswith("pièce trop grande")
    await box.close()


async def test_a_large_mail_arrives_whole(server: MailSimulator) -> None:
    box = channel(server)
    await server.citizen_sends(mail(body="Un texte.\r\n" * 300_000), COUNTER)
    envelope = (await box.pull("", now)).envelopes[0]
    assert len(envelope.payload) > 3_000_000
    await box.close()


@pytest.mark.parametrize("more", [-200, 5_000, 400_000, 90_000_000])
async def test_a_size_that_a_server_tells_only_about_rightly_cuts_no_mail(
    server: MailSimulator, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    sizes = ImapConnection.sizes

    async def about(self: ImapConnection, uids: list[int]) -> dict[int, int]:
        return {uid: size + more for uid, size in (await sizes(self, uids)).items()}

    monkeypatch.setattr(ImapConnection, "sizes", about)
    box = channel(server)
    await server.citizen_sends(mail(body="Un texte.\r\n" * 20_000), COUNTER)
    message = box.message((await box.pull("", now)).envelopes[0])
    assert message.text.count("Un texte.") == 20_000
    assert message.attachments == ()
    await box.close()


HEAD, BODY, AFTER = b"1 FETCH (UID 7 BODY[] {4}", bytearray(b"abcd"), b")"


@pytest.mark.parametrize(
    "lines",
    [
        [HEAD, BODY],  # too long by what should end it
        [HEAD, BODY, b"rest of the mail)"],  # too short
        [HEAD, BODY, b"of a mail", b")"],
        [HEAD, BODY, AFTER, b"1 FETCH (FLAGS"],
        [HEAD, BODY, AFTER, HEAD, BODY, AFTER],
        [b"1 FETCH (UID 8 BODY[] {4}", BODY, AFTER],
        [b"1 FETCH (BODY[] {4}", BODY, AFTER],
        [BODY],
    ],
)
def test_what_is_not_the_mail_that_was_asked_for_is_never_taken_for_it(lines: list[bytes]) -> None:
    with pytest.raises(ConnectionError, match="spoke oddly"):
        _body_of(lines, 7)


@pytest.mark.parametrize(
    "lines",
    [
        [HEAD, BODY, AFTER],
        [b"1 FETCH (BODY[] {4}", BODY, b" UID 7 FLAGS (\\Seen))"],
        [b"2 FETCH (FLAGS ())", HEAD, BODY, AFTER, b"3 FETCH (FLAGS (\\Seen))"],
    ],
)
def test_the_ways_in_which_servers_give_a_mail_are_read(lines: list[bytes]) -> None:
    assert _body_of(lines, 7) == b"abcd"
    assert _body_of([], 7) is None


async def test_a_refused_password_is_not_tried_again_at_once(server: MailSimulator) -> None:
    box = channel(server, password="faux")
    with pytest.raises(PermissionError):
        await box.pull("", now)
    server_before = server.imap_port
    await server.stop()  # a second try would now fail by ConnectionError
    async with asyncio.timeout(2):
        with pytest.raises(PermissionError):
            await box.pull("", now)
    assert server_before
    assert "mot de passe" in (await box.health()).sentence or not (await box.health()).ok
    await box.close()
    await server.start()


async def test_a_server_that_is_away_is_an_error_of_the_system() -> None:
    settings = EmailSettings(imap_host="127.0.0.1", imap_port=1, imap_tls=False)
    box = EmailChannel(settings, COUNTER, Signer({"a": b"key"}, "a"))
    with pytest.raises(OSError, match=r"."):
        await box.pull("", now)
    await box.close()


async def test_a_cancelled_poll_leaves_nothing_behind(server: MailSimulator) -> None:
    box = channel(server, imap_wait_s=20)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await box.pull("", now)
    await server.citizen_sends(mail(), COUNTER)
    assert len((await box.pull("", now)).envelopes) == 1
    await box.close()


async def test_without_a_server_nothing_is_polled() -> None:
    box = EmailChannel(EmailSettings(imap_wait_s=0.01), COUNTER, Signer({"a": b"key"}, "a"))
    assert (await box.pull("x", now)).cursor == "x"


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("INBOX", '"INBOX"'),
        ("Traités", '"Trait&AOk-s"'),
        ("A & B", '"A &- B"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
    ],
)
def test_mailbox_names_are_quoted_in_modified_utf7(name: str, quoted: str) -> None:
    assert mailbox_name(name) == quoted
