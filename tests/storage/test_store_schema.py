"""The migrations make the very tables that the code uses, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage.engine import database_of
from storage.tables import metadata


def _differences(connection):
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return compare_metadata(context, metadata)


@pytest.mark.parametrize(
    "where",
    ["sqlite_folder", pytest.param("postgres_shared", marks=pytest.mark.postgresql)],
)
async def test_migrations_and_tables_agree(where, request):
    database = database_of(request.getfixturevalue(where), migrate=False)
    await database.open()
    try:
        assert await database.read(_differences) == []
    finally:
        await database.close()
