"""Check that X itself calls, and prove to it that we know the app's secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

from router.errors import InvalidSignature
from router.message import WebhookRequest, WebhookResponse


def verify(request: WebhookRequest, key: str) -> None:
    """Check the HMAC of the raw bytes.

    Raises:
        InvalidSignature: missing or wrong, or there is no secret.
    """
    given = request.headers.get("x-twitter-webhooks-signature", "").encode("utf-8", "replace")
    if not key or not hmac.compare_digest(given, _hmac(key, request.body).encode()):
        raise InvalidSignature("the signature is not that of X")


def challenge(request: WebhookRequest, key: str) -> WebhookResponse:
    """Answer X's hourly check that this address knows the app's secret (CRC)."""
    token = parse_qs(urlsplit(request.url).query).get("crc_token", [""])[0]
    if not token or not key:
        return WebhookResponse(400, b"no crc_token")
    body = json.dumps({"response_token": _hmac(key, token.encode())}).encode()
    return WebhookResponse(200, body, "application/json")


def _hmac(key: str, data: bytes) -> str:
    digest = hmac.new(key.encode(), data, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
