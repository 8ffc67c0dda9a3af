import uuid

import pytest

from storage.engine import open_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database_store(request, ids):
    """Give an empty store on SQLite and on PostgreSQL in turn."""
    fixture = "sqlite_folder" if request.param == "sqlite" else "postgres_shared"
    store = open_store(request.getfixturevalue(fixture), ids=ids, cell=uuid.uuid4().hex[:8])
    await store.open()
    yield store
    await store.close()
