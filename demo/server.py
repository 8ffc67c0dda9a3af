"""Serve a simulator's HTTP endpoints on loopback, in the loop that is already running."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import formatdate
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

LOOPBACK = "127.0.0.1"
_GRACE_S = 1.0
_LOOK_S = 0.002


def listen(port: int = 0, host: str = LOOPBACK) -> socket.socket:
    """Open a listening socket; port 0 means a free one."""
    # with the protocol named, asyncio switches Nagle's delay (40 ms an answer) off
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def is_free(port: int) -> bool:
    """Tell whether a port may be listened on."""
    try:
        listen(port).close()
    except OSError:
        return False
    return True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.over = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Ctrl-C belongs to the demo as a whole, not to one of its simulators
        yield

    async def main_loop(self) -> None:
        # uvicorn's own looks ten times a second whether it should exit
        await self.over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn's own rests for a tenth of a second, whether anybody is still there or not
        state = self.server_state
        for server in self.servers:
            server.close()
        for connection in list(state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                while state.connections or state.tasks:  # noqa: ASYNC110 -- uvicorn tells nobody
                    await asyncio.sleep(_LOOK_S)
                for server in self.servers:
                    await server.wait_closed()
        for task in state.tasks:
            task.cancel()


class _Cuttable(H11Protocol):
    """HTTP whose handlers can reach the connection, so as to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["demo.transport"] = transport

            async def dated(message: Message) -> None:
                # every provider tells the time, by which a wrong clock of ours is seen
                if message["type"] == "http.response.start":
                    now = (b"date", formatdate(usegmt=True).encode())
                    message = {**message, "headers": [*message.get("headers", ()), now]}
                await send(message)

            await app(scope, receive, dated)

        self.app = with_transport


async def cut(request: Request) -> Response:
    """Close the connection without a word."""
    request.scope["demo.transport"].abort()
    await asyncio.sleep(0)  # lets the server notice, so that the answer below goes nowhere
    return Response(status_code=500)


class LoopbackServer:
    """An HTTP server, with the background tasks of the simulator that it serves."""

    def __init__(self, routes: Sequence[BaseRoute], port: int = 0) -> None:
        self._app: ASGIApp = Starlette(routes=routes)
        self._wanted_port = port
        self.port = 0
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        self._stopping, self._stopped = asyncio.Event(), asyncio.Event()
        listener = listen(self._wanted_port)
        self.port = listener.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self._app,
                http=_Cuttable,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_keep_alive=75,  # as providers do; 5 would cut a client that rests a moment
            )
        )
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The one task without a group: it *is* the group, and `stop` waits for its end.
        self._root = asyncio.get_running_loop().create_task(self._run(listener, ready))
        await ready

    async def _run(self, listener: socket.socket, ready: asyncio.Future[None]) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._serve(listener))
            ready.set_result(None)
            await self._stopped.wait()
            raise asyncio.CancelledError  # ends the tasks that are still waiting or retrying

    async def _serve(self, listener: socket.socket) -> None:
        try:
            await self._server.serve(sockets=[listener])
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Close; calls that hang are let go, background tasks are ended."""
        self._stopping.set()
        self._server.over.set()
        await asyncio.wait([self._root])
        if not self._root.cancelled():
            self._root.result()  # a background task that failed is told here

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background until it ends or the server stops."""
        self._group.create_task(work)

    async def hang(self) -> Response:
        """Answer nothing for as long as this server lives."""
        await self._stopping.wait()
        return Response(status_code=503)
