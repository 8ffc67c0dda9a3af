"""A server on loopback that keeps what it is asked and says what it was told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.server import LoopbackServer


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Door:
    """Answers 202 until it is told otherwise."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.hangs = False
        self._answer = Response(b"{}", 202)
        route = Route("/{path:path}", self._take, methods=["GET", "POST"])
        self._http = LoopbackServer([route], 0)

    @property
    def url(self) -> str:
        return self._http.url

    def says(self, status: int, body: bytes, **headers: str) -> None:
        self._answer = Response(body, status, headers)

    async def __aenter__(self) -> Door:
        await self._http.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.stop()

    async def _take(self, request: Request) -> Response:
        headers = dict(request.headers)
        self.calls.append(Call(request.method, request.url.path, headers, await request.body()))
        return await self._http.hang() if self.hangs else self._answer
