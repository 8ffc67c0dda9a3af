"""Take what providers send: verified, made durable, and only then answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import InvalidSignature, StoreUnavailable
from router.handling.desk import CHANNEL as DESK
from router.message import WebhookRequest, WebhookResponse
from router.ports import TakesGets, TakesWebhooks
from web.guard import body_limit
from web.open311.records import CHANNEL as OPEN311
from web.pace import Pace, TooSlow
from web.partners.api import CHANNEL as PARTNER
from web.parts import WebParts
from web.sending import FORM

PATH = "/webhooks/"
RETRY_AFTER_S = "5"
_TOO_LONG = "This request is too long."
_TOO_SLOW = "The rest of this request did not come; send it again."
_FOR_PROGRAMS = {"x-content-type-options": "nosniff"}
"""Headers of what a channel says to its provider, which draws no page; each costs every call."""
_BY_OUR_OWN_DOOR = {FORM[0], DESK, OPEN311, PARTNER}
"""Channels whose only way in is a door of ours, which looks at what is posted."""


class Webhooks:
    """``/webhooks/{channel}/{account}`` for every channel that its provider calls.

    Stands before the pages and their layers, which cost a call more than all that is done for it;
    so it keeps the limit of bodies and adds ``headers`` to its refusals itself.
    """

    def __init__(self, parts: WebParts, headers: Mapping[str, str], pages: ASGIApp) -> None:
        self._parts = parts
        self._headers = dict(headers)
        self._pages = pages
        self._base_url = parts.settings.base_url.rstrip("/")
        self._takers = {
            key: channel
            for key, channel in parts.channels.items()
            if isinstance(channel, TakesWebhooks) and key[0] not in _BY_OUR_OWN_DOOR
        }
        self._known: dict[WebhookResponse, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._pages(scope, receive, send)
            return
        answer = await self._answered(scope, receive)
        if answer is not None:
            await answer(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive) -> Response | None:
        """Give the answer to a call; None when the caller has gone before its end."""
        channel, _, account = scope["path"].removeprefix(PATH).partition("/")
        taker = self._takers.get((channel, account))
        if taker is None:
            return self._said("No channel listens at this address.", 404)
        method = scope["method"]
        if method not in {"GET", "POST"}:
            return self._said("This address takes POST only.", 405, {"allow": "POST"})
        headers = {
            name.decode("latin-1"): told.decode("latin-1") for name, told in scope["headers"]
        }
        limit = body_limit(scope["path"])
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            return self._said(_TOO_LONG, 413)
        try:
            body = await _body(Pace(receive), limit)
        except TooSlow:
            return self._said(_TOO_SLOW, 408, {"connection": "close"})
        if body is None:
            return None
        if len(body) > limit:
            return self._said(_TOO_LONG, 413)
        request = WebhookRequest(method, self._url(scope), headers, body)
        if method == "POST" or (isinstance(taker, TakesGets) and taker.takes_gets):
            return await self._take(taker, request)
        answer = taker.challenge(request)
        if answer is None:
            return self._said("This address takes POST only.", 405, {"allow": "POST"})
        return self._written(answer)

    async def _take(self, taker: TakesWebhooks, request: WebhookRequest) -> Response:
        """Accept a provider's call; 2xx is said after the commit and never before."""
        try:
            taker.verify(request)
        except InvalidSignature:
            return self._said("The signature of this request is not valid.", 403)
        envelopes = taker.open(request, self._parts.clock.now())
        try:
            if envelopes:
                async with asyncio.timeout(self._parts.settings.accept_deadline_s):
                    await self._parts.intake.accept(envelopes)
        except (StoreUnavailable, TimeoutError):
            return self._told(taker.answer(False))
        self._parts.wake()
        return self._told(taker.answer(True))

    def _url(self, scope: Scope) -> str:
        # the address as configured: behind a proxy the one seen here is not the one that was signed
        path: str = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")
        query = scope["query_string"].decode("latin-1")
        return self._base_url + path + (f"?{query}" if query else "")

    def _told(self, answer: WebhookResponse) -> Response:
        """Write what a channel says to each call; these are few, and written once."""
        found = self._known.get(answer)
        if found is None:
            found = self._known[answer] = self._written(answer)
        return found

    def _written(self, answer: WebhookResponse) -> Response:
        own = {"retry-after": RETRY_AFTER_S} if answer.status == 503 else {}
        headers = {**_FOR_PROGRAMS, **own}
        return Response(answer.body, answer.status, headers, media_type=answer.media_type)

    def _said(self, sentence: str, status: int, own: Mapping[str, str] | None = None) -> Response:
        return PlainTextResponse(sentence, status, {**self._headers, **(own or {})})


async def _body(receive: Receive, limit: int) -> bytes | None:
    """Read a body, not further than one piece past ``limit``; None when the caller has gone."""
    read = bytearray()
    while len(read) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        read += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(read)
