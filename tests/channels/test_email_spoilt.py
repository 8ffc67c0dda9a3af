"""Whatever a mail server says wrongly, no mail is lost or doubled, and the next round goes on.

A few dozen rounds in every run; for longer, from another number on::

    GUICHET_FUZZ_SECONDS=600 GUICHET_FUZZ_FIRST=1000 pytest tests/channels/test_email_spoilt.py -n0 -s
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import post_office
import pytest
from pymap.parsing.message import AppendMessage
from spoilt_line import SpoiltLine
from town import START, CountedIds, SetClock

from channels.email import EmailChannel, EmailSettings, batch, inbox
from channels.email.imap import ImapConnection
from demo.mail import PASSWORD, MailSimulator
from router.message import Envelope
from router.polling import Poller
from router.tokens import Signer
from router.work import Accepted, CursorWrite
from storage.memory import MemoryStore

_SECONDS = float(os.environ.get("GUICHET_FUZZ_SECONDS", "0"))
_FIRST = int(os.environ.get("GUICHET_FUZZ_FIRST", "0"))
_IN_EVERY_RUN = 8
_ROUNDS = 20
TIMEOUT_S = 1.0
COUNTER = "guichet@nantes.example"
NASTY = (
    "Un trou {12}\r\n)\r\n* 1 FETCH (UID 1 BODY[] {4}\r\nA1 OK FETCH\r\n* SEARCH 7\r\n+ \r\n (a)\r\n"
    + "Une longue histoire, avec des parenthèses ( et ).\r\n" * 800
)


def chances() -> Iterator[tuple[int, random.Random]]:
    end = time.monotonic() + _SECONDS
    for number in itertools.count(_FIRST):
        if time.monotonic() > end if _SECONDS else number - _FIRST >= _IN_EVERY_RUN:
            print(f"\n{number - _FIRST} rounds, up to number {number}")
            return
        yield number, random.Random(number)


def mail(name: str, body: str) -> bytes:
    return (
        f"From: Lea <lea@citoyens.example>\r\nTo: {COUNTER}\r\nSubject: Trou {name}\r\n"
        f"Message-ID: <{name}@citoyens.example>\r\n\r\n{body}\r\n"
    ).encode()


class Server:
    """A mail server, a mailbox on it that nobody has used, and how mail is laid into that."""

    def __init__(
        self, port: int, account: str, password: str, put: Callable[[bytes], Awaitable[object]]
    ) -> None:
        self.port, self.account, self.password, self.put = port, account, password, put

    async def left(self) -> int:
        """Count what lies in the mailbox, over a line of our own."""
        connection = ImapConnection("127.0.0.1", self.port, tls=False, timeout_s=10)
        try:
            await connection.login(self.account, self.password)
            await connection.select("INBOX")
            return len(await connection.search("ALL"))
        finally:
            await connection.close()


Opens = Callable[[], AbstractAsyncContextManager[Server]]


@pytest.fixture(params=["simulator", "dovecot"])
def fresh(request: pytest.FixtureRequest) -> Opens:
    """Give a function that opens an empty mailbox; Dovecot's where it is installed."""
    if request.param == "dovecot":
        office = request.getfixturevalue("office")

        @asynccontextmanager
        async def dovecot() -> AsyncIterator[Server]:
            account = office.new_mailbox()

            async def put(raw: bytes) -> None:
                office.put(account, raw)

            yield Server(office.imap_port, account, post_office.PASSWORD, put)

        return dovecot

    @asynccontextmanager
    async def simulator() -> AsyncIterator[Server]:
        async with MailSimulator() as running:

            async def put(raw: bytes) -> None:
                await running._box(COUNTER).inbox.append(AppendMessage(raw, START), recent=True)

            yield Server(running.imap_port, COUNTER, PASSWORD, put)

    return simulator


class Journal:
    """Takes envelopes like the store behind it, and keeps those that were new."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.new: list[Envelope] = []

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        accepted = await self._store.accept(envelopes, cursor)
        self.new += [one for one, how in zip(envelopes, accepted, strict=True) if how.new]
        return accepted


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_BODY_S", TIMEOUT_S)
    monkeypatch.setattr(inbox, "_FIRST_PAUSE_S", 0.0)


@pytest.mark.parametrize("done_folder", ["Guichet-traites", ""])
async def test_whatever_the_server_says_wrongly_each_mail_comes_once_and_whole(
    fresh: Opens, done_folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for number, draw in chances():
        mails = [mail(f"{number}-{n}", draw.choice((NASTY, "Court.", ""))) for n in range(3)]
        async with (
            fresh() as server,
            SpoiltLine(server.port, draw, draw.randrange(1, 4), _keeps(done_folder)) as line,
        ):
            for each in mails:
                await server.put(each)
            try:
                await _hold(server, line, done_folder, mails)
                for record in caplog.records:
                    raise AssertionError(record.getMessage())
            except BaseException as error:
                error.add_note(f"GUICHET_FUZZ_FIRST={number} finds it at once: {line.done}")
                raise


def _keeps(done_folder: str) -> Callable[[bytes], bool]:
    """Where mails are not moved, only the server's list says which there are."""
    return (lambda line: False) if done_folder else (lambda line: b"SEARCH" in line)


async def _hold(server: Server, line: SpoiltLine, done_folder: str, mails: list[bytes]) -> None:
    """Poll through all that is spoilt, and look at what came of it."""
    given = {"imap_host": "127.0.0.1", "imap_port": line.port, "imap_tls": False}
    given |= {"imap_wait_s": 0.05, "imap_timeout_s": TIMEOUT_S, "password": server.password}
    settings = EmailSettings.model_validate(given | {"done_folder": done_folder})
    box = EmailChannel(settings, server.account, Signer({"a": b"key"}, "a"))
    clock, store = SetClock(), MemoryStore(CountedIds())
    journal = Journal(store)
    failures: list[Exception] = []
    poller = Poller(box, store, journal, clock, lambda _, error: failures.append(error))
    try:
        for _ in range(_ROUNDS):
            lease = await poller._hold(None, sure=False)
            assert lease is not None
            try:
                async with asyncio.timeout(30 * TIMEOUT_S):  # its own deadlines end it before
                    await poller._poll(lease)
            except Exception as error:
                failures.append(error)
                continue
            if len(journal.new) < len(mails):
                continue
            if not (done_folder and await server.left()):
                break
            await box.close()  # who was not told that mails can be moved hears it on a new line
    finally:
        await box.close()
    assert sorted(one.payload for one in journal.new) == sorted(mails)
    slow = sum(isinstance(error, TimeoutError) for error in failures)  # so may be our own machine
    assert len(failures) - slow <= len(line.done)
    for error in failures:
        assert isinstance(error, OSError | TimeoutError)
        assert str(error).startswith("the mail")
        assert "\n" not in str(error)
        assert len(str(error)) < 200
    assert not (done_folder and await server.left())
