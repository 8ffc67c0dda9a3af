"""Sign calls as OAuth 1.0a wants it (RFC 5849): HMAC-SHA1 over method, address and sorted fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Keys:
    """The app's key and secret, and the account's; they do not run out."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


def authorization(
    keys: Keys, method: str, url: str, query: Mapping[str, str], *, nonce: str, seconds: int
) -> str:
    """Write the header; a body of JSON is not signed (RFC 5849, 3.4.1.3.1).

    ``url`` is without its query; ``seconds`` count since 1970.
    """
    oauth = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(seconds),
        "oauth_token": keys.token,
        "oauth_version": "1.0",
    }
    pairs = sorted((_safe(name), _safe(value)) for name, value in {**query, **oauth}.items())
    fields = "&".join(f"{name}={value}" for name, value in pairs)
    signed = "&".join(map(_safe, (method.upper(), url, fields)))
    key = f"{_safe(keys.consumer_secret)}&{_safe(keys.token_secret)}"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()
    oauth["oauth_signature"] = base64.b64encode(digest).decode()
    return "OAuth " + ", ".join(f'{name}="{_safe(value)}"' for name, value in oauth.items())


def _safe(text: str) -> str:
    return quote(text, safe="~")
