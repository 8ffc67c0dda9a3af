"""Stand in for OVHcloud's API of text messages: one virtual number, jobs, receipts, what came in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels.trusted import trusted
from demo.faults import Fault, FaultKind, Faults
from demo.server import LoopbackServer, cut

APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY = "cle-d-application", "secret-d-app", "cle-conso"
_OLDEST_S = 60
"""How far the clock of a caller may be off."""


class OvhSimulator:
    """An account with one virtual number, on loopback.

    Faults: ``send`` (429, 403, 4xx with a code, 5xx, hang, cut-after-accept), ``lookup`` (5xx,
    hang).
    """

    def __init__(
        self, now: Callable[[], float], service: str = "sms-ab12345-1", number: str = "+33756000055"
    ) -> None:
        self.service, self.number, self._now = service, number, now
        self.faults = Faults()
        self.blocked: set[str] = set()
        """Numbers that the account may not write to."""
        self.callback = ""
        """Where receipts are sent by GET, as it is set in the account."""
        self.jobs: dict[int, dict[str, Any]] = {}
        self.incoming: dict[int, dict[str, Any]] = {}
        self.signed: list[str] = []
        base = f"/1.0/sms/{service}/virtualNumbers/{{number}}"
        self._http = LoopbackServer(
            [
                Route(base, self._of_number(self._show)),
                Route(f"{base}/jobs", self._of_number(self._create), methods=["POST"]),
                Route(f"{base}/outgoing", self._of_number(self._outgoing)),
                Route(f"{base}/incoming", self._of_number(self._list)),
                Route(f"{base}/incoming/{{id:int}}", self._of_number(self._one)),
            ]
        )

    @property
    def base_url(self) -> str:
        """What stands for https://eu.api.ovh.com/1.0."""
        return f"{self._http.url}/1.0"

    async def __aenter__(self) -> OvhSimulator:
        await self._http.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.stop()

    def citizen_sends(self, sender: str, text: str) -> int:
        """Text the number; the message waits to be fetched."""
        id = 1000 + len(self.incoming)
        said = {"id": id, "sender": sender, "message": text, "tag": "", "credits": 0}
        self.incoming[id] = said | {"creationDatetime": "2026-11-22T10:00:00+01:00"}
        return id

    def sent_to(self, number: str) -> list[int]:
        """List the messages that a phone received."""
        return [id for id, job in self.jobs.items() if number in job["receivers"]]

    async def report(self, id: int, ptt: str) -> int:
        """Call the callback with a receipt; gives the status of the answer."""
        said = {"id": str(id), "ptt": ptt, "date": "20261122100000", "description": "1"}
        async with httpx.AsyncClient(verify=trusted()) as http:
            url = httpx.URL(self.callback).copy_merge_params(said)
            return (await http.get(url)).status_code

    # --- the API ---------------------------------------------------------------------------------

    def _of_number(self, handle: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> Response:
            body = (await request.body()).decode()
            if not self._is_ours(request, body):
                return _error(403, "This credential is not valid", "INVALID_CREDENTIAL")
            if request.path_params["number"] != self.number:
                return _error(404, "The requested object does not exist")
            answer: Response = await handle(request)
            return answer

        return checked

    def _is_ours(self, request: Request, body: str) -> bool:
        at = request.headers.get("x-ovh-timestamp", "0")
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{self._http.url}{request.scope['raw_path'].decode()}{query}"  # as it was sent
        secrets = [APPLICATION_SECRET, CONSUMER_KEY, request.method, url, body, at]
        digest = hashlib.sha1("+".join(secrets).encode(), usedforsecurity=False).hexdigest()
        given = request.headers.get("x-ovh-signature", "")
        self.signed.append(given)
        keys = request.headers.get("x-ovh-application"), request.headers.get("x-ovh-consumer")
        soon = at.isdigit() and abs(self._now() - int(at)) <= _OLDEST_S
        return (
            soon
            and keys == (APPLICATION_KEY, CONSUMER_KEY)
            and hmac.compare_digest(given, f"$1${digest}")
        )

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"number": self.number, "serviceName": self.service})

    async def _create(self, request: Request) -> Response:
        fault = self.faults.take("send")
        if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
            return await self._fail(fault)
        job = await request.json()
        if set(job["receivers"]) & self.blocked:
            report = {"ids": [], "validReceivers": [], "invalidReceivers": job["receivers"]}
            return JSONResponse(report | {"totalCreditsRemoved": 0})
        id = 26_929_925 + len(self.jobs)
        self.jobs[id] = job
        if fault:
            return await cut(request)
        report = {"ids": [id], "validReceivers": job["receivers"], "invalidReceivers": []}
        return JSONResponse(report | {"totalCreditsRemoved": 1})

    async def _outgoing(self, request: Request) -> Response:
        if fault := self.faults.take("lookup"):
            return await self._fail(fault)
        tag = request.query_params.get("tag")
        return JSONResponse([id for id, job in self.jobs.items() if tag in (None, job["tag"])])

    async def _list(self, request: Request) -> Response:
        if fault := self.faults.take("lookup"):
            return await self._fail(fault)
        return JSONResponse(sorted(self.incoming, reverse=True))

    async def _one(self, request: Request) -> Response:
        found = self.incoming.get(request.path_params["id"])
        return JSONResponse(found) if found else _error(404, "The requested object does not exist")

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._http.hang()
        if fault.kind is FaultKind.TOO_MANY:
            return _error(429, "Too many requests", headers={"Retry-After": str(fault.retry_after)})
        if fault.kind is FaultKind.FORBIDDEN:
            return _error(403, "This call has not been granted", "NOT_GRANTED_CALL")
        if fault.kind is FaultKind.TEMPORARY:
            return _error(400, "[receivers] Given data is not valid for type string")
        return _error(503, "Service unavailable")


def _error(
    status: int, message: str, code: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    body = {"message": message, "class": "Client::Error"}
    return JSONResponse(body | ({"errorCode": code} if code else {}), status, headers=headers)
