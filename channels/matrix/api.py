"""Call a Matrix homeserver, and say what a failed call means for a delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from channels.matrix.answers import Json
from channels.provider_trouble import NOT_SENT, seconds_of
from channels.secrets_in_logs import redact
from channels.trusted import trusted
from channels.unreachable import server_of, why_unreachable
from router.delivery import Permanent, Retry, SendOutcome, Unknown

_CLIENT = "/_matrix/client/v3"
_NO_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol)
_TOKEN_IS_WRONG_S = 300.0


class Refused(Exception):
    """The homeserver answered with an error; ``code`` is its own word for it (M_FORBIDDEN)."""

    def __init__(self, status: int, code: str, detail: str, after_s: float | None = None) -> None:
        super().__init__(f"{status} {code}: {detail[:160]}")
        self.status, self.code, self.after_s = status, code, after_s


class Broken(Exception):
    """No answer came; ``sent`` tells whether the homeserver may have had the call."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(f"le serveur Matrix {why}")
        self.sent = sent


class MatrixApi:
    """Calls one homeserver as one user; what was refused is never repeated here (ADR 0012)."""

    def __init__(self, base_url: str, token: str, deadline_s: float) -> None:
        self._base_url, self._token = base_url.rstrip("/"), token
        self._deadline_s = deadline_s
        self._http: httpx.AsyncClient | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        wait_s: float = 0.0,
    ) -> Json:
        """Call the client-server API, version 3, and give the answer's JSON.

        ``wait_s`` is how long the homeserver was asked to wait for news, on top of the deadline.

        Raises:
            Refused: it answered with an error.
            Broken: it did not answer in time, or with what cannot be read, or the connection broke.
        """
        limit = self._deadline_s + wait_s
        try:
            async with asyncio.timeout(limit):
                answer = await self._client.request(
                    method, f"{self._base_url}{_CLIENT}{path}", params=query, json=body,
                    timeout=limit,
                )  # fmt: skip
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _broken(error, self._base_url) from None
        if answer.status_code >= 300:
            raise _refused(answer)
        data = _json(answer)
        if not isinstance(data, Mapping):
            raise Broken("répond par autre chose que du JSON", sent=True)
        return data

    async def download(self, server: str, media: str, limit: int) -> bytes | None:
        """Fetch a file (Matrix 1.11: with our token); None when it is larger than ``limit``.

        Raises:
            Refused: the homeserver does not have it.
            Broken: it did not come in time.
        """
        path = f"/_matrix/client/v1/media/download/{part(server)}/{part(media)}"
        content = bytearray()
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._client.stream("GET", self._base_url + path) as answer,
            ):
                if answer.status_code != 200:
                    await answer.aread()
                    raise _refused(answer)
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > limit:
                        return None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _broken(error, self._base_url) from None
        return bytes(content)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            redact(self._token, "httpx", "httpcore")
            headers = {"authorization": f"Bearer {self._token}"}
            self._http = httpx.AsyncClient(
                headers=headers, timeout=self._deadline_s, verify=trusted()
            )
        return self._http


def part(value: str) -> str:
    """Write an id as one part of a path, whatever stands in it."""
    return quote(value, safe="")


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def _refused(answer: httpx.Response) -> Refused:
    data = _json(answer)
    told = data if isinstance(data, Mapping) else {}
    code, detail = str(told.get("errcode", "")), str(told.get("error", ""))
    return Refused(answer.status_code, code or "no code", detail, _wait(answer, told))


def _wait(answer: httpx.Response, told: Json) -> float | None:
    """Seconds that a homeserver asks us to wait, in the old way and the new one (Matrix 1.10)."""
    if answer.status_code != 429:
        return None
    new, old = seconds_of(answer.headers.get("retry-after")), told.get("retry_after_ms")
    if new is not None:
        return max(1.0, new)
    asked = seconds_of(old / 1000) if isinstance(old, int) and abs(old) < 2**63 else None
    return 1.0 if asked is None else asked


def _broken(error: Exception, base_url: str) -> Broken:
    sent = not isinstance(error, NOT_SENT + _NO_ADDRESS)
    return Broken(why_unreachable(error, server_of(base_url)), sent=sent)


def outcome_of(error: Refused | Broken) -> SendOutcome:
    """Say what a failed send means."""
    if isinstance(error, Broken):
        return Unknown(str(error)) if error.sent else Retry(str(error))
    if error.status == 429:
        return Retry(str(error), error.after_s, throttled=True)
    if error.status == 401:  # M_UNKNOWN_TOKEN, M_USER_LOCKED: an operator must act
        return Retry(str(error), _TOKEN_IS_WRONG_S, throttled=True)
    if error.status >= 500:
        return Retry(str(error))
    code = "blocked" if error.code == "M_FORBIDDEN" else str(error.status)
    return Permanent(code, str(error))


def told_of(error: Refused | Broken) -> str:
    """Say to an operator, in French, what a failed call to the homeserver means."""
    if isinstance(error, Broken):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    if error.status == 401:
        return f"Matrix refuse notre jeton ({error})."
    if error.status == 429:
        return f"Matrix ne répond plus : la limite de ses appels est atteinte ({error})."
    return f"Matrix répond par une erreur ({error})."
