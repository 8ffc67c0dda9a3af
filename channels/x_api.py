"""Call API version 2 of X as one account, with tokens that rotate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from channels.secrets_in_logs import redact
from router.delivery import Permanent, Retry, SendOutcome, Unknown
from router.ports import Clock

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_WINDOW_S = 900.0  # over which X counts calls


@dataclass(frozen=True, slots=True)
class Tokens:
    """What OAuth 2 gave last; the refresh token is good for one use."""

    access: str
    refresh: str = ""


SaveTokens = Callable[[Tokens], Awaitable[None]]


class Refused(Exception):
    """X answered with an error; the text is X's own sentence."""

    def __init__(self, status: int, detail: str, after_s: float | None = None) -> None:
        super().__init__(f"X answered {status}: {detail[:200]}")
        self.status, self.after_s = status, after_s


async def forget(tokens: Tokens) -> None:
    """Keep rotated tokens in this process only; for tests and for apps whose tokens never end."""


class XApi:
    """A small client of our own: the usual library has no base URL to set and no time limit."""

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        client_id: str,
        client_secret: str,
        deadline_s: float,
        clock: Clock,
        save: SaveTokens = forget,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens, self._save = tokens, save
        self._app = (client_id, client_secret)
        self._deadline_s, self._clock = deadline_s, clock
        self._http: httpx.AsyncClient | None = None
        self._rotation = asyncio.Lock()

    async def call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, json: Any = None
    ) -> dict[str, Any]:
        """Call a method, with fresh tokens if those we have ran out; give the answer's JSON.

        Raises:
            Refused: X answered with an error.
            httpx.HTTPError: X cannot be reached, or the connection broke.
        """
        used = self._tokens
        answer = await self._ask(method, path, query, json, used)
        if answer.status_code == 401 and used.refresh:
            await self._rotate(used)
            answer = await self._ask(method, path, query, json, self._tokens)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _detail(answer), self._wait(answer))
        data = _json(answer)
        if not isinstance(data, dict):
            raise Refused(502, "an answer that is no object")
        return data

    async def download(self, url: str, limit: int) -> bytes | None:
        """Fetch a file of a private message; None when it is larger than ``limit``."""
        content = b""
        headers = {"authorization": f"Bearer {self._tokens.access}"}
        async with self._client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != 200:
                raise Refused(answer.status_code, "the file cannot be fetched")
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > limit:
                    return None
        return content

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    async def _ask(
        self, method: str, path: str, query: dict[str, str] | None, json: Any, tokens: Tokens
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {tokens.access}"}
        return await self._client.request(
            method, f"{self._base_url}{path}", params=query, json=json, headers=headers
        )

    async def _rotate(self, used: Tokens) -> None:
        """Change the tokens once, however many calls found them spent; save before use."""
        async with self._rotation:
            if self._tokens != used:
                return
            form = {"grant_type": "refresh_token", "refresh_token": used.refresh}
            form["client_id"] = self._app[0]
            url = f"{self._base_url}/2/oauth2/token"
            secret = httpx.BasicAuth(*self._app) if self._app[1] else httpx.USE_CLIENT_DEFAULT
            answer = await self._client.post(url, data=form, auth=secret)
            if answer.status_code >= 400:
                raise Refused(401, f"the tokens cannot be refreshed: {_detail(answer)}")
            given = _json(answer)
            if not isinstance(given, dict) or not isinstance(given.get("access_token"), str):
                raise Refused(502, "an answer without an access token")
            fresh = Tokens(given["access_token"], str(given.get("refresh_token") or used.refresh))
            # the old refresh token is spent: a crash between here and the save needs a new login
            await asyncio.shield(self._save(fresh))
            self._tokens = fresh

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            redact(self._tokens.access, "httpx", "httpcore")
            self._http = httpx.AsyncClient(timeout=self._deadline_s)
        return self._http

    def _wait(self, answer: httpx.Response) -> float | None:
        """Seconds until X counts anew, from the header that names the moment."""
        reset = answer.headers.get("x-rate-limit-reset", "")
        if answer.status_code != 429:
            return None
        if not (reset.isascii() and reset.isdigit() and len(reset) < 12):
            return 60.0
        return min(max(int(reset) - self._clock.now().timestamp(), 1.0), _WINDOW_S)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _detail(answer: httpx.Response) -> str:
    data = _json(answer)
    told = data if isinstance(data, dict) else {}
    return str(told.get("detail") or told.get("error_description") or told.get("title") or "")


def outcome_of(error: Exception) -> SendOutcome:
    """Say what a failed call means for the delivery."""
    if isinstance(error, _NOT_SENT):
        return Retry(f"X cannot be reached ({type(error).__name__})")
    if isinstance(error, Refused):
        return _refusal(error)
    return Unknown(f"the connection to X broke ({type(error).__name__})")


def _refusal(error: Refused) -> SendOutcome:
    if error.status == 429:
        return Retry(str(error), error.after_s, throttled=True)
    if error.status == 401:
        return Retry(str(error), 300.0)
    if error.status >= 500:
        return Retry(str(error))
    code = "blocked" if error.status == 403 else str(error.status)
    code = "duplicate" if "duplicate" in str(error).lower() else code
    return Permanent(code, str(error))
