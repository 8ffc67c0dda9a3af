"""Make the calls that a definition describes, signed as it says, under our deadline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from channels.phone.definition import Call
from channels.phone.filling import filled, filled_url
from channels.phone.settings import SmsSettings
from channels.secrets_in_logs import redact
from channels.trusted import trusted
from router.errors import ConfigurationError
from router.ports import Clock


class Calls:
    """The connection to one provider."""

    def __init__(
        self, settings: SmsSettings, base_url: str, account: str, clock: Clock | None
    ) -> None:
        self._keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
        self._login = (settings.account_sid, settings.auth_token.get_secret_value())
        self._known = {**self._keys, "base_url": base_url.rstrip("/"), "from": account}
        self._known["account_sid"] = settings.account_sid
        self._deadline_s = settings.deadline_s
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        for secret in (*self._keys.values(), self._login[1]):
            redact(secret, "httpx", "httpcore")  # some providers take them in the address

    async def make(self, call: Call, known: Mapping[str, str]) -> httpx.Response:
        """Make one call.

        Raises:
            httpx.HTTPError: it could not be made, or was cut.
        """
        known = {**self._known, **known}
        url, fields = filled_url(call.url, known), filled(call.fields, known)
        headers = {name: str(filled(value, known)) for name, value in call.headers.items()}
        body = b""
        if call.format == "query" and fields:
            url += f"{'&' if '?' in url else '?'}{urlencode(fields)}"
        elif call.format == "form":
            body = urlencode(fields, doseq=True).encode()
            headers["content-type"] = "application/x-www-form-urlencoded"
        elif fields:
            body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
            headers["content-type"] = "application/json; charset=utf-8"
        url = str(httpx.URL(url))  # as it is sent, since it is signed
        headers |= self._signed(call, url, body)
        auth = self._login if call.sign == "basic" else None
        return await self._http.request(call.method, url, content=body, headers=headers, auth=auth)

    def _signed(self, call: Call, url: str, body: bytes) -> dict[str, str]:
        if call.sign == "bearer":
            return {"authorization": f"Bearer {self._login[1]}"}
        if call.sign != "ovh":
            return {}
        if self._clock is None:
            raise ConfigurationError("a signature that names the time needs a clock")
        return ovh_headers(self._keys, call.method, url, body, int(self._clock.now().timestamp()))

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._deadline_s, follow_redirects=False, verify=trusted()
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        self._client = None


def ovh_headers(
    keys: Mapping[str, str], method: str, url: str, body: bytes, at: int
) -> dict[str, str]:
    """Sign a call as OVHcloud's API wants it; ``at`` is in seconds since 1970.

    Source: https://help.ovhcloud.com/csm/en-gb-api-getting-started-ovhcloud-api
    """
    text = body.decode("utf-8")
    secrets = (keys["application_secret"], keys["consumer_key"], method, url, text, str(at))
    digest = hashlib.sha1("+".join(secrets).encode(), usedforsecurity=False).hexdigest()
    return {
        "x-ovh-application": keys["application_key"],
        "x-ovh-consumer": keys["consumer_key"],
        "x-ovh-timestamp": str(at),
        "x-ovh-signature": f"$1${digest}",
    }
