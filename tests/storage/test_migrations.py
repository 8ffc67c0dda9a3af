"""The schema: what the migrations make is what the tables say, and processes may start at once."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from store_parts import Numbered

from router.errors import ConfigurationError
from storage import postgresql
from storage.engine import database_of, open_store
from storage.tables import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def migrated(request):
    """Give a database that only the migrations have touched."""
    fixture = "sqlite_folder" if request.param == "sqlite" else "postgres_shared"
    database = database_of(request.getfixturevalue(fixture), migrate=False)
    await database.open()
    yield database
    await database.close()


async def test_the_tables_are_what_the_migrations_make(migrated):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    assert await migrated.read(differences) == []


async def test_partial_indexes_have_the_condition_of_the_tables(migrated):
    """Which the comparison above does not look at."""

    def conditions(connection):
        catalogue = (
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index'"
            if connection.dialect.name == "sqlite"
            else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        )
        found = dict(connection.execute(text(catalogue)).all())
        return {name: _condition(sql or "") for name, sql in found.items()}

    found = await migrated.read(conditions)
    for table in metadata.tables.values():
        for index in table.indexes:
            where = index.dialect_options["sqlite"]["where"]
            assert where is index.dialect_options["postgresql"]["where"]
            assert found[index.name] == _condition(f" WHERE {where}" if where is not None else "")


def _condition(sql: str) -> str:
    return sql.partition(" WHERE ")[2].strip("() ")


@pytest.mark.parametrize("migrate", [True, False])
async def test_an_older_program_refuses_a_newer_schema(sqlite_folder, migrate):
    def grow(connection):
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    database = database_of(sqlite_folder)
    await database.open()
    await database.write(grow)
    await database.close()
    with pytest.raises(ConfigurationError, match="9999"):
        await database_of(sqlite_folder, migrate=migrate).open()


@pytest.mark.postgresql
async def test_a_process_waits_for_another_one_that_changes_the_schema(
    postgres_server, monkeypatch
):
    """Longer than any statement of the daily work may take."""
    name = f"guichet_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(postgres_server)
    await admin.execute(f"CREATE DATABASE {name}")
    where, mark, query = postgres_server.partition("?")
    url = where.rpartition("/")[0] + "/" + name + mark + query
    short = {**postgresql._SETTINGS, "lock_timeout": "100", "statement_timeout": "150"}
    monkeypatch.setattr(postgresql, "_SETTINGS", short)
    other = await asyncpg.connect(url)
    store = open_store(url, ids=Numbered())
    try:
        async with other.transaction():
            await other.execute("SELECT pg_advisory_xact_lock($1)", 0x6775696368657401)
            opening = asyncio.ensure_future(store.open())
            await asyncio.sleep(0.4)
        await opening
        assert await store.pending() == 0
    finally:
        await store.close()
        await other.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
