"""Speak to Twilio's Messages API through the vendor's client, under our deadline and base URL."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

from channels.phone.twilio_codes import refusal
from channels.provider_trouble import NOT_SENT, seconds_of
from channels.trusted import trusted
from router.delivery import Retry, SendOutcome, Unknown

VENDOR = "https://api.twilio.com"
CONTENT = "https://content.twilio.com"
"""Where Twilio keeps the templates of messages."""


class Throttled(Exception):
    """Twilio answered 429; ``after_s`` as it asked, when it did."""

    def __init__(self, after_s: float | None) -> None:
        super().__init__("Twilio answered 429")
        self.after_s = after_s


class HttpClient(AsyncHttpClient):  # type: ignore[misc]
    """Carries the vendor client's calls over httpx.

    The vendor's own asynchronous client ignores its time-out, has no base URL to set, and writes
    telephone numbers to the log.
    """

    def __init__(self, base_url: str, deadline_s: float) -> None:
        super().__init__(logging.getLogger(__name__), True, deadline_s)
        self._base_url = base_url.rstrip("/")
        self._http = httpx.AsyncClient(timeout=deadline_s, follow_redirects=False, verify=trusted())

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: Any,
    ) -> Response:
        """Send one request, as the vendor's client wants it."""
        given = {name: str(value) for name, value in (params or {}).items() if value is not None}
        answer = await self._http.request(
            method,
            self._at(url),
            params=given or None,
            data=data or None,
            headers=headers,
            auth=auth,
        )
        if answer.status_code == 429:
            raise Throttled(seconds_of(answer.headers.get("retry-after", "")))
        return Response(answer.status_code, answer.text, answer.headers)

    def _at(self, url: str) -> str:
        """Put another base URL in the place of the vendor's, which has one for each API."""
        hosts = () if self._base_url == VENDOR else (VENDOR, CONTENT)
        return next((self._base_url + url[len(h) :] for h in hosts if url.startswith(h)), url)

    async def close(self) -> None:
        await self._http.aclose()


def status_of(error: TwilioException) -> int:
    """Give the HTTP status behind an error; one about a list hides it in the answer that it holds."""
    status = getattr(error, "status", None)
    for argument in error.args:
        status = status or getattr(argument, "status_code", None)
    return int(status or 0)


def outcome_of(error: BaseException) -> SendOutcome:
    """Say what a failed call means for the delivery."""
    if isinstance(error, Throttled):
        return Retry("la limite de Twilio est atteinte (429)", error.after_s, throttled=True)
    if isinstance(error, NOT_SENT):
        return Retry(f"Twilio ne répond pas ({type(error).__name__})")
    if isinstance(error, (httpx.HTTPError, asyncio.TimeoutError)):
        return Unknown(f"la connexion à Twilio a été coupée ({type(error).__name__})")
    if isinstance(error, TwilioException):
        return refusal(status_of(error), getattr(error, "code", 0))
    return Unknown(f"Twilio a répondu autre chose que prévu ({type(error).__name__})")
