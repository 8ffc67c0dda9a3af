"""Lets in raw mails that a provider posts over HTTP, by a secret that it was given."""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import parse_qs, urlsplit

from router.errors import InvalidSignature
from router.message import WebhookRequest


def verify(request: WebhookRequest, secret: str) -> None:
    """Check the secret of ``Authorization: Bearer …``, or the password of ``Basic …`` (RFC 7617).

    Raises:
        InvalidSignature: it is not ours, or there is none to check against.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        given = _password(given)
    elif scheme.lower() != "bearer":
        given = ""
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), secret.encode())
    if not secret or not same:
        raise InvalidSignature("this is not the secret of the mailbox")


def _password(coded: str) -> str:
    try:
        plain = base64.b64decode(coded.encode("utf-8", "replace")).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return plain.partition(":")[2]


def recipient_of(request: WebhookRequest) -> str | None:
    """Give the envelope's recipient, which the provider may name as ``?to=`` in the address."""
    named = parse_qs(urlsplit(request.url).query).get("to")
    return named[0] if named else None
