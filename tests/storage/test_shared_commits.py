"""Writes that wait at one moment share a commit on SQLite, and each still stands by itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from router.errors import StoreUnavailable
from storage import shared_commits
from storage.failures import DataRefused
from storage.shared_commits import MOST_TOGETHER
from storage.sqlite import SqliteDatabase

_ADD = text("INSERT INTO blob (cell, name, data) VALUES ('c', :name, x'00')")
_COUNT = text("SELECT count(*) FROM blob")
_NAMES = text("SELECT name FROM blob ORDER BY name")
Tx = Callable[[Connection], Any]
Way = Callable[[SqliteDatabase, Sequence[Tx]], Awaitable[list[Any]]]


@pytest.fixture(autouse=True)
def _all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slow machine share as a quick one does."""
    monkeypatch.setattr(shared_commits, "_LONGEST_S", 60.0)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(folder / "guichet.db")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def held(database: SqliteDatabase) -> AsyncIterator[None]:
    """Keep the writer busy until the block ends, so that what it starts waits together."""
    busy, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        busy.set()
        go_on.wait(5)

    first = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(busy.wait, 5)
    try:
        yield
        await asyncio.sleep(0)  # what was started now waits
    finally:
        go_on.set()
        await asyncio.gather(first, return_exceptions=True)  # it shares the fate of the others


def commits_of(database: SqliteDatabase) -> list[Connection]:
    seen: list[Connection] = []
    event.listen(database._writer, "commit", seen.append)
    return seen


def adding(name: str) -> Tx:
    """Add a row; the answer says how many there are then."""

    def tx(connection: Connection) -> int:
        connection.execute(_ADD, {"name": name})
        return int(connection.scalar(_COUNT) or 0)

    return tx


async def together(database: SqliteDatabase, writes: Sequence[Tx]) -> list[Any]:
    async with held(database):
        waiting = [asyncio.ensure_future(database.write(tx)) for tx in writes]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def names(database: SqliteDatabase) -> list[str]:
    return list(await database.read(lambda conn: conn.scalars(_NAMES).all()))


async def test_what_waits_at_one_moment_shares_a_commit(tmp_path):
    async with opened(tmp_path) as database:
        commits = commits_of(database)
        ends = await together(database, [adding(f"{n:02}") for n in range(20)])
        assert ends == list(range(1, 21))  # in the order in which they came
        assert len(commits) <= 2
        assert await names(database) == [f"{n:02}" for n in range(20)]


async def test_no_transaction_is_shared_by_more_than_is_said(tmp_path):
    async with opened(tmp_path) as database:
        commits = commits_of(database)
        count = 4 * MOST_TOGETHER
        assert len(await together(database, [adding(str(n)) for n in range(count)])) == count
        assert len(commits) >= 4


def _refused(connection: Connection) -> None:
    connection.execute(_ADD, {"name": "kept by nobody"})
    connection.execute(_ADD, {"name": None})


def _defect(connection: Connection) -> None:
    connection.execute(_ADD, {"name": "kept by nobody"})
    raise LookupError("a defect")


_WRITES = st.lists(
    st.one_of(st.sampled_from("abcdef").map(adding), st.sampled_from((_refused, _defect))),
    min_size=1,
    max_size=12,
)


async def one_by_one(database: SqliteDatabase, writes: Sequence[Tx]) -> list[Any]:
    ends: list[Any] = []
    for tx in writes:
        ends += await asyncio.gather(database.write(tx), return_exceptions=True)
    return ends


async def afresh(database: SqliteDatabase, way: Way, writes: Sequence[Tx]) -> Any:
    """Give what each was told, errors by their kind, and what is in the table."""
    await database.write(lambda conn: conn.execute(text("DELETE FROM blob")))
    told = [end if isinstance(end, int) else type(end) for end in await way(database, writes)]
    return told, await names(database)


def test_each_ends_as_if_it_had_been_alone(tmp_path: Path) -> None:
    """Also one that adds what another has added, one that is refused, one with a defect."""
    with asyncio.Runner() as runner:
        way = opened(tmp_path)
        database = runner.run(way.__aenter__())

        @settings(deadline=None)
        @given(writes=_WRITES)
        def law(writes: list[Tx]) -> None:
            alone = runner.run(afresh(database, one_by_one, writes))
            assert runner.run(afresh(database, together, writes)) == alone

        law()
        runner.run(way.__aexit__(None, None, None))


async def test_who_gives_up_before_it_began_never_writes(tmp_path):
    async with opened(tmp_path) as database:
        async with held(database):
            waiting = [asyncio.ensure_future(database.write(adding(name))) for name in "abc"]
            await asyncio.sleep(0)
            waiting[1].cancel()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(ends[1], asyncio.CancelledError)
        assert await names(database) == ["a", "c"]


async def test_a_commit_that_fails_is_told_to_all_who_shared_it(tmp_path):
    """A constraint that is looked at only then is in no table of ours, so the test makes one."""

    def late(connection: Connection) -> None:
        connection.execute(text("INSERT INTO child VALUES (7)"))

    def tables(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        )

    async with opened(tmp_path) as database:
        await database.write(tables)
        for end in await together(database, [adding("a"), late, adding("b")]):
            assert isinstance(end, DataRefused)
        assert await names(database) == []
        assert await database.write(adding("c")) == 1


async def test_a_store_that_was_closed_says_so_to_who_writes(tmp_path):
    async with opened(tmp_path) as database:
        pass
    with pytest.raises(StoreUnavailable):
        await database.write(adding("a"))
