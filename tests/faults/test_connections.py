"""Database connections that break, before a commit and after it was sent; three stores, one end."""

from __future__ import annotations

import uuid

import pytest
from affair import SHORT, WHOLE, Life, LifeIds, World, begin, broken, picture
from cutting import CuttingProxy
from sqlalchemy import text

from storage.engine import open_store
from storage.memory import MemoryStore
from storage.postgresql import PostgresDatabase
from storage.store import SqlStore


async def _lived(store, folder, waves):
    folder.mkdir()
    life = Life(store, World(folder), 1, waves=waves)
    await life.run()
    assert life.errors == []
    return await picture(store), await broken(store, World(folder), waves)


@pytest.mark.postgresql
async def test_every_kind_of_store_gives_the_same_final_cases(
    tmp_path, sqlite_folder, postgres_shared
):
    stores = [
        MemoryStore(LifeIds(0)),
        open_store(sqlite_folder, ids=LifeIds(0)),
        open_store(postgres_shared, ids=LifeIds(0), cell=uuid.uuid4().hex),
    ]
    ends = []
    for number, store in enumerate(stores):
        await store.open()
        await begin(store)
        ends.append(await _lived(store, tmp_path / str(number), WHOLE))
        await store.close()
    for end, wrong in ends:
        assert wrong == []
        assert end == ends[0][0]


class Terminated(PostgresDatabase):
    """Has its connection terminated by the server once in every transaction, before the commit."""

    terminated = 0

    async def write(self, tx):
        first = True

        def cut(connection):
            nonlocal first
            result = tx(connection)
            if first:
                first = False
                self.terminated += 1
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return result

        return await super().write(cut)


@pytest.mark.postgresql
async def test_a_connection_lost_before_the_commit_is_not_even_noticed(tmp_path, postgres_shared):
    cell = uuid.uuid4().hex
    url = postgres_shared.replace("postgresql:", "postgresql+asyncpg:")
    database = Terminated(url)
    store = SqlStore(database, cell, LifeIds(0), None)
    await store.open()
    await begin(store)
    _, wrong = await _lived(store, tmp_path / "life", SHORT)
    assert wrong == []
    assert database.terminated > 20
    await store.close()


@pytest.mark.postgresql
async def test_a_connection_lost_after_commit_was_sent_doubles_nothing(tmp_path, postgres_shared):
    async def live(first, step):
        async with CuttingProxy(postgres_shared) as proxy:
            store = open_store(proxy.url, ids=LifeIds(0), cell=uuid.uuid4().hex)
            await store.open()
            await begin(store)
            assert proxy.commits
            proxy.commits, proxy.cuts = 0, range(first, 1_000, step)
            end = await _lived(store, tmp_path / str(first), SHORT)
            await store.close()
            return proxy.commits, end

    commits, (whole, wrong) = await live(1_000, 1)
    assert wrong == []
    assert commits > 30
    for first in range(1, 7):  # six lives: every commit loses its answer in one of them
        _, (end, wrong) = await live(first, 6)
        assert wrong == [], first
        assert end == whole, first
