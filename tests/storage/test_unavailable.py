"""A database that cannot take a write: every caller hears StoreUnavailable, and it goes on after."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sqlite3
import time
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from store_parts import LEASE_S, NOW, Numbered, envelope, take

from router.archive import CaseFilter
from router.errors import StoreUnavailable
from storage import sqlite
from storage.engine import open_store
from storage.sqlite import SqliteDatabase

EVERYTHING = (
    lambda store: store.accept([envelope(id="1")]),
    lambda store: store.claim_routes(1, 60, NOW),
    lambda store: store.cases(CaseFilter()),
    lambda store: store.next_due("route"),
)


async def hears_unavailable(store):
    for call in EVERYTHING:
        with pytest.raises(StoreUnavailable):
            await call(store)


async def works(store):
    assert (await store.accept([envelope("zoe", id="after")]))[0].new
    assert await take(store)


async def test_a_full_disk_is_waited_for(sqlite_folder):
    database = SqliteDatabase(sqlite_folder / "guichet.db")
    await database.open()

    def room(connection):
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    def fill(connection):
        connection.execute(
            text("INSERT INTO blob (cell, name, data) VALUES ('c', 'n', zeroblob(100000))")
        )

    await database.write(room)
    with pytest.raises(StoreUnavailable, match="full"):
        await database.write(fill)
    await database.write(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")))
    await database.write(fill)
    await database.close()


async def test_a_disk_that_fills_up_under_a_batch_refuses_it_whole_and_takes_it_later(
    sqlite_folder,
):
    store = open_store(sqlite_folder, ids=Numbered())
    await store.open()

    async def pages(count: str) -> None:
        pragma = text(f"PRAGMA max_page_count = {count}")
        await store._database.write(lambda conn: conn.execute(pragma))

    large = [envelope(str(n), id=str(n), payload=b"x" * 60_000) for n in range(8)]
    await pages("1")  # no smaller than the file is
    for end in await asyncio.gather(*(store.accept([e]) for e in large), return_exceptions=True):
        assert isinstance(end, StoreUnavailable)
    assert not await take(store)
    await pages("1000000")
    for one in large:
        assert (await store.accept([one]))[0].new
    assert len(await take(store)) == len(large)
    await store.close()


async def test_a_disk_that_cannot_keep_a_large_payload_takes_no_message(sqlite_folder, monkeypatch):
    store = open_store(sqlite_folder, ids=Numbered(), blobs=sqlite_folder / "blobs")
    await store.open()

    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    photo = envelope(id="1", payload=b"x" * 200_000)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", broken)
        with pytest.raises(StoreUnavailable):
            await store.accept([photo])
    assert not await take(store)
    assert (await store.accept([photo]))[0].new
    [[claimed]] = [claim.inbound for claim in await take(store)]
    assert claimed.envelope.payload == photo.payload
    await store.close()


async def test_a_clock_set_back_loses_nothing_and_holds_up_no_new_message(database_store):
    """What came just before waits until its time comes again; whoever writes now is heard now."""
    await database_store.accept([envelope("before", id="1")])
    earlier = NOW - timedelta(hours=1)
    await database_store.accept([envelope("after", id="2", at=earlier)])
    heard = await database_store.claim_routes(9, LEASE_S, earlier)
    assert [claim.inbound[0].envelope.provider_id for claim in heard] == ["2"]
    heard = await database_store.claim_routes(9, LEASE_S, NOW)
    assert "1" in [claim.inbound[0].envelope.provider_id for claim in heard]


async def test_a_file_locked_by_another_program_is_waited_for(sqlite_folder, monkeypatch):
    monkeypatch.setitem(sqlite._PRAGMAS, "busy_timeout", 10)
    store = open_store(sqlite_folder, ids=Numbered())
    await store.open()
    other = sqlite3.connect(sqlite_folder / "guichet.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waiting = [store.accept([envelope(id=str(n))]) for n in range(5)]
    for end in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(end, StoreUnavailable)
    other.execute("ROLLBACK")
    other.close()
    await works(store)
    await store.close()


async def test_a_read_that_takes_too_long_is_cut_and_frees_its_reader(sqlite_folder, monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE_S", 0.2)
    database = SqliteDatabase(sqlite_folder / "guichet.db")
    await database.open()
    endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    reads = [database.read(lambda conn: conn.scalar(endless)) for _ in range(2)]
    began = time.monotonic()
    for end in await asyncio.gather(*reads, return_exceptions=True):
        assert isinstance(end, StoreUnavailable)
    monkeypatch.setattr(sqlite, "PATIENCE_S", 5.0)
    assert await database.read(lambda conn: conn.scalar(text("SELECT 7"))) == 7
    assert time.monotonic() - began < 4
    await database.close()


async def test_a_store_that_is_closed_or_was_never_opened_says_so(sqlite_folder):
    store = open_store(sqlite_folder, ids=Numbered())
    await hears_unavailable(store)
    await store.open()
    await store.close()
    await hears_unavailable(store)


@pytest.mark.postgresql
async def test_a_server_that_lets_nobody_in_is_waited_for(postgres_server, postgres_url):
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    store = open_store(postgres_url, ids=Numbered())
    await store.open()
    admin = await asyncpg.connect(postgres_server)
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await hears_unavailable(store)
        never = open_store(postgres_url, ids=Numbered())
        with pytest.raises(StoreUnavailable):
            await never.open()
        await never.close()
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    finally:
        await admin.close()
    await works(store)
    await store.close()


async def test_no_server_at_all():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = open_store(f"postgresql://nobody@127.0.0.1:{port}/none", ids=Numbered())
    with pytest.raises(StoreUnavailable):
        await store.open()
    await store.close()


@pytest.mark.postgresql
async def test_a_table_that_is_not_there_refuses_nobody_s_message(postgres_url):
    store = open_store(postgres_url, ids=Numbered())
    await store.open()
    admin = await asyncpg.connect(postgres_url)
    await admin.execute("ALTER TABLE inbound RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        await store.accept([envelope(id="1")])
    await admin.execute("ALTER TABLE hidden RENAME TO inbound")
    await admin.close()
    await works(store)
    await store.close()


@pytest.mark.postgresql
async def test_a_lock_that_is_not_given_up_is_waited_for(postgres_url):
    store = open_store(postgres_url, ids=Numbered())
    await store.open()
    admin = await asyncpg.connect(postgres_url)
    async with admin.transaction():
        await admin.execute("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE")
        waiting = [store.accept([envelope(id=str(n))]) for n in range(3)]
        for end in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(end, StoreUnavailable)
    await admin.close()
    await works(store)
    await store.close()
