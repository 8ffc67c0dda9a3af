"""A database that is down while mail and updates arrive: nothing is taken, nothing lost or doubled.

The channels' own loops run against real servers (IMAP, LMTP, the Bot API on loopback), and the
databases are really away: SQLite locked by another program, PostgreSQL letting nobody in.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import pytest
from affair import LifeIds

from app.running.server import cancelled
from channels.email import EmailChannel, EmailSettings
from channels.email.imap import ImapConnection
from channels.matrix import Matrix, MatrixSettings
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from demo.mail import PASSWORD, MailSimulator
from demo.matrix import MatrixSimulator
from demo.telegram import TelegramSimulator
from router.errors import StoreUnavailable
from router.message import Envelope
from router.polling import Poller
from router.ports import Pulled
from router.tokens import Signer
from storage import sqlite
from storage.engine import open_store
from storage.memory import MemoryStore

COUNTER = "guichet@nantes.example"
SIGNER = Signer({"a": b"key"}, "a")


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 10, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Breakable:
    """A store, and how its database is taken away and given back."""

    store: object
    down: Callable[[], Awaitable[None]]
    up: Callable[[], Awaitable[None]]


async def _breakable_sqlite(folder) -> Breakable:
    store = open_store(folder, ids=LifeIds(0))
    await store.open()
    other = sqlite3.connect(folder / "guichet.db", isolation_level=None)

    async def down():
        other.execute("BEGIN EXCLUSIVE")

    async def up():
        other.execute("ROLLBACK")

    return Breakable(store, down, up)


async def _breakable_postgresql(server: str, url: str) -> Breakable:
    store = open_store(url, ids=LifeIds(0), cell=uuid.uuid4().hex)
    await store.open()
    name = url.partition("?")[0].rpartition("/")[2]

    async def let_in(allowed: str) -> None:
        admin = await asyncpg.connect(server)
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await admin.close()

    async def down():
        await let_in("false")

    async def up():
        await let_in("true")

    return Breakable(store, down, up)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def breakable(request, monkeypatch):
    monkeypatch.setitem(sqlite._PRAGMAS, "busy_timeout", 10)
    get = request.getfixturevalue
    if request.param == "sqlite":
        made = await _breakable_sqlite(get("sqlite_folder"))
    else:
        made = await _breakable_postgresql(get("postgres_server"), get("postgres_url"))
    yield made
    await made.store.close()


@dataclass
class Running:
    """A poller at work; what it reported, and how long it wanted to rest."""

    failures: list[Exception] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    def report(self, _name: str, error: Exception) -> None:
        self.failures.append(error)
        self.failed.set()

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def polling(channel, store):
    running = Running()
    poller = Poller(channel, store, store, Clock(), running.report, running.rest)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(poller.run())
        yield running
        await cancelled([task])  # once is not enough: the IMAP library may swallow it


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    while not await condition():  # noqa: ASYNC110 -- a mailbox or a database has no event
        await asyncio.sleep(0.01)


def letter(number: int) -> bytes:
    return (
        f"From: Lea <lea@citoyens.example>\r\nTo: {COUNTER}\r\nSubject: Trou {number}\r\n"
        f"Message-ID: <m{number}@citoyens.example>\r\n\r\nUn trou rue Crébillon.\r\n"
    ).encode()


async def taken(store) -> list[str]:
    return sorted(line.provider_id for line in await store.journal())


def known(channel: EmailChannel, *numbers: int) -> list[str]:
    return sorted(channel.envelope(letter(n), Clock().now()).provider_id for n in numbers)


async def lying_in(post: MailSimulator, mailbox: str) -> int:
    connection = ImapConnection("127.0.0.1", post.imap_port, tls=False, timeout_s=5)
    try:
        await connection.login(COUNTER, PASSWORD)
        await connection.select(mailbox)
        return len(await connection.search("ALL"))
    finally:
        await connection.close()


async def test_imap_leaves_a_mail_in_place_until_the_database_is_back(breakable):
    async with MailSimulator() as post:
        settings = EmailSettings(
            imap_host="127.0.0.1",
            imap_port=post.imap_port,
            imap_tls=False,
            imap_wait_s=1,
            password=PASSWORD,
        )
        channel = EmailChannel(settings, COUNTER, SIGNER)
        store = breakable.store
        async with polling(channel, store) as poller:
            await post.citizen_sends(letter(1), COUNTER)
            await until(store.journal)
            await breakable.down()
            await post.citizen_sends(letter(2), COUNTER)
            await poller.failed.wait()
            assert isinstance(poller.failures[0], StoreUnavailable)
            assert await lying_in(post, "INBOX") == 1
            assert await lying_in(post, "Guichet-traites") == 1
            await breakable.up()

            async def emptied():
                return await lying_in(post, "INBOX") == 0

            await until(emptied)
        assert await taken(store) == known(channel, 1, 2)
        assert await lying_in(post, "Guichet-traites") == 2


def hand_over(port: int, raw: bytes) -> tuple[int, str]:
    """Deliver by LMTP as a mail server does, and give the answer after the data."""
    with smtplib.LMTP("127.0.0.1", port, "mx.citoyens.example") as client:
        client.ehlo()
        client.mail("lea@citoyens.example")
        client.rcpt(COUNTER)
        code, text = client.data(raw)
    return code, text.decode()


async def test_lmtp_answers_451_until_the_database_is_back(breakable):
    channel = EmailChannel(EmailSettings(lmtp_port=0), COUNTER, SIGNER)
    store = breakable.store

    async def accept(envelope: Envelope) -> None:
        await store.accept([envelope])

    async def served():
        return channel.lmtp_port

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(channel.listen(accept))
        await until(served)
        answers = [await asyncio.to_thread(hand_over, channel.lmtp_port, letter(1))]
        await breakable.down()
        answers.append(await asyncio.to_thread(hand_over, channel.lmtp_port, letter(2)))
        await breakable.up()
        answers.append(await asyncio.to_thread(hand_over, channel.lmtp_port, letter(2)))
        # whoever has not heard the 250 comes again
        answers.append(await asyncio.to_thread(hand_over, channel.lmtp_port, letter(2)))
        listening.cancel()
    assert [code for code, _ in answers] == [250, 451, 250, 250]
    assert answers[1][1].startswith("4.3.0")
    assert await taken(store) == known(channel, 1, 2)


async def test_telegram_s_offset_stays_until_the_database_is_back(breakable):
    async with TelegramSimulator() as telegram:
        settings = TelegramSettings(
            token=telegram.token,
            base_url=telegram.base_url,
            base_file_url=telegram.base_file_url,
            poll_s=10,
        )
        channel = Telegram(settings, telegram.username)
        store = breakable.store
        async with polling(channel, store) as poller:
            await telegram.citizen_sends(42, "Un trou rue Crébillon")
            await until(store.journal)
            await breakable.down()
            await telegram.citizen_sends(42, "Et une fuite d'eau")
            await poller.failed.wait()
            # the first may wait too: it is confirmed by the next poll, which may not have come
            assert telegram._updates.waiting[-1]["message"]["text"] == "Et une fuite d'eau"
            await breakable.up()

            async def confirmed():
                return not telegram._updates.waiting

            await until(confirmed)
    assert len(await store.journal()) == 2


async def test_matrix_s_place_stays_until_the_database_is_back(breakable):
    async with MatrixSimulator() as matrix:
        settings = MatrixSettings(base_url=matrix.base_url, access_token=matrix.token, poll_s=10)
        channel = Matrix(settings, matrix.counter)
        store = breakable.store
        async with polling(channel, store) as poller:
            await matrix.citizen_sends("anne", "Un trou rue Crébillon")
            await until(store.journal)
            await breakable.down()
            await matrix.citizen_sends("anne", "Et une fuite d'eau")
            await poller.failed.wait()
            await breakable.up()

            async def both():
                return len(await store.journal()) == 2

            await until(both)


# --- how the poller rests and leaves --------------------------------------------------------------


class Flaky:
    """A provider that fails, or gives nothing, in a given order; then it stays silent."""

    poller = "flaky"

    def __init__(self, *fails: bool) -> None:
        self._fails, self.silent = list(fails), asyncio.Event()
        self.closed = False

    async def pull(self, cursor, received_at):
        if not self._fails:
            self.silent.set()
            await asyncio.Event().wait()
        if self._fails.pop(0):
            raise ConnectionError("cut")
        return Pulled((), cursor)

    async def settle(self, pulled) -> None: ...

    async def close(self) -> None:
        self.closed = True


async def test_a_failure_long_after_the_last_one_is_waited_out_as_the_first():
    channel = Flaky(True, True, True, False, True)
    async with polling(channel, MemoryStore(LifeIds(0))) as poller:
        await channel.silent.wait()
    assert poller.rests == [2.0, 4.0, 8.0, 2.0]
    assert channel.closed


async def test_a_poller_leaves_when_it_is_told_to_though_the_database_is_down(breakable):
    channel = Flaky()
    async with polling(channel, breakable.store):
        await channel.silent.wait()
        await breakable.down()
    await breakable.up()
    assert channel.closed
