"""Stand in for a partner's Open311 server: GeoReport v2, its tokens, and the extension of updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.clock import WallClock
from demo.faults import FaultKind, Faults
from demo.ledger import Ledger
from demo.open311_shapes import definition_of, page_of, service_of, written
from demo.server import LoopbackServer, cut
from router.ports import Clock

OPEN311_AT = "https://open311.transports.example"
"""Where `config/services.yaml` says that it is."""
API_KEY = "cle-open311-de-demonstration"
_UPDATES = "service_request_updates"
_FIRST = 638_343
_MISSING = "is missing: give lat and long, address_string or address_id"


@dataclass(frozen=True, slots=True)
class Request311:
    """A request as the partner's people see it."""

    id: str
    form: Mapping[str, str]
    status: str
    notes: str

    @property
    def description(self) -> str:
        return self.form.get("description", "")


class Open311Simulator:
    """One jurisdiction, as a server on loopback.

    Faults: ``send`` (429, 403 meaning a bad key, 4xx, 5xx, hang, cut-after-accept), ``poll`` (5xx,
    hang). ``tokens``: a request has its number only once :meth:`number` was called. ``format``: the
    only one that it speaks. ``page``: how many of a list it tells at once (the extension of paging),
    nothing where it knows no pages. ``closed``: lists are told to who shows the key alone.
    """

    def __init__(
        self,
        api_key: str = API_KEY,
        jurisdiction: str = "partenaire.example",
        services: tuple[str, ...] = ("001", "002"),
        *,
        tokens: bool = False,
        format: str = "json",
        page: int | None = None,
        closed: bool = False,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.api_key, self.jurisdiction, self.services = api_key, jurisdiction, services
        self.tokens, self.page, self.closed = tokens, page, closed
        self.faults = Faults()
        self.odd_updates: list[Any] = []
        """What the list of updates holds besides the true ones."""
        self.definitions: dict[str, list[dict[str, Any]]] = {}
        """What some types of request ask beside, as attributes of the standard."""
        self.polled: list[str] = []
        """Paths of the questions asked so far."""
        self._format = format
        self._clock = clock or WallClock()
        self._ledger = Ledger("open311", state_dir, {"requests": {}, "updates": [], "posted": {}})
        self._http = LoopbackServer(
            [
                Route(f"/services.{format}", self._services, methods=["GET"]),
                Route(f"/services/{{code}}.{format}", self._definition, methods=["GET"]),
                Route(f"/requests.{format}", self._post, methods=["POST"]),
                Route(f"/requests.{format}", self._list, methods=["GET"]),
                Route(f"/requests/{{id}}.{format}", self._one, methods=["GET"]),
                Route(f"/tokens/{{token}}.{format}", self._token, methods=["GET"]),
                Route(f"/servicerequestupdates.{format}", self._update, methods=["POST"]),
                Route(f"/servicerequestupdates.{format}", self._updates, methods=["GET"]),
            ],
            port,
        )

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return self._http.url

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        await self._http.start()

    async def stop(self) -> None:
        await self._http.stop()

    async def __aenter__(self) -> Open311Simulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- the partner's people --------------------------------------------------------------------

    def received(self) -> list[Request311]:
        """List the requests, oldest first."""
        return [
            Request311(id, one["form"], one["status"], one["notes"])
            for id, one in self._ledger.data["requests"].items()
        ]

    def additions(self, id: str) -> list[str]:
        """List what was added to a request by those who posted it."""
        posted = self._ledger.data["posted"].values()
        return [form["description"] for form in posted if form["service_request_id"] == id]

    async def until(self, condition: Any, seconds: float | None = 10.0) -> None:
        await self._ledger.until(condition, seconds)

    def say(self, id: str, status: str, text: str = "") -> None:
        """Change the status of a request and say why; the same word twice is one."""
        request = self._ledger.data["requests"][id]
        if (request["status"], request["notes"]) == (status, text):
            return
        now = self._clock.now().isoformat()
        request |= {"status": status, "notes": text, "updated": now}
        updates = self._ledger.data["updates"]
        updates.append(
            {
                "update_id": str(len(updates) + 1),
                "service_request_id": id,
                "status": status,
                "updated_datetime": now,
                "description": text,
            }
        )
        self._ledger.changed()

    def number(self) -> None:
        """Give the requests that have only a token their number."""
        self.tokens = False

    # --- the API ---------------------------------------------------------------------------------

    async def _services(self, request: Request) -> Response:
        self.polled.append(request.url.path)
        records = [service_of(code, code in self.definitions) for code in self.services]
        return written(self._format, "services", records)

    async def _definition(self, request: Request) -> Response:
        self.polled.append(request.url.path)
        code = request.path_params["code"]
        if code not in self.definitions:
            return self._error(404, f"service_code {code} was not found")
        return definition_of(self._format, code, self.definitions[code])

    async def _post(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        fault = self.faults.take("send")
        early = await self._early(fault.kind if fault else None, form)
        if early is not None:
            return early
        if form.get("service_code") not in self.services:
            return self._error(404, f"service_code {form.get('service_code')} was not found")
        if not (form.get("lat") and form.get("long")) and not form.get("address_string"):
            return self._error(400, f"a location {_MISSING}")
        id = str(_FIRST + len(self._ledger.data["requests"]) + 1)
        now = self._clock.now().isoformat()
        known = {"form": form, "status": "open", "notes": "", "at": now, "updated": now}
        self._ledger.data["requests"][id] = known
        self._ledger.changed()
        if fault and fault.kind is FaultKind.CUT_AFTER_ACCEPT:
            return await cut(request)
        if self.tokens:
            return self._requests([{"token": f"t-{id}"}])
        return self._requests([{"service_request_id": int(id), "account_id": None}])

    async def _early(self, kind: FaultKind | None, form: Mapping[str, str]) -> Response | None:
        """Commit a fault, or refuse who has no key or another jurisdiction."""
        match kind:
            case FaultKind.TOO_MANY:
                return self._error(429, "too many requests", {"retry-after": "2"})
            case FaultKind.TEMPORARY:
                return self._error(400, "the description is not accepted")
            case FaultKind.BROKEN:
                return self._error(503, "out of order")
            case FaultKind.HANG:
                return await self._http.hang()
        if kind is FaultKind.FORBIDDEN or form.get("api_key") != self.api_key:
            return self._error(403, "api_key is missing or not valid")
        if form.get("jurisdiction_id") != self.jurisdiction:
            return self._error(404, "jurisdiction_id was not found")
        return None

    async def _list(self, request: Request) -> Response:
        if (broken := await self._polled(request)) is not None:
            return broken
        query = request.query_params
        ids = [id for id in query.get("service_request_id", "").split(",") if id]
        since = query.get("start_date", "")
        records = [
            self._record(id)
            for id, one in self._ledger.data["requests"].items()
            if (id in ids if ids else _after(one["at"], since))
        ]
        return self._requests(page_of(records, self.page, query))

    async def _one(self, request: Request) -> Response:
        if (broken := await self._polled(request)) is not None:
            return broken
        id = request.path_params["id"]
        if id not in self._ledger.data["requests"]:
            return self._error(404, "service_request_id was not found")
        return self._requests([self._record(id)])

    async def _token(self, request: Request) -> Response:
        self.polled.append(request.url.path)
        token = request.path_params["token"]
        if self.tokens or token.removeprefix("t-") not in self._ledger.data["requests"]:
            return self._error(404, "the token was not found")
        id = token.removeprefix("t-")
        return self._requests([{"service_request_id": id, "token": token}])

    async def _update(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        fault = self.faults.take("send")
        early = await self._early(fault.kind if fault else None, form)
        if early is not None:
            return early
        self._ledger.data["posted"].setdefault(form["update_id"], form)
        self._ledger.changed()
        return written(self._format, _UPDATES, [{"update_id": form["update_id"]}])

    async def _updates(self, request: Request) -> Response:
        if (broken := await self._polled(request)) is not None:
            return broken
        since = request.query_params.get("start_date", "")
        updates = [
            one for one in self._ledger.data["updates"] if _after(one["updated_datetime"], since)
        ]
        page = page_of([*self.odd_updates, *updates], self.page, request.query_params)
        return written(self._format, _UPDATES, page)

    async def _polled(self, request: Request) -> Response | None:
        self.polled.append(request.url.path)
        fault = self.faults.take("poll")
        if fault is None:
            listed = request.url.path.count("/") == 1
            return self._closed_to(request) if listed else None
        return await self._http.hang() if fault.kind is FaultKind.HANG else self._error(503, "down")

    def _closed_to(self, request: Request) -> Response | None:
        key = request.query_params.get("api_key")
        if not self.closed or key == self.api_key:
            return None
        return self._error(403, "a list needs the api_key that posted")

    def _requests(self, records: Sequence[Mapping[str, Any]]) -> Response:
        return written(self._format, "service_requests", records)

    def _error(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
        record = {"code": status, "description": text}
        return written(self._format, "errors", [record], status, headers)

    def _record(self, id: str) -> dict[str, Any]:
        one = self._ledger.data["requests"][id]
        form = one["form"]
        return {
            "service_request_id": id,
            "status": one["status"],
            "status_notes": one["notes"] or None,
            "service_code": form["service_code"],
            "description": form.get("description"),
            "requested_datetime": one["at"],
            "updated_datetime": one["updated"],
            "address": form.get("address_string"),
        }


def _after(at: str, since: str) -> bool:
    return not since or datetime.fromisoformat(at) >= datetime.fromisoformat(since)
