"""Opens the store that a command asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.city_time import CITY
from app.system import SystemIds
from channels.system_words import refusal
from router.errors import ConfigurationError
from router.store import Store
from rules.reading.territory import PATH
from storage.engine import open_store, upgrade
from storage.private import make_folder

_FILE = "guichet.sqlite"


def url_of(data: Path, database_url: str) -> str:
    """Give the URL of the store: the one asked for, else the embedded one in the data folder.

    Raises:
        ConfigurationError: the folder cannot be made, or the URL is of no database we speak to.
    """
    if database_url:
        if not database_url.startswith(("sqlite:", "postgresql", "postgres:")):
            raise ConfigurationError(  # the address may hold a password: it is not repeated
                "L'adresse de la base de données commence par sqlite:/// ou postgresql://."
            )
        return database_url
    make(data)
    return f"sqlite:///{(data / _FILE).resolve()}"


def make(folder: Path) -> None:
    """Make a folder, and those above it, where it is not there yet.

    Raises:
        ConfigurationError: the system refuses it.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise ConfigurationError(
            f"« {folder} » ne peut pas être créé : {refusal(error)}."
        ) from None


def file_of(data: Path, database_url: str) -> Path | None:
    """Give the file of an embedded store; None where the store is on a server."""
    if not database_url:
        return data / _FILE
    scheme, _, path = database_url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") else None


def folder_of(data: Path, database_url: str) -> Path | None:
    """Give the folder of an embedded store; None where the store is on a server."""
    file = file_of(data, database_url)
    return file.parent if file is not None else None


def kept_in(data: Path) -> bool:
    """Tell whether a folder holds a store already."""
    return (data / _FILE).is_file()


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
        live = await store.active()
        if live is not None:
            CITY.learn(live.files.get(PATH, b""))
        yield store
    finally:
        await store.close()


async def migrate(data: Path, database_url: str) -> None:
    """Bring the tables up to date."""
    await upgrade(url_of(data, database_url))
