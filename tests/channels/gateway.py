"""The gateway of a test: what a provider posts is verified, stored, and only then answered."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from router.errors import InvalidSignature
from router.message import WebhookRequest


async def take(request: Request, channel: Any, store: Any, now: Any) -> Response:
    """Take one webhook as the product does; 403 where the signature is none of the provider's."""
    asked = WebhookRequest(
        "POST", str(request.url), dict(request.headers.items()), await request.body()
    )
    try:
        channel.verify(asked)
    except InvalidSignature:
        return Response(status_code=403)
    await store.accept(channel.open(asked, now))
    answer = channel.answer(True)
    return Response(answer.body, answer.status, media_type=answer.media_type)
