"""Opens the store that a command asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.system import SystemIds
from router.ports import Store
from storage.engine import open_store, upgrade

_FILE = "guichet.sqlite"


def url_of(data: Path, database_url: str) -> str:
    """Give the URL of the store: the one asked for, else the embedded one in the data folder."""
    if database_url:
        return database_url
    data.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(data / _FILE).resolve()}"


@asynccontextmanager
async def opened(data: Path, database_url: str) -> AsyncIterator[Store]:
    """Open a store, brought up to date, and close it at the end.

    Raises:
        StoreUnavailable: the database does not answer.
        ConfigurationError: the URL is of no database that Guichet speaks to.
    """
    store = open_store(url_of(data, database_url), ids=SystemIds(), blobs=data / "blobs")
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def migrate(data: Path, database_url: str) -> None:
    """Bring the tables up to date."""
    await upgrade(url_of(data, database_url))
