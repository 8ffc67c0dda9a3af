"""Who may ask our Open311 server what: keys, the jurisdiction, types of request, numbers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from router.case import Case
from router.errors import InvalidInput, InvalidSignature
from router.message import WebhookRequest
from router.ports import TakesWebhooks
from router.tracking import parse
from web.open311.format import Trouble
from web.open311.records import CHANNEL
from web.parts import WebParts
from web.throttle import Throttle


class Access:
    """Finds what a request names, or says why it may not have it."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._throttle = Throttle(parts.clock, parts.settings.guesses, parts.settings.form_secret)

    def application(self, asked: WebhookRequest) -> tuple[str, TakesWebhooks]:
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

    def key(self, request: Request) -> str | None:
        """Find the application that asks; None without a key.

        Raises:
            Trouble: 403, the key is nobody's.
        """
        if "api_key" not in request.query_params:
            return None
        return self.application(WebhookRequest("GET", str(request.url), {}, b""))[0]

    def jurisdiction(self, given: Mapping[str, str]) -> None:
        """Check jurisdiction_id, which may be left out: this endpoint serves one."""
        ours, asked = self._parts.settings.jurisdiction, given.get("jurisdiction_id", "")
        if ours and asked and asked != ours:
            raise Trouble(404, f"jurisdiction_id {asked[:60]} was not found.")

    def offered(self, code: str) -> str:
        if not code:
            raise Trouble(400, "service_code was not provided.")
        if all(one.code != code for one in self._parts.offered()):
            raise Trouble(404, f"service_code {code[:60]} was not found.")
        return code

    def may_guess(self, request: Request) -> None:
        """Check that a client has not named too much that is not there.

        Raises:
            Trouble: 429.
        """
        if self._throttle.wait_s(_client(request)):
            raise Trouble(429, "Too many wrong numbers; wait a moment.")

    def guessed(self, request: Request) -> None:
        """Count that a client named what is not there."""
        self._throttle.spend(_client(request))

    async def case(self, request: Request, number: str) -> Case:
        """Find a case by its number; who guesses is slowed down.

        Raises:
            Trouble: 400, 404 or 429.
        """
        self.may_guess(request)
        if not number:
            raise Trouble(400, "service_request_id was not provided.")
        try:
            case = await self._parts.cases.case(parse(number))
        except InvalidInput:
            case = None
        if case is None:
            self.guessed(request)
            raise Trouble(404, f"service_request_id {number[:60]} was not found.")
        return case


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
