"""Two processes on one PostgreSQL wake each other, and get over a lost connection."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from store_parts import envelope, take, write

from router.message import Address
from router.work import ROUTE
from storage import heralds
from storage.engine import open_store

pytestmark = pytest.mark.postgresql


class Ears:
    """What a process hears."""

    def __init__(self, store) -> None:
        self.roles: list[str] = []
        self._heard = asyncio.Event()
        store.on_work(self._hear)

    def _hear(self, role: str) -> None:
        self.roles.append(role)
        self._heard.set()

    async def hear(self) -> list[str]:
        async with asyncio.timeout(10):
            await self._heard.wait()
        self._heard.clear()
        return self.roles


@pytest.fixture
async def process(postgres_url, ids):
    """Give a function that opens one more store of a cell on one database, as a process would."""
    opened = []

    async def another(cell="main"):
        store = open_store(postgres_url, ids=ids, cell=cell)
        await store.open()
        opened.append(store)
        return store

    yield another
    for store in opened:
        await store.close()


async def listening(url, count):
    """Wait until so many heralds listen."""
    connection = await asyncpg.connect(url)
    query = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = $1 AND state = 'idle' AND query <> ''
    """
    for _ in range(500):
        if await connection.fetchval(query, heralds.HERALD) == count:
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("they do not listen")
    await connection.close()


async def test_another_process_hears_of_each_role_that_got_work(process, postgres_url, parts):
    one, two, stranger = await process(), await process(), await process("elsewhere")
    await listening(postgres_url, 3)
    mine, theirs, others = Ears(one), Ears(two), Ears(stranger)
    await one.accept([envelope(id="1")])
    assert await theirs.hear() == [ROUTE]
    [found] = await take(two)
    bot = parts.delivery(address=Address("telegram", "bot", "42"))
    await write(two, parts.unit(found, deliveries=(bot,)))
    await mine.hear()
    while "send:telegram|bot" not in mine.roles:
        await mine.hear()
    assert mine.roles == [ROUTE, "send:telegram|bot"]  # each once: nobody hears himself twice
    assert others.roles == []


async def test_a_lost_connection_is_opened_again_and_fails_nobody(
    process, postgres_url, monkeypatch
):
    monkeypatch.setattr(heralds, "_FIRST_WAIT_S", 0.01)
    one, two = await process(), await process()
    await listening(postgres_url, 2)
    theirs = Ears(two)
    admin = await asyncpg.connect(postgres_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()
    await one.accept([envelope(id="1")])  # the store goes on meanwhile
    await listening(postgres_url, 2)
    theirs.roles.clear()
    await one.accept([envelope("bob", id="2")])
    while ROUTE not in theirs.roles:
        await theirs.hear()


async def test_what_a_stranger_says_on_the_channel_is_not_heard(process, postgres_url):
    one = await process()
    await listening(postgres_url, 1)
    mine = Ears(one)
    admin = await asyncpg.connect(postgres_url)
    for message in ("", "7", "{}", '["main"]', "x" * 7000, '["main", "somebody", "route"]'):
        await admin.execute("SELECT pg_notify($1, $2)", heralds.CHANNEL, message)
    await admin.close()
    assert await mine.hear() == [ROUTE]


async def test_much_news_is_told_in_few_messages_and_none_too_long():
    herald = heralds.Herald(asyncio.sleep, "main", print)
    for number in range(2_000):
        herald.tell(f"send:sms|{number % 40}")
    assert len(herald._messages()) == 1
    assert herald._messages() == []
    for number in range(400):
        herald.tell(f"send:sms|{number}-{'x' * 40}")
    herald.tell("x" * 9_000)
    messages = herald._messages()
    assert len(messages) == 400
    assert max(map(len, messages)) < 8_000
