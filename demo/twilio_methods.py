"""Answers calls of Twilio's Messages API and media, and commits the faults that were asked for."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.faults import Fault, FaultKind, Faults
from demo.server import cut
from demo.twilio_book import WHATSAPP, TwilioBook
from demo.twilio_callbacks import OUTSIDE_WINDOW, TwilioCallbacks
from demo.twilio_shapes import error, public
from demo.twilio_templates import Templates

LONGEST_BODY = 1600


class TwilioMethods:
    """The API over one book; ``hang`` answers as a server that fell silent does."""

    def __init__(
        self,
        book: TwilioBook,
        callbacks: TwilioCallbacks,
        templates: Templates,
        faults: Faults,
        auth_token: str,
        hang: Callable[[], Awaitable[Response]],
        base_url: Callable[[], str],
    ) -> None:
        self._book, self._callbacks, self._faults = book, callbacks, faults
        self._templates = templates
        self._auth_token, self._hang, self._base_url = auth_token, hang, base_url
        self._ledger = book.ledger

    def routes(self) -> list[Route]:
        account = f"/2010-04-01/Accounts/{self._book.account_sid}"
        return [
            Route(f"{account}/Messages.json", self._create, methods=["POST"]),
            Route(f"{account}/Messages.json", self._list, methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}.json", self._fetch, methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}/Media/{{media}}", self._media),
            Route("/content/{media}", self._content),
            Route(f"{account}/IncomingPhoneNumbers.json", self._numbers, methods=["GET"]),
            Route("/v1/Content/{sid}/ApprovalRequests", self._approval, methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        fault = self._faults.take("send")
        if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
            return await self._fail(fault)
        form = {name: str(value) for name, value in (await request.form()).items()}
        refusal = self._refusal(form)
        if refusal:
            return refusal
        sid = "SM" + secrets.token_hex(16)
        to, from_ = form["To"], form["From"]
        body, wrong = form.get("Body", ""), self._book.unreachable.get(to)
        if "ContentSid" in form:
            body, odd = self._templates.filled(form)
            wrong = odd or wrong
        message = self._book.record(sid, from_, to, body, "outbound-api", "queued")
        message["error_code"] = wrong
        late = to.startswith(WHATSAPP) and not self._book.wrote_lately(to, from_)
        if late and not self._templates.is_approved(form):
            message["error_code"] = OUTSIDE_WINDOW
        self._ledger.data["statuses"][sid] = form.get("StatusCallback", "")
        self._ledger.changed()
        answer = JSONResponse(public(message), 201)  # says `queued`, before the status moves on
        self._callbacks.report(sid)
        return await cut(request) if fault else answer

    def _refusal(self, form: Mapping[str, str]) -> Response | None:
        to, from_, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        if not to:
            return error(400, 21604, "A 'To' phone number is required.")
        if not re.fullmatch(rf"({WHATSAPP})?\+[1-9][0-9]{{6,14}}", to):
            return error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if to.startswith(WHATSAPP) is not from_.startswith(WHATSAPP):
            return error(400, 21910, "Invalid 'From' and 'To' pair: different channels.")
        if from_.startswith(WHATSAPP) and from_ not in self._book.webhooks:
            return error(400, 63007, "Twilio could not find a Channel with this From address")
        if from_.removeprefix(WHATSAPP) not in self._book.numbers:
            return error(
                400, 21606, f"The 'From' phone number {from_} is not a valid, SMS-capable number."
            )
        if refused := self._templates.refusal(form):
            return refused
        if not (body or "MediaUrl" in form or "ContentSid" in form):
            return error(400, 21602, "Message body is required.")
        if len(body) > LONGEST_BODY:
            return error(400, 21617, "The concatenated message body exceeds the 1600 limit.")
        if [to, from_] in self._ledger.data["opted_out"]:
            return error(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    async def _approval(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        return refused or self._templates.approval(request.path_params["sid"])

    async def _numbers(self, request: Request) -> Response:
        """List the account's numbers with the address that is called for each."""
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        wanted = request.query_params.get("PhoneNumber")
        found = [
            {"phone_number": number, "sms_url": self._book.webhooks.get(number, "")}
            for number in self._book.numbers
            if wanted in (None, number)
        ]
        return JSONResponse({"incoming_phone_numbers": found, "page": 0, "next_page_uri": None})

    async def _list(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        query = request.query_params
        found = [
            public(message)
            for message in reversed(self._ledger.data["messages"].values())
            if query.get("To") in (None, message["to"])
            and query.get("From") in (None, message["from"])
        ]
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        shown, uri = found[page * size : (page + 1) * size], request.url.path
        pages = {
            name: f"{uri}?{urlencode({**query, 'PageSize': size, 'Page': number})}"
            if wanted
            else None
            for name, number, wanted in (
                ("first_page_uri", 0, True),
                ("previous_page_uri", page - 1, page > 0),
                ("next_page_uri", page + 1, len(found) > (page + 1) * size),
            )
        }
        place = {"page": page, "page_size": size, "start": page * size, "uri": uri}
        last = page * size + max(len(shown) - 1, 0)
        return JSONResponse({"messages": shown, **pages, **place, "end": last})

    async def _fetch(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        message = self._ledger.data["messages"].get(request.path_params["sid"])
        return (
            JSONResponse(public(message))
            if message
            else error(404, 20404, f"The requested resource {request.url.path} was not found")
        )

    async def _media(self, request: Request) -> Response:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        if fault := self._faults.take("media"):
            return await self._fail(fault)
        # as on the real service, the bytes lie with somebody else, who must not see the password
        return RedirectResponse(f"{self._base_url()}/content/{request.path_params['media']}", 307)

    async def _content(self, request: Request) -> Response:
        if "authorization" in request.headers:
            return Response("Only one auth mechanism allowed", 400)
        media_sid = request.path_params["media"]
        for message in self._ledger.data["messages"].values():
            for known, content_type in message["media"]:
                if known == media_sid:
                    return Response(self._ledger.file(known), media_type=content_type)
        return Response(status_code=404)

    async def _refuse_lookup(self, request: Request) -> Response | None:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        fault = self._faults.take("lookup")
        return await self._fail(fault) if fault else None

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._hang()
        if fault.kind is FaultKind.TOO_MANY:
            headers = {"Retry-After": str(fault.retry_after)}
            return error(429, fault.code or 20429, "Too Many Requests", headers)
        if fault.kind is FaultKind.FORBIDDEN:
            return error(403, fault.code or 21408, "Permission to send has not been enabled.")
        if fault.kind is FaultKind.TEMPORARY:
            return error(400, fault.code or 21614, "'To' number is not a valid mobile number")
        return error(503, fault.code or 20503, "Service unavailable")

    def _authorised(self, request: Request) -> bool:
        pair = base64.b64encode(f"{self._book.account_sid}:{self._auth_token}".encode()).decode()
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Basic {pair}".encode())
