"""Check that X itself calls, and prove to it that we know the app's secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import parse_qs, urlsplit

from router.errors import InvalidSignature
from router.message import WebhookRequest, WebhookResponse

_CRC_TOKEN = re.compile(rb"[\w+/=.-]{1,128}")
"""What X asks an address to sign. Events are signed by the same key, and begin with a brace."""


def verify(request: WebhookRequest, key: str) -> None:
    """Check the HMAC of the raw bytes.

    Raises:
        InvalidSignature: missing or wrong, there is no secret, or it is one that :func:`challenge`
            gives to whoever asks.
    """
    if _CRC_TOKEN.fullmatch(request.body):
        raise InvalidSignature("this is no event: anybody has its signature from us")
    given = request.headers.get("x-twitter-webhooks-signature", "").encode("utf-8", "replace")
    if not key or not hmac.compare_digest(given, _hmac(key, request.body).encode()):
        raise InvalidSignature("the signature is not that of X")


def challenge(request: WebhookRequest, key: str) -> WebhookResponse:
    """Answer X's hourly check that this address knows the app's secret (CRC).

    Anybody may ask, so nothing is signed that could be an event.
    https://docs.x.com/x-api/webhooks/quickstart
    """
    token = (
        parse_qs(urlsplit(request.url).query).get("crc_token", [""])[0].encode("utf-8", "replace")
    )
    if not _CRC_TOKEN.fullmatch(token) or not key:
        return WebhookResponse(400, b"no crc_token")
    body = json.dumps({"response_token": _hmac(key, token)}).encode()
    return WebhookResponse(200, body, "application/json")


def _hmac(key: str, data: bytes) -> str:
    digest = hmac.new(key.encode(), data, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
