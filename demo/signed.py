"""A door of a simulated partner: it checks signed messages, and answers as it is told to."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.faults import FaultKind, Faults
from demo.server import LoopbackServer, cut
from router.ports import Clock

_TOLERANCE_S = 300
_PING = "ping"

Keep = Callable[[str, Mapping[str, Any]], None]


class SignedDoor:
    """Takes messages signed as Standard Webhooks says, with its own code and none of ours.

    Faults: ``send`` (429, 403 meaning a bad key, 4xx, 5xx, hang, cut-after-accept).
    """

    def __init__(self, keys: Mapping[str, str], http: LoopbackServer, clock: Clock) -> None:
        self.keys = keys
        self.faults = Faults()
        self.gone = False
        """Whether the address has been given up (410)."""
        self.pings = 0
        self.posted = 0
        """How many messages came, repetitions counted."""
        self._http = http
        self._clock = clock

    def signed(self, id: str, body: bytes) -> dict[str, str]:
        """Sign a message with the first key."""
        stamp = str(int(self._clock.now().timestamp()))
        name, key = next(iter(self.keys.items()))
        return {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-key-id": name,
            "webhook-signature": "v1," + _mac(key, id, stamp, body),
        }

    async def take(self, request: Request, keep: Keep) -> Response:
        """Take a message, or do what the next fault says; a ping is only counted."""
        body = await request.body()
        if not self._genuine(request.headers, body):
            return JSONResponse({"error": "the signature is not valid"}, 401)
        said = json.loads(body)
        if _PING in {said.get("type"), said.get("transfer", {}).get("word")}:
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
        keep(request.headers["webhook-id"], said)
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
