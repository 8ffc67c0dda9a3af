"""SQLite as the database of one machine: one writer thread, readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool, StaticPool

from router.errors import StoreUnavailable
from storage.database import MIGRATION_PATIENCE_S, PATIENCE_S
from storage.failures import sorted_out
from storage.migrate import assert_current, upgrade_connection
from storage.private import make_file, make_folder
from storage.shared_commits import SharedCommits

T = TypeVar("T")

_READERS = 2
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: well under a millisecond
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the disk before anybody is told so
    "foreign_keys": 1,
    "busy_timeout": 3000,
    "temp_store": 2,
    "cache_size": -65536,
}


class SqliteDatabase:
    """A file; every write goes through one thread, so that writers never meet."""

    def __init__(self, path: Path, *, migrate: bool = True) -> None:
        self._path = path
        self._migrate = migrate
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._write_thread = ThreadPoolExecutor(1, "store-write")
        self._read_threads = ThreadPoolExecutor(_READERS, "store-read")
        self._commits = SharedCommits(self._write_thread, lambda: _opened(self._writer))

    async def open(self) -> None:
        await self._in_thread(self._write_thread, self._open, patience=MIGRATION_PATIENCE_S)

    def _open(self) -> None:
        make_folder(self._path.parent)
        make_file(self._path)
        self._writer = _engine(self._path, "BEGIN IMMEDIATE", StaticPool)
        self._reader = _engine(self._path, "BEGIN", QueuePool, pool_size=_READERS)
        event.listen(self._reader, "connect", _read_only)
        with self._writer.begin() as connection:
            if self._migrate:
                upgrade_connection(connection)
            assert_current(connection)

    async def close(self) -> None:
        if self._writer is not None:
            await self._in_thread(self._write_thread, self._close)
        self._write_thread.shutdown(wait=False)
        self._read_threads.shutdown(wait=False)

    def _close(self) -> None:
        if self._writer is not None and self._reader is not None:
            with self._writer.begin() as connection:
                _optimize(connection)
            self._reader.dispose()
            self._writer.dispose()
        self._writer = self._reader = None

    def herald(self, cell: str, heard: Callable[[str], None]) -> None:
        """A file is the database of one process; a command beside it is found by the slow poll."""

    async def write(self, tx: Callable[[Connection], T]) -> T:
        return await _in_patience(self._commits.run(tx), PATIENCE_S)

    async def optimize(self) -> None:
        await self.write(_optimize)

    async def read(self, tx: Callable[[Connection], T]) -> T:
        return await self._in_thread(
            self._read_threads, lambda: _run(self._reader, lambda conn: _in_time(conn, tx))
        )

    async def _in_thread(
        self, threads: ThreadPoolExecutor, job: Callable[[], T], patience: float | None = None
    ) -> T:
        """Wait for a job; one not begun when the caller gives up is never begun."""

        async def run() -> T:
            return await asyncio.get_running_loop().run_in_executor(threads, job)

        return await _in_patience(run(), PATIENCE_S if patience is None else patience)


async def _in_patience(job: Coroutine[Any, Any, T], seconds: float) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await job
    except (StoreUnavailable, asyncio.CancelledError):
        raise
    except RuntimeError as error:  # the threads were shut down
        raise StoreUnavailable("the store is closed") from error
    except Exception as error:
        raise sorted_out(error) from error


def _opened(engine: Engine | None) -> Engine:
    if engine is None:
        raise StoreUnavailable("the store is not open")
    return engine


def _run(engine: Engine | None, tx: Callable[[Connection], T]) -> T:
    with _opened(engine).begin() as connection:
        return tx(connection)


def _optimize(connection: Connection) -> None:
    connection.execute(text("PRAGMA analysis_limit = 400"))  # rows of an index: a moment's work
    connection.execute(text("PRAGMA optimize"))


def _in_time(connection: Connection, tx: Callable[[Connection], T]) -> T:
    """Cut a read that takes too long: it would hold one of few threads, and keep the WAL growing."""
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + PATIENCE_S
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
    try:
        return tx(connection)
    finally:
        driver.set_progress_handler(None, 0)


def _engine(path: Path, begin: str, pool: type[Any], **options: Any) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=pool, connect_args={"check_same_thread": False}, **options
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Set and then ask back every pragma: SQLite ignores silently what it cannot do."""
    connection.isolation_level = None  # the module must not begin transactions by itself
    for name, wanted in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {wanted}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise StoreUnavailable(f"SQLite keeps {name} = {found!r} instead of {wanted!r}")


def _read_only(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = 1")
