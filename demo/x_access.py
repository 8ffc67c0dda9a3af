"""Check who calls the simulated X: OAuth 2 bearers that rotate, and OAuth 1.0a signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.ledger import Ledger


@dataclass(frozen=True, slots=True)
class XKeys:
    """The keys of an app and of the account that it acts for."""

    client_id: str = "client-de-demonstration"
    access_token: str = "acces-de-demonstration"
    refresh_token: str = "renouvellement-de-demonstration"
    consumer_key: str = "cle-de-demonstration"
    consumer_secret: str = "secret-de-demonstration"
    user_token: str = "jeton-de-demonstration"
    user_secret: str = "secret-du-jeton-de-demonstration"


def oauth1_signature(keys: XKeys, method: str, url: str, fields: Mapping[str, str]) -> str:
    """Sign a request by HMAC-SHA1 over its method, address and sorted fields (RFC 5849, 3.4)."""
    pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in fields.items())
    text = "&".join(
        quote(part, safe="~")
        for part in (method.upper(), url, "&".join(f"{k}={v}" for k, v in pairs))
    )
    key = f"{quote(keys.consumer_secret, safe='~')}&{quote(keys.user_secret, safe='~')}"
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class Access:
    """The tokens that are valid now."""

    def __init__(self, ledger: Ledger, keys: XKeys) -> None:
        self._ledger, self._keys = ledger, keys

    def expire(self) -> None:
        """Let every access token run out, as after two hours."""
        self._ledger.data["access"] = []
        self._ledger.changed()

    def allows(self, request: Request) -> bool:
        """Say whether the request carries a valid token or signature."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return rest in self._ledger.data["access"]
        return scheme == "OAuth" and self._signed(request, rest)

    def _signed(self, request: Request, header: str) -> bool:
        parts = (part.strip().partition("=") for part in header.split(","))
        oauth = {unquote(name): unquote(value.strip('"')) for name, _, value in parts}
        given = oauth.pop("oauth_signature", "")
        known = (oauth.get("oauth_consumer_key"), oauth.get("oauth_token"))
        if known != (self._keys.consumer_key, self._keys.user_token):
            return False
        fields = dict(parse_qsl(request.url.query, keep_blank_values=True)) | oauth
        address = str(request.url.replace(query="", fragment=""))
        expected = oauth1_signature(self._keys, request.method, address, fields)
        return hmac.compare_digest(expected, given)

    async def refresh(self, request: Request) -> Response:
        """Give new tokens for a refresh token, which is good for one use only."""
        form = await request.form()
        data = self._ledger.data
        if (
            form.get("grant_type") != "refresh_token"
            or form.get("refresh_token") != data["refresh"]
        ):
            detail = "Value passed for the token was invalid."
            return JSONResponse({"error": "invalid_request", "error_description": detail}, 400)
        access, data["refresh"] = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        data["access"].append(access)
        self._ledger.changed()
        scope = "dm.read dm.write tweet.read tweet.write users.read offline.access"
        answer = {"token_type": "bearer", "expires_in": 7200, "access_token": access}
        return JSONResponse(answer | {"refresh_token": data["refresh"], "scope": scope})
