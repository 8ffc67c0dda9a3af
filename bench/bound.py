"""The bound: a bare web server that makes one durable insert for each request, and its driver.

``python -m bench.bound URL`` serves one route on loopback with uvicorn and starlette: POST writes
the body as one row and commits it before the answer. On SQLite one connection in one writer thread
with the pragmas of the product (WAL, ``synchronous=FULL``); on PostgreSQL a pool of as many
connections as the product has. It parses nothing, decides nothing, and writes one row where a case
writes a dozen.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.mail_bag import messages

CONNECTIONS = 64
_POOL = 6
_START_S = 20.0
Insert = Callable[[bytes], Awaitable[None]]

# --- the server -----------------------------------------------------------------------------------


@asynccontextmanager
async def inserting(url: str) -> AsyncIterator[Insert]:
    """Open a table of payloads, and give what inserts one and commits."""
    if url.startswith("sqlite:///"):
        async with _sqlite(Path(url.removeprefix("sqlite:///"))) as insert:
            yield insert
    else:
        async with _postgresql(url) as insert:
            yield insert


@asynccontextmanager
async def _sqlite(path: Path) -> AsyncIterator[Insert]:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as writer:

        def connect() -> sqlite3.Connection:
            database = sqlite3.connect(path, isolation_level=None)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("CREATE TABLE bound (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
            return database

        database = await loop.run_in_executor(writer, connect)

        def write(payload: bytes) -> None:
            database.execute("INSERT INTO bound (payload) VALUES (?)", (payload,))

        async def insert(payload: bytes) -> None:
            await loop.run_in_executor(writer, write, payload)

        try:
            yield insert
        finally:
            await loop.run_in_executor(writer, database.close)


@asynccontextmanager
async def _postgresql(url: str) -> AsyncIterator[Insert]:
    async with asyncpg.create_pool(url, min_size=_POOL, max_size=_POOL) as pool:
        await pool.execute("DROP TABLE IF EXISTS bound")
        await pool.execute("CREATE TABLE bound (id bigserial PRIMARY KEY, payload bytea NOT NULL)")

        async def insert(payload: bytes) -> None:
            await pool.execute("INSERT INTO bound (payload) VALUES ($1)", payload)

        yield insert


async def run(url: str) -> None:
    """Serve until the one who started us closes our standard input; says the port first."""
    async with inserting(url) as insert:

        async def post(request: Request) -> Response:
            await insert(await request.body())
            return Response(status_code=204)

        app = Starlette(routes=[Route("/", post, methods=["POST"])])
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        print(listener.getsockname()[1], flush=True)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listener]))
            await asyncio.to_thread(sys.stdin.buffer.read)
            server.should_exit = True


# --- the driver -----------------------------------------------------------------------------------


async def bound(url: str, seconds: float) -> float:
    """Start the server on a database of its own and drive it; returns durable inserts a second."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bound", url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            line = await process.stdout.readline()
        return await _drive(int(line), seconds)
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _drive(port: int, seconds: float) -> float:
    """Post over kept connections, each waiting for its answer; a tenth of the time warms up."""
    payloads = [raw.payload for raw in messages(256) if len(raw.payload) < 8192]
    requests = [
        b"POST / HTTP/1.1\r\nHost: bound\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
        for payload in payloads
    ]
    done = 0
    end = time.monotonic() + 1.1 * seconds

    async def client(first: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        place = first
        while time.monotonic() < end:
            writer.write(requests[place % len(requests)])
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 204"):
                raise OSError(answer.decode("latin-1").splitlines()[0])
            done += 1
            place += 1
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for number in range(CONNECTIONS):
            tasks.create_task(client(number))
        await asyncio.sleep(0.1 * seconds)
        warmed, began = done, time.monotonic()
    return (done - warmed) / (time.monotonic() - began)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
