"""Stand in for a partner's own system: it takes signed messages and posts signed acts back."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels.trusted import trusted
from demo.clock import WallClock
from demo.faults import FaultKind, Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer, cut
from demo.webhooks import hand_over
from router.ports import Clock

SYSTEM_AT = "https://demandes.bailleur.example"
"""Where `config/services.yaml` says that it is."""
KEY_ID, KEY = "k1", "whsec_" + base64.b64encode(b"cle partagee de demonstration").decode()
_TOLERANCE_S = 300


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
        self.keys = dict(keys or {KEY_ID: KEY})
        self.faults = Faults()
        self.gone = False
        """Whether the address has been given up (410)."""
        self.pings = 0
        self.posted = 0
        """How many messages came, repetitions counted."""
        self.base_url = ""
        """Where the product is now; empty: where its messages say."""
        self._clock = clock or WallClock()
        self._ledger = Ledger("partner", state_dir, {"messages": {}, "acts": {}})
        self._http = LoopbackServer([Route("/cases", self._take, methods=["POST"])], port)

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
        stamp = str(int(self._clock.now().timestamp()))
        name, key = next(iter(self.keys.items()))
        return {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-key-id": name,
            "webhook-signature": "v1," + _mac(key, id, stamp, body),
        }

    # --- where messages arrive -------------------------------------------------------------------

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if not self._genuine(request.headers, body):
            return JSONResponse({"error": "the signature is not valid"}, 401)
        said = json.loads(body)
        if said["type"] == "ping":
            self.pings += 1
            return JSONResponse({}, 202)
        fault = self.faults.take("send")
        match fault.kind if fault else None:
            case FaultKind.TOO_MANY:
                return JSONResponse({"error": "too many"}, 429, {"retry-after": "2"})
            case FaultKind.FORBIDDEN:
                return JSONResponse({"error": "the key is not valid"}, 403)
            case FaultKind.TEMPORARY:
                return JSONResponse({"error": "this is no case for us"}, 422)
            case FaultKind.BROKEN:
                return JSONResponse({}, 503)
            case FaultKind.HANG:
                return await self._http.hang()
        if self.gone:
            return JSONResponse({"error": "nobody listens here any more"}, 410)
        self.posted += 1
        self._ledger.data["messages"].setdefault(request.headers["idempotency-key"], said)
        self._ledger.changed()
        if fault and fault.kind is FaultKind.CUT_AFTER_ACCEPT:
            return await cut(request)
        return JSONResponse({}, 202)

    def _genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        given = headers.get("webhook-signature", "").split()
        good = {"v1," + _mac(key, id, stamp, body) for key in self.keys.values()}
        late = abs(int(stamp or 0) - self._clock.now().timestamp()) > _TOLERANCE_S
        return not late and any(one in good for one in given)


def _mac(key: str, id: str, stamp: str, body: bytes) -> str:
    secret = base64.b64decode(key.removeprefix("whsec_"))
    digest = hmac.digest(secret, f"{id}.{stamp}.".encode() + body, "sha256")
    return base64.b64encode(digest).decode()
