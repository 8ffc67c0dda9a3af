"""Take what providers send: verified, made durable, and only then answered."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from router.desk import CHANNEL as DESK
from router.errors import InvalidSignature, StoreUnavailable
from router.message import WebhookRequest, WebhookResponse
from router.ports import TakesGets, TakesWebhooks
from web.parts import WebParts
from web.sending import FORM

RETRY_AFTER_S = "5"
_BY_OUR_OWN_DOOR = {FORM[0], DESK}
"""Channels whose only way in is a door of ours, which looks at what is posted."""


class Webhooks:
    """``/webhooks/{channel}/{account}`` for every channel that its provider calls."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._takers = {
            key: channel
            for key, channel in parts.channels.items()
            if isinstance(channel, TakesWebhooks) and key[0] not in _BY_OUR_OWN_DOOR
        }

    def routes(self) -> APIRouter:
        router = APIRouter()
        path = "/webhooks/{channel}/{account}"
        # plain routes: filling in a handler's parameters would cost a third of a call
        router.add_route(path, self.take, methods=["POST"])
        router.add_route(path, self.challenge, methods=["GET"])
        return router

    async def take(self, request: Request) -> Response:
        """Accept a provider's call; 2xx is said after the commit and never before."""
        taker = self._taker(request)
        if taker is None:
            return _unknown()
        asked = await self._neutral(request)
        try:
            taker.verify(asked)
        except InvalidSignature:
            return PlainTextResponse("The signature of this request is not valid.", 403)
        envelopes = taker.open(asked, self._parts.clock.now())
        try:
            if envelopes:
                async with asyncio.timeout(self._parts.settings.accept_deadline_s):
                    await self._parts.intake.accept(envelopes)
        except (StoreUnavailable, TimeoutError):
            return _answer(taker.answer(False))
        self._parts.wake()
        return _answer(taker.answer(True))

    async def challenge(self, request: Request) -> Response:
        """Answer a provider that checks this address (X's CRC), or that calls by GET."""
        taker = self._taker(request)
        if taker is None:
            return _unknown()
        if isinstance(taker, TakesGets) and taker.takes_gets:
            return await self.take(request)
        answer = taker.challenge(await self._neutral(request))
        if answer is None:
            return PlainTextResponse("This address takes POST only.", 405, {"allow": "POST"})
        return _answer(answer)

    def _taker(self, request: Request) -> TakesWebhooks | None:
        named = request.path_params
        return self._takers.get((named["channel"], named["account"]))

    async def _neutral(self, request: Request) -> WebhookRequest:
        # the address as configured: behind a proxy the one seen here is not the one that was signed
        scope = request.scope
        path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")
        query = scope["query_string"].decode("latin-1")
        url = self._parts.settings.base_url.rstrip("/") + path + (f"?{query}" if query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return WebhookRequest(request.method, url, headers, await request.body())


def _unknown() -> Response:
    return PlainTextResponse("No channel listens at this address.", 404)


def _answer(answer: WebhookResponse) -> Response:
    headers = {"retry-after": RETRY_AFTER_S} if answer.status == 503 else None
    return Response(answer.body, answer.status, headers, media_type=answer.media_type)
