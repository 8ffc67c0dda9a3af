"""PostgreSQL through asyncpg as the database of several processes and machines."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from router.errors import StoreUnavailable
from storage.database import MIGRATION_PATIENCE_S, PATIENCE_S
from storage.failures import Collision, sorted_out
from storage.heralds import HERALD, Herald
from storage.migrate import assert_current, is_current, upgrade_connection

T = TypeVar("T")

_TRIES = 6
_SETTINGS = {
    "jit": "off",  # compiling costs more than any statement here runs
    "statement_timeout": "4500",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "10000",
}


class PostgresDatabase:
    """A pool of connections; a transaction is one greenlet that only the database can make wait."""

    def __init__(self, url: str, *, migrate: bool = True, connections: int = 6) -> None:
        self._url = url
        self._migrate = migrate
        self._connections = connections
        self._engine: AsyncEngine | None = None
        self._running: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        self._engine = create_async_engine(
            self._url,
            isolation_level="READ COMMITTED",
            pool_size=self._connections,
            max_overflow=0,
            pool_timeout=PATIENCE_S - 0.5,
            connect_args={"timeout": 4, "command_timeout": 4.7, "server_settings": _SETTINGS},
        )
        await self._whole(self._open(self._engine), patience=MIGRATION_PATIENCE_S)

    async def _open(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.run_sync(_assert_settings)
            current = await connection.run_sync(is_current)
        if self._migrate and not current:
            await self._upgrade()
        async with engine.connect() as connection:
            await connection.run_sync(assert_current)

    async def _upgrade(self) -> None:
        """Change the schema on a connection without limits: another process may be at it."""
        engine = create_async_engine(self._url, poolclass=NullPool, connect_args={"timeout": 4})
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade_connection)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=PATIENCE_S)
        if self._engine is not None:
            await self._engine.dispose()
        self._engine = None

    async def optimize(self) -> None:
        """Nothing to do: autovacuum looks after the statistics all day."""

    def herald(self, cell: str, heard: Callable[[str], None]) -> Herald:
        return Herald(self._connect_alone, cell, heard)

    async def _connect_alone(self) -> Any:
        """Open a connection of asyncpg beside the pool, with the address that the pool uses."""
        engine = create_async_engine(self._url)
        arguments, options = engine.dialect.create_connect_args(engine.url)
        await engine.dispose()
        named = {"application_name": HERALD, **options.pop("server_settings", {})}
        return await asyncpg.connect(*arguments, **options, timeout=4, server_settings=named)

    async def write(self, tx: Callable[[Connection], T]) -> T:
        return await self._whole(self._persist(tx))

    async def read(self, tx: Callable[[Connection], T]) -> T:
        return await self._whole(self._persist(tx, writes=False))

    async def _whole(self, run: Coroutine[Any, Any, T], patience: float = PATIENCE_S) -> T:
        """Wait for a transaction; a caller that is cancelled leaves it to its end."""

        async def limited() -> T:
            async with asyncio.timeout(patience):
                return await run

        task = asyncio.get_running_loop().create_task(limited())  # held and awaited in close()
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_heard)
            raise
        except Exception as error:
            raise sorted_out(error) from error

    async def _persist(self, tx: Callable[[Connection], T], *, writes: bool = True) -> T:
        """Run a transaction again after a deadlock, or after a connection found dead at its start.

        Once COMMIT was sent nothing is repeated: whether it was done cannot be told from here.
        """
        for attempt in range(_TRIES):
            try:
                return await self._once(tx, writes=writes)
            except Collision as error:
                if attempt + 1 == _TRIES:
                    raise StoreUnavailable("the database is too busy") from error
                await asyncio.sleep(random.random() * 0.01 * 2**attempt)
        raise AssertionError("unreachable")

    async def _once(self, tx: Callable[[Connection], T], *, writes: bool) -> T:
        if self._engine is None:
            raise StoreUnavailable("the store is not open")
        async with self._engine.connect() as connection:
            try:
                result = await connection.run_sync(tx)
            except Exception as error:
                await self._roll_back(connection)
                found = sorted_out(error)
                if getattr(error, "connection_invalidated", False):
                    raise Collision("a pooled connection was dead") from error
                raise found from error
            if writes:
                await connection.commit()
            return result  # what was only read is rolled back, which cannot fail the reader

    @staticmethod
    async def _roll_back(connection: AsyncConnection) -> None:
        try:
            await connection.rollback()
        except Exception:  # the connection is broken: the pool throws it away
            await connection.invalidate()


def _heard(task: asyncio.Future[Any]) -> None:
    """Take note of the end of a transaction that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


def _assert_settings(connection: Connection) -> None:
    level = connection.scalar(text("SHOW transaction_isolation"))
    if level != "read committed":
        raise StoreUnavailable(f"PostgreSQL runs at {level} instead of read committed")
    if connection.scalar(text("SHOW synchronous_commit")) == "off":
        raise StoreUnavailable("PostgreSQL has synchronous_commit off: it may lose what it took")
