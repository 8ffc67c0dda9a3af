"""Our Open311 server (GeoReport v2): others list our types of request, post and follow requests."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.case import Case
from router.errors import InvalidInput, InvalidSignature, StoreUnavailable
from router.message import Envelope, WebhookRequest
from router.ports import TakesWebhooks
from router.tokens import REPLY
from router.tracking import TrackingNumber, parse, printed
from web.open311_format import FORMATS, Trouble, listed, refused, single
from web.open311_query import Asked, Search
from web.open311_records import (
    CHANNEL,
    LONGEST,
    attributes_of,
    name_of,
    posted_by,
    request_of,
    updates_of,
)
from web.parts import WebParts
from web.render import Renderer
from web.sending import Sending
from web.throttle import Throttle

BASE = "/open311/v2"
_OURS = "guichet_"
"""How names of fields begin that a client may not send."""
Handler = Callable[..., Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """Say what goes wrong in the form of the standard."""

    @functools.wraps(handler)
    async def answer(self: Open311Api, request: Request) -> Response:
        format = str(request.path_params.get("format", ""))
        try:
            if format not in FORMATS:
                raise Trouble(404, "Ask for .json or .xml.")
            return await handler(self, request, format)
        except Trouble as trouble:
            return refused(format, trouble)
        except StoreUnavailable:
            told = "The request cannot be kept now; send it again in a moment."
            return refused(format, Trouble(503, told))

    return answer


class Open311Api:
    """``/open311/v2``."""

    def __init__(self, parts: WebParts, renderer: Renderer) -> None:
        self._parts = parts
        self._renderer = renderer
        self._sending = Sending(parts)
        self._search = Search(parts.cases)
        self._throttle = Throttle(parts.clock, parts.settings.guesses)

    def routes(self) -> APIRouter:
        router = APIRouter()
        for method, path, handler in (
            ("GET", "/open311/discovery.{format}", self.discovery),
            ("GET", f"{BASE}/discovery.{{format}}", self.discovery),
            ("GET", f"{BASE}/services.{{format}}", self.services),
            ("GET", f"{BASE}/services/{{code}}.{{format}}", self.definition),
            ("POST", f"{BASE}/requests.{{format}}", self.post),
            ("GET", f"{BASE}/requests.{{format}}", self.requests),
            ("GET", f"{BASE}/requests/{{id}}.{{format}}", self.request),
            ("GET", f"{BASE}/tokens/{{token}}.{{format}}", self.token),
            ("POST", f"{BASE}/servicerequestupdates.{{format}}", self.add),
            ("GET", f"{BASE}/servicerequestupdates.{{format}}", self.updates),
        ):
            router.add_route(path, handler, methods=[method])
        return router

    # --- what can be asked for -------------------------------------------------------------------

    @answering
    async def discovery(self, request: Request, format: str) -> Response:
        """Say where the server is and what it speaks."""
        types = ["text/xml", "application/json"]
        endpoint = {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": self._parts.settings.base_url.rstrip("/") + BASE,
            "changeset": "2011-05-26T00:00:00Z",
            "type": "production",
            "formats": types,
        }
        desk = self._parts.rulebooks.current().directory.desk
        record = {
            "changeset": "2011-05-26T00:00:00Z",
            "contact": desk.contact.email or desk.contact.phone,
            "key_service": desk.contact.email or desk.contact.phone,
            "endpoints": [endpoint],
        }
        return single(format, "discovery", record)

    @answering
    async def services(self, request: Request, format: str) -> Response:
        """List the categories as types of request."""
        self._jurisdiction(request.query_params)
        rulebook, speaker = self._parts.rulebooks.current(), self._renderer.speaker(request)
        records = [
            {
                "service_code": one.code,
                "service_name": name_of(one.code, rulebook, speaker),
                "description": name_of(one.code, rulebook, speaker),
                "metadata": bool(attributes_of(one.code, rulebook)),
                "type": "realtime",
                "keywords": "",
                "group": one.family,
            }
            for one in self._parts.offered()
        ]
        return listed(format, "services", "service", records)

    @answering
    async def definition(self, request: Request, format: str) -> Response:
        """Say what a service wants to know of one type of request."""
        self._jurisdiction(request.query_params)
        code = self._offered(request.path_params["code"])
        attributes = attributes_of(code, self._parts.rulebooks.current())
        record = {"service_code": code, "attributes": attributes}
        return single(format, "service_definition", record)

    # --- posting ---------------------------------------------------------------------------------

    @answering
    async def post(self, request: Request, format: str) -> Response:
        """Take a request; its number is told at once when the router is quick, else a token."""
        asked, form = await self._form(request)
        account, channel = self._application(asked)
        self._jurisdiction(form)
        self._offered(form.get("service_code", ""))
        _check_request(form)
        envelope = await self._accept(channel, asked, form)
        number = await self._sending.until(lambda: self._number(account, envelope.provider_id))
        known = {"service_request_id": printed(number)} if number else {}
        waits = {} if number else {"token": envelope.provider_id}
        record = {**known, **waits, "service_notice": None, "account_id": None}
        return listed(format, "service_requests", "request", [record])

    @answering
    async def add(self, request: Request, format: str) -> Response:
        """Take what is added to a request, from the application that posted it."""
        asked, form = await self._form(request)
        account, channel = self._application(asked)
        self._jurisdiction(form)
        case = await self._case(request, form.get("service_request_id", ""))
        reporter = posted_by(case, account)
        if reporter is None:
            raise Trouble(404, "This application posted no request of that service_request_id.")
        if not form.get("description"):
            raise Trouble(400, "description was not provided.")
        address = reporter.address
        form |= {
            f"{_OURS}conversation": address.value,
            f"{_OURS}token": self._parts.signer.sign(REPLY, case.number, address.key),
        }
        envelope = await self._accept(channel, asked, form)
        record = {"update_id": form.get("update_id") or envelope.provider_id}
        return listed(format, "service_request_updates", "request_update", [record])

    async def _accept(
        self, channel: TakesWebhooks, asked: WebhookRequest, form: Mapping[str, str]
    ) -> Envelope:
        """Make a form durable; only then anything is answered."""
        body = urlencode(dict(form)).encode()
        headers = asked.headers
        kept = WebhookRequest(asked.method, asked.url, headers, body)
        envelopes = channel.open(kept, self._parts.clock.now())
        await self._sending.accept(envelopes)
        return envelopes[0]

    # --- following -------------------------------------------------------------------------------

    @answering
    async def token(self, request: Request, format: str) -> Response:
        """Give the number that a token became."""
        self._jurisdiction(request.query_params)
        token = request.path_params["token"]
        for name, account in self._parts.channels:
            number = await self._number(account, token) if name == CHANNEL else None
            if number is not None:
                record = {"service_request_id": printed(number), "token": token}
                return listed(format, "service_requests", "request", [record])
        raise Trouble(404, "This token is not known, or the request has no number yet.")

    @answering
    async def request(self, request: Request, format: str) -> Response:
        """Show one request: whole with the key that posted it, else as its tracking page does."""
        self._jurisdiction(request.query_params)
        case = await self._case(request, request.path_params["id"])
        account = self._key(request)
        own = account is not None and posted_by(case, account) is not None
        return listed(
            format, "service_requests", "request", [await self._record(request, case, own=own)]
        )

    @answering
    async def requests(self, request: Request, format: str) -> Response:
        """List the requests that an application posted, newest first."""
        account, asked = self._listing(request)
        if asked.numbers:
            found = [await self._case(request, number) for number in asked.numbers]
            found = [case for case in found if posted_by(case, account)]
        else:
            found = await self._search.requests(account, asked)
        records = [await self._record(request, case, own=True) for case in found]
        return listed(format, "service_requests", "request", records)

    @answering
    async def updates(self, request: Request, format: str) -> Response:
        """List what happened to the requests of an application, oldest first."""
        account, asked = self._listing(request)
        rulebook, speaker = self._parts.rulebooks.current(), self._renderer.speaker(request)
        found: list[dict[str, Any]] = []
        for case in await self._search.updated(account, asked):
            events = await self._search.events(case)
            found += updates_of(case, events, rulebook, speaker)
        inside = [one for one in found if asked.since <= one["updated_datetime"] <= asked.until]
        inside.sort(key=lambda one: (one["updated_datetime"], one["update_id"]))
        page = inside[asked.first : asked.first + asked.size]
        return listed(format, "service_request_updates", "request_update", page)

    def _listing(self, request: Request) -> tuple[str, Asked]:
        self._jurisdiction(request.query_params)
        account = self._key(request)
        if account is None:
            told = (
                "A list needs the api_key that posted; one request is read by its number without."
            )
            raise Trouble(403, told)
        return account, Asked.of(request.query_params, self._parts.clock.now())

    async def _record(self, request: Request, case: Case, *, own: bool) -> dict[str, Any]:
        rulebook, speaker = self._parts.rulebooks.current(), self._renderer.speaker(request)
        events = await self._search.events(case)
        return request_of(case, events, rulebook, speaker, own=own)

    # --- who and what ----------------------------------------------------------------------------

    async def _form(self, request: Request) -> tuple[WebhookRequest, dict[str, str]]:
        body = await request.body()
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
        except (UnicodeDecodeError, ValueError):
            raise Trouble(400, "The body is no form in UTF-8.") from None
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = WebhookRequest(request.method, str(request.url), headers, body)
        return asked, _joined((n, v) for n, v in pairs if not n.startswith(_OURS))

    def _application(self, asked: WebhookRequest) -> tuple[str, TakesWebhooks]:
        """Find the application whose key a request carries.

        Raises:
            Trouble: 403, it is nobody's.
        """
        for (name, account), channel in self._parts.channels.items():
            if name != CHANNEL or not isinstance(channel, TakesWebhooks):
                continue
            try:
                channel.verify(asked)
            except InvalidSignature:
                continue
            return account, channel
        raise Trouble(403, "The api_key is missing or not valid.")

    def _key(self, request: Request) -> str | None:
        """Find the application that asks; None without a key.

        Raises:
            Trouble: 403, the key is nobody's.
        """
        if "api_key" not in request.query_params:
            return None
        return self._application(WebhookRequest("GET", str(request.url), {}, b""))[0]

    def _jurisdiction(self, given: Mapping[str, str]) -> None:
        """Check jurisdiction_id, which may be left out: this endpoint serves one."""
        ours, asked = self._parts.settings.jurisdiction, given.get("jurisdiction_id", "")
        if ours and asked and asked != ours:
            raise Trouble(404, f"jurisdiction_id {asked[:60]} was not found.")

    def _offered(self, code: str) -> str:
        if not code:
            raise Trouble(400, "service_code was not provided.")
        if all(one.code != code for one in self._parts.offered()):
            raise Trouble(404, f"service_code {code[:60]} was not found.")
        return code

    async def _case(self, request: Request, number: str) -> Case:
        """Find a case by its number; who guesses is slowed down.

        Raises:
            Trouble: 400, 404 or 429.
        """
        client = request.client.host if request.client else ""
        if self._throttle.wait_s(client):
            raise Trouble(429, "Too many wrong numbers; wait a moment.")
        if not number:
            raise Trouble(400, "service_request_id was not provided.")
        try:
            case = await self._parts.cases.case(parse(number))
        except InvalidInput:
            case = None
        if case is None:
            self._throttle.failed(client)
            raise Trouble(404, f"service_request_id {number[:60]} was not found.")
        return case

    async def _number(self, account: str, id: str) -> TrackingNumber | None:
        look = self._parts.posted_number
        return await look(account, id) if look is not None else None


def _joined(pairs: Any) -> dict[str, str]:
    """Read a form into a mapping; several values of one attribute stand in one."""
    found: dict[str, str] = {}
    for name, value in pairs:
        several = name in found and name.startswith("attribute[")
        found[name] = f"{found[name]}, {value}" if several else value.strip()
    return found


def _check_request(form: Mapping[str, str]) -> None:
    """Refuse what could not become a case.

    Raises:
        Trouble: 400.
    """
    lat, long = form.get("lat", ""), form.get("long", "")
    if bool(lat) != bool(long):
        raise Trouble(400, "lat and long must both be provided.")
    if lat:
        try:
            inside = abs(float(lat)) <= 90 and abs(float(long)) <= 180
        except ValueError:
            inside = False
        if not inside:
            raise Trouble(400, "lat and long are no position in degrees.")
    if not lat and not form.get("address_string") and not form.get("address_id"):
        raise Trouble(400, "A location was not provided: lat and long, or address_string.")
    if not form.get("description") and not form.get("media_url"):
        raise Trouble(400, "description was not provided.")
    if len(form.get("description", "")) > LONGEST:
        raise Trouble(400, f"description is longer than {LONGEST} characters.")
