"""The bound: a bare web server that makes one durable insert for each request, and its driver.

``python -m bench.bound URL [grouped]`` serves one route on loopback with uvicorn and starlette: POST writes
the body as one row and commits it before the answer; with ``grouped`` those that wait share a
commit. On SQLite one connection in one writer thread
with the pragmas of the product (WAL, ``synchronous=FULL``); on PostgreSQL a pool of as many
connections as the product has. It parses nothing, decides nothing, and writes one row where a case
writes a dozen.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
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
_START_S = 60.0
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
Insert = Callable[[bytes], Awaitable[None]]

# --- the server -----------------------------------------------------------------------------------


@asynccontextmanager
async def inserting(url: str, *, grouped: bool = False) -> AsyncIterator[Insert]:
    """Open a table of payloads, and give what inserts one and commits; grouped on SQLite only."""
    if url.startswith("sqlite:///"):
        opened = _grouped if grouped else _sqlite
        async with opened(Path(url.removeprefix("sqlite:///"))) as insert:
            yield insert
    else:
        async with _postgresql(url) as insert:
            yield insert


_INSERT = "INSERT INTO bound (payload) VALUES (?)"
_MOST = 256


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE bound (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
    return database


@asynccontextmanager
async def _grouped(path: Path) -> AsyncIterator[Insert]:
    """Commit all that wait at one moment together, as the product's journal does."""
    loop = asyncio.get_running_loop()
    waiting: list[tuple[bytes, asyncio.Future[None]]] = []
    arrived = asyncio.Event()
    with ThreadPoolExecutor(1) as writer:
        database = await loop.run_in_executor(writer, _connect, path)

        def write(payloads: list[bytes]) -> None:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_INSERT, [(payload,) for payload in payloads])
            database.execute("COMMIT")

        async def commit() -> None:
            while True:
                await arrived.wait()
                batch = waiting[:_MOST]
                del waiting[:_MOST]
                if not waiting:
                    arrived.clear()
                await loop.run_in_executor(writer, write, [payload for payload, _ in batch])
                for _, done in batch:
                    done.set_result(None)

        async def insert(payload: bytes) -> None:
            done: asyncio.Future[None] = loop.create_future()
            waiting.append((payload, done))
            arrived.set()
            await done

        async with asyncio.TaskGroup() as tasks:
            committer = tasks.create_task(commit())
            yield insert
            committer.cancel()
        await loop.run_in_executor(writer, database.close)


@asynccontextmanager
async def _sqlite(path: Path) -> AsyncIterator[Insert]:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as writer:
        database = await loop.run_in_executor(writer, _connect, path)

        def write(payload: bytes) -> None:
            database.execute(_INSERT, (payload,))

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


async def run(url: str, *, grouped: bool) -> None:
    """Serve until the one who started us closes our standard input; says the port first."""
    async with inserting(url, grouped=grouped) as insert:

        async def post(request: Request) -> Response:
            await insert(await request.body())
            return Response(status_code=204)

        app = Starlette(routes=[Route("/", post, methods=["POST"])])
        # with the protocol named, as in the product: else an answer of two pieces waits 40 ms
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(2 * CONNECTIONS)  # before the port is told
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
    payloads = [raw.payload for raw in messages(256) if len(raw.payload) < 8192]
    async with serving("bench.bound", url) as server:
        requests = itertools.cycle([posted("/", one) for one in payloads])
        return (await drive(server, requests, seconds)).per_s


@dataclass(frozen=True, slots=True)
class Serving:
    """A server of the bench in a process of its own."""

    port: int
    pid: int

    @property
    def cpu_s(self) -> float:
        """CPU seconds of its process so far; 0.0 where the system does not tell them."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Driven:
    """Answers a second, and milliseconds of the server's CPU for each."""

    per_s: float
    cpu_ms: float


@asynccontextmanager
async def serving(module: str, *arguments: str) -> AsyncIterator[Serving]:
    """Run a server of the bench in a process of its own; it says its port first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            line = await process.stdout.readline()
        yield Serving(int(line), process.pid)
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


def posted(path: str, body: bytes, headers: str = "") -> bytes:
    """Write a request; ``headers`` are lines that end in CRLF."""
    length = f"Content-Length: {len(body)}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}{length}\r\n".encode() + body


async def drive(server: Serving, requests: Iterator[bytes], seconds: float) -> Driven:
    """Post over kept connections, each waiting for its answer; a tenth of the time warms up.

    Answers are 2xx, with a length and nothing more than the driver reads. Ends early when the
    requests do.
    """
    done = 0
    dial = partial(asyncio.open_connection, "127.0.0.1", server.port)
    lines = await asyncio.gather(*(dial() for _ in range(CONNECTIONS)))
    end = time.monotonic() + 1.1 * seconds

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal done
        while time.monotonic() < end and (request := next(requests, None)) is not None:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 2"):
                raise OSError(answer.decode("latin-1").splitlines()[0])
            length = _LENGTH.search(answer)
            if length:
                await reader.readexactly(int(length[1]))
            done += 1
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(client(*line))
        await asyncio.sleep(0.1 * seconds)
        warmed, began, cpu_s = done, time.monotonic(), server.cpu_s
    took, used, count = time.monotonic() - began, server.cpu_s - cpu_s, done - warmed
    return Driven(count / took, 1000 * used / count)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], grouped="grouped" in sys.argv[2:]))
