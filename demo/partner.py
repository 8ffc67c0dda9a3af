"""Stand in for a partner's own system: it takes signed messages and posts signed acts back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.trusted import trusted
from demo.clock import WallClock
from demo.faults import Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer
from demo.signed import SignedDoor
from demo.webhooks import hand_over
from router.ports import Clock

SYSTEM_AT = "https://demandes.bailleur.example"
"""Where `config/services.yaml` says that it is."""
KEY_ID, KEY = "k1", "whsec_" + base64.b64encode(b"cle partagee de demonstration").decode()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the partner's people see it."""

    id: str
    type: str
    case: Mapping[str, Any]
    name: str
    """What the case is called when acts are posted."""


class PartnerSimulator:
    """One system, as a server on loopback.

    Faults: ``send`` (429, 403 meaning a bad key, 4xx, 5xx, hang, cut-after-accept).
    """

    def __init__(
        self,
        keys: Mapping[str, str] | None = None,
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.base_url = ""
        """Where the product is now; empty: where its messages say."""
        self._ledger = Ledger("partner", state_dir, {"messages": {}, "acts": {}})
        self._http = LoopbackServer([Route("/cases", self._take, methods=["POST"])], port)
        self._door = SignedDoor(dict(keys or {KEY_ID: KEY}), self._http, clock or WallClock())

    @property
    def keys(self) -> Mapping[str, str]:
        return self._door.keys

    @keys.setter
    def keys(self, keys: Mapping[str, str]) -> None:
        self._door.keys = keys

    @property
    def faults(self) -> Faults:
        return self._door.faults

    @property
    def pings(self) -> int:
        return self._door.pings

    @property
    def posted(self) -> int:
        """Count the messages that came, with repetitions."""
        return self._door.posted

    def give_up(self) -> None:
        """Answer 410 from now on: the address has been given up."""
        self._door.gone = True

    # --- life ------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"{self._http.url}/cases"

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        self._client = httpx.AsyncClient(timeout=15.0, verify=trusted())
        await self._http.start()

    async def stop(self) -> None:
        await self._http.stop()
        await self._client.aclose()

    async def __aenter__(self) -> PartnerSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- the partner's people --------------------------------------------------------------------

    def received(self) -> list[Message]:
        """List the messages, oldest first, each once."""
        return [
            Message(id, one["type"], one["case"], one["reply"]["case"])
            for id, one in self._ledger.data["messages"].items()
        ]

    async def until(self, condition: Callable[[], object], seconds: float | None = 10.0) -> None:
        await self._ledger.until(condition, seconds)

    async def act(self, message: Message, id: str, **act: Any) -> httpx.Response | None:
        """Post an act on the case of a message, once for each id, until it is taken."""
        acts: dict[str, int] = self._ledger.data["acts"]
        if id in acts:
            return None
        body = json.dumps({"case": message.name, **act}, ensure_ascii=False).encode()
        answer = await hand_over(
            self._client, lambda: self._target(message), body, lambda _: self.signed(id, body)
        )
        acts[id] = answer.status_code if answer else 0
        self._ledger.changed()
        return answer

    def _target(self, message: Message) -> str:
        told = str(self._ledger.data["messages"][message.id]["reply"]["url"])
        return self.base_url + urlsplit(told).path if self.base_url else told

    def signed(self, id: str, body: bytes) -> dict[str, str]:
        """Sign a message of ours with the first key."""
        return self._door.signed(id, body)

    # --- where messages arrive -------------------------------------------------------------------

    async def _take(self, request: Request) -> Response:
        return await self._door.take(request, self._keep)

    def _keep(self, id: str, said: Mapping[str, Any]) -> None:
        self._ledger.data["messages"].setdefault(id, said)
        self._ledger.changed()
