"""Stand in for another installation of this router, seen from the wire: words come and are said."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.trusted import trusted
from demo.clock import WallClock
from demo.faults import Faults
from demo.server import LoopbackServer
from demo.signed import SignedDoor
from router.ports import Clock

KEY_ID, KEY = "c1", "whsec_" + base64.b64encode(b"cle partagee entre deux guichets").decode()


class CellSimulator:
    """The installation ``name`` as a server on loopback; it knows ours as ``other``."""

    def __init__(
        self, name: str = "metropole", other: str = "nantes", *, clock: Clock | None = None
    ) -> None:
        self.name, self.other = name, other
        self.keys = {KEY_ID: KEY}
        self.words: dict[str, Mapping[str, Any]] = {}
        """What was said to it, by id, each once."""
        self._clock = clock or WallClock()
        self._http = LoopbackServer(
            [Route(f"/webhooks/cell/{other}", self._take, methods=["POST"])], 0
        )
        self.door = SignedDoor(self.keys, self._http, self._clock)

    @property
    def url(self) -> str:
        return self._http.url

    @property
    def faults(self) -> Faults:
        return self.door.faults

    async def __aenter__(self) -> CellSimulator:
        self._client = httpx.AsyncClient(timeout=15.0, verify=trusted())
        await self._http.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.stop()
        await self._client.aclose()

    async def _take(self, request: Request) -> Response:
        return await self.door.take(request, self._keep)

    def _keep(self, id: str, said: Mapping[str, Any]) -> None:
        self.words.setdefault(id, said)

    def body(self, word: str, number: str, epoch: int, **said: Any) -> bytes:
        """Write a word; ``case`` is the sheet of one that is offered."""
        case = said.pop("case", {})
        named = {"word": word, "from": self.name, "to": self.other}
        transfer = {**named, "number": number, "epoch": epoch, **said}
        return json.dumps({"transfer": transfer, "case": case}, ensure_ascii=False).encode()

    async def say(self, base_url: str, id: str, body: bytes) -> httpx.Response:
        """Post a word to an installation at work."""
        url = f"{base_url}/webhooks/cell/{self.name}"
        return await self._client.post(url, content=body, headers=self.door.signed(id, body))
