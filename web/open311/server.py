"""Our Open311 server (GeoReport v2): others list our types of request, post and follow requests."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.case import Case
from router.errors import StoreUnavailable
from router.message import Envelope, WebhookRequest
from router.ports import TakesWebhooks
from router.tokens import REPLY
from router.tracking import TrackingNumber, printed
from web.open311.access import Access
from web.open311.form import OURS, check_email, check_request, read_form
from web.open311.format import FORMATS, Trouble, listed, refused, single
from web.open311.query import Asked, Search
from web.open311.records import (
    CHANNEL,
    attributes_of,
    in_order,
    name_of,
    posted_by,
    request_of,
    updates_of,
)
from web.open311.tokens import Tokens
from web.parts import WebParts
from web.render import Renderer
from web.same_entry import posts_again
from web.sending import Sending

BASE = "/open311/v2"
_OTHER_WORDS = "This update_id or Idempotency-Key was used for other words; nothing new was kept: send another."
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
        self._access = Access(parts)
        self._tokens = Tokens(parts)

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
        self._access.jurisdiction(request.query_params)
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
        self._access.jurisdiction(request.query_params)
        code = self._access.offered(request.path_params["code"])
        attributes = attributes_of(code, self._parts.rulebooks.current())
        record = {"service_code": code, "attributes": attributes}
        return single(format, "service_definition", record)

    # --- posting ---------------------------------------------------------------------------------

    @answering
    async def post(self, request: Request, format: str) -> Response:
        """Take a request; its number is told at once when the router is quick, else a token."""
        asked, form = await read_form(request)
        account, channel = self._access.application(asked)
        self._access.jurisdiction(form)
        self._access.offered(form.get("service_code", ""))
        check_request(form)
        envelope = await self._accept(channel, asked, form)
        number = await self._sending.until(lambda: self._number(account, envelope.provider_id))
        known = {"service_request_id": printed(number)} if number else {}
        waits = {} if number else {"token": self._tokens.token(account, envelope.provider_id)}
        record = {**known, **waits, "service_notice": None, "account_id": None}
        return listed(format, "service_requests", "request", [record])

    @answering
    async def add(self, request: Request, format: str) -> Response:
        """Take what is added to a request, from the application that posted it."""
        asked, form = await read_form(request)
        account, channel = self._access.application(asked)
        self._access.jurisdiction(form)
        case = await self._access.case(request, form.get("service_request_id", ""))
        reporter = posted_by(case, account)
        if reporter is None:
            raise Trouble(404, "This application posted no request of that service_request_id.")
        check_email(form)
        if not form.get("description"):
            raise Trouble(400, "description was not provided.")
        address = reporter.address
        form |= {
            "service_request_id": printed(case.public_number or case.number),
            f"{OURS}conversation": address.value,
            f"{OURS}token": self._parts.signer.sign(REPLY, case.number, address.key),
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
        [envelope] = channel.open(kept, self._parts.clock.now())
        [accepted] = await self._sending.accept((envelope,))
        if not accepted.new and self._parts.kept is not None:
            before = await self._parts.kept(CHANNEL, envelope.account, envelope.provider_id)
            if before is not None and not posts_again(before, envelope.payload, OURS):
                raise Trouble(409, _OTHER_WORDS)
        return envelope

    # --- following -------------------------------------------------------------------------------

    @answering
    async def token(self, request: Request, format: str) -> Response:
        """Give the number that a token became; who guesses is slowed down."""
        self._access.jurisdiction(request.query_params)
        self._access.may_guess(request)
        token = request.path_params["token"]
        named = self._tokens.posted(token, self._access.key(request))
        if not named:
            self._access.guessed(request)
        for account, id in named:
            number = await self._number(account, id)
            if number is not None:
                record = {"service_request_id": printed(number), "token": token}
                return listed(format, "service_requests", "request", [record])
        raise Trouble(404, "This token is not known, or the request has no number yet.")

    @answering
    async def request(self, request: Request, format: str) -> Response:
        """Show one request: whole with the key that posted it, else as its tracking page does."""
        self._access.jurisdiction(request.query_params)
        case = await self._access.case(request, request.path_params["id"])
        account = self._access.key(request)
        own = account is not None and posted_by(case, account) is not None
        return listed(
            format, "service_requests", "request", [await self._record(request, case, own=own)]
        )

    @answering
    async def requests(self, request: Request, format: str) -> Response:
        """List the requests that an application posted, newest first."""
        account, asked = self._listing(request)
        if asked.numbers:
            found = [await self._access.case(request, number) for number in asked.numbers]
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
        inside = in_order(o for o in found if asked.since <= o["updated_datetime"] <= asked.until)
        page = inside[asked.first : asked.first + asked.size]
        return listed(format, "service_request_updates", "request_update", page)

    def _listing(self, request: Request) -> tuple[str, Asked]:
        self._access.jurisdiction(request.query_params)
        account = self._access.key(request)
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

    async def _number(self, account: str, id: str) -> TrackingNumber | None:
        look = self._parts.posted_number
        return await look(account, id) if look is not None else None
