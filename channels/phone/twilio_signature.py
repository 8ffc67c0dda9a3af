"""Check that a webhook is signed by Twilio, as its own validator would.

Source: https://www.twilio.com/docs/usage/security
"""

from __future__ import annotations

import base64
import functools
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from channels.phone.forms import pairs_of
from router.errors import InvalidSignature
from router.message import WebhookRequest

_ALGORITHMS = frozenset({"HMAC_SHA1", "HMAC_SHA256"})


def verify(request: WebhookRequest, tokens: Iterable[str], public_url: str) -> None:
    """Check the HMAC over the configured URL and every field, blank ones included.

    Raises:
        InvalidSignature: missing, malformed or wrong, or of a kind that Twilio does not document.
    """
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    digest = _algorithm(request.headers.get("x-twilio-webhooks-signature-settings", ""))
    fields = _signed_fields(request.body)
    signatures = [
        _sign(token, url + fields, digest)
        for token in tokens
        if token  # an empty key would be anybody's
        for url in _urls(request.url, public_url)
    ]
    # every comparison is made, whichever succeeds
    if not given or sum(hmac.compare_digest(given, signature) for signature in signatures) == 0:
        raise InvalidSignature("the signature is not Twilio's")


@functools.lru_cache(maxsize=64)
def _urls(called: str, public_url: str) -> tuple[str, ...]:
    """List how Twilio may have written our URL: it is not consistent about default ports."""
    parts = urlsplit(public_url or called)
    if public_url:  # behind a proxy the address seen is not the one signed
        query = "&".join(part for part in (parts.query, urlsplit(called).query) if part)
        parts = parts._replace(query=query)
    bare = parts._replace(netloc=parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    full = parts._replace(netloc=f"{parts.hostname}:{port}")
    return tuple(dict.fromkeys(urlunsplit(url) for url in (parts, bare, full)))


def _signed_fields(body: bytes) -> str:
    """Join the fields as Twilio signs them: sorted, name and value, blank ones included."""
    return "".join(name + value for name, value in sorted(set(pairs_of(body))))


def _algorithm(header: str) -> str:
    """Name the digest of ``X-Twilio-Webhooks-Signature-Settings``; SHA-1 when it is absent."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            if value.strip().upper() not in _ALGORITHMS:
                raise InvalidSignature("the signature is of an unknown kind")
            return value.strip().upper().removeprefix("HMAC_").lower()
    return "sha1"


def _sign(token: str, text: str, digest: str) -> bytes:
    return base64.b64encode(hmac.digest(token.encode(), text.encode("utf-8", "replace"), digest))
