"""Keep pages safe: headers on every answer, limits on every body, forms from our own pages only."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.pace import Pace, TooSlow

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WEBHOOK_LIMIT = 1_000_000
FORM_LIMIT = 32_000_000
"""Bytes of a form with its pictures."""
MAIL_LIMIT = 40_000_000
"""Bytes of a raw mail that a provider posts; the channel keeps the beginning of one too large."""
_LIMITS = {
    "/signaler": FORM_LIMIT, "/suivi/": FORM_LIMIT, "/p/": FORM_LIMIT, "/partners/": FORM_LIMIT,
    "/desk/": FORM_LIMIT,
    "/webhooks/email/": MAIL_LIMIT,
}  # fmt: skip


def security_headers(base_url: str) -> dict[str, str]:
    """List the headers that every answer carries."""
    headers = {
        "content-security-policy": _POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "geolocation=(self), camera=(), microphone=()",
    }
    if base_url.startswith("https:"):
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


class SecurityHeaders:
    """ASGI middleware that adds headers where the answer does not set them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", [])
                known = {name.lower() for name, _ in own}
                added = (pair for pair in self._headers if pair[0] not in known)
                message = {**message, "headers": [*own, *added]}
            await send(message)

        await self._app(scope, receive, with_headers)


class BodyLimit:
    """ASGI middleware that stops reading a body at its limit (413), or where it is held open (408)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = body_limit(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        too_long = declared.isdigit() and int(declared) > limit
        seen, paced = 0, Pace(receive)

        async def counted() -> Message:
            nonlocal seen
            try:
                message = await paced()
            except TooSlow:
                raise HTTPException(408, headers={"connection": "close"}) from None
            seen += len(message.get("body", b""))
            if too_long or seen > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def body_limit(path: str) -> int:
    """Give the longest body, in bytes, that may be sent to a path."""
    known = (limit for start, limit in _LIMITS.items() if path.startswith(start))
    return next(known, WEBHOOK_LIMIT)


def check_origin(request: Request, base_url: str) -> None:
    """Refuse a form that another site's page sent.

    Our own pages send ``Origin: null``, since they forbid the referrer (Fetch standard, "append a
    request Origin header"); then Sec-Fetch-Site tells, and the signed id of the form.

    Raises:
        HTTPException: 403.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403)
    origin = request.headers.get("origin", "null")
    ours = {urlsplit(base_url).netloc, request.headers.get("host", "")}
    if origin != "null" and urlsplit(origin).netloc not in ours:
        raise HTTPException(403)
