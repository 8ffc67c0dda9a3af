"""Opens the store that a folder or a database address names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from router.errors import ConfigurationError
from router.ports import Ids
from storage.blobs import Blobs, FolderBlobs
from storage.database import Database
from storage.sqlite import SqliteDatabase
from storage.store import SqlStore

_FILE = "guichet.db"
_BLOBS = "blobs"


def open_store(
    where: str | Path,
    *,
    ids: Ids,
    cell: str = "main",
    blobs: Path | None = None,
    migrate: bool = True,
) -> SqlStore:
    """Make the store of a folder (SQLite within it) or of a ``sqlite:`` or ``postgresql:`` URL.

    Nothing is opened before ``await store.open()``, which also brings the schema up to date unless
    ``migrate`` is False. Large payloads go to the folder ``blobs``; without one they lie in the
    folder of the store, or in the database when a URL was given.

    Raises:
        ConfigurationError: the URL is none, or of another database.
    """
    database = database_of(where, migrate=migrate)
    if blobs is None and not _is_url(where):
        blobs = Path(where) / _BLOBS
    keeper: Blobs | None = FolderBlobs(blobs) if blobs is not None else None
    return SqlStore(database, cell, ids, keeper)


async def upgrade(where: str | Path) -> None:
    """Bring the schema of a folder or URL up to date.

    Raises:
        ConfigurationError: the schema was written by a newer version.
        StoreUnavailable: the database cannot be reached.
    """
    database = database_of(where)
    try:
        await database.open()
    finally:
        await database.close()


def database_of(where: str | Path, *, migrate: bool = True) -> Database:
    if not _is_url(where):
        return SqliteDatabase(Path(where) / _FILE, migrate=migrate)
    url = _read(str(where))
    match url.get_backend_name():
        case "sqlite" if url.database:
            return SqliteDatabase(Path(url.database), migrate=migrate)
        case "postgresql" | "postgres":
            # its driver is imported for those who use it: that takes longer than opening SQLite
            from storage.postgresql import PostgresDatabase

            return PostgresDatabase(_for_asyncpg(url), migrate=migrate)
    raise ConfigurationError(
        f"{url.render_as_string()} is neither sqlite:///FILE nor postgresql://USER@HOST/NAME"
    )


def _is_url(where: str | Path) -> bool:
    return isinstance(where, str) and ("://" in where or where.startswith("sqlite:"))


def _read(where: str) -> URL:
    try:
        return make_url(where)
    except ArgumentError as error:
        raise ConfigurationError("the database URL cannot be read") from error


def _for_asyncpg(url: URL) -> str:
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
