"""Call API version 2 of X as one account, with tokens that rotate."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import httpx

from channels.provider_trouble import NOT_SENT
from channels.secrets_in_logs import redact
from channels.trusted import trusted
from channels.x.budget import Budget
from channels.x.oauth1 import Keys, authorization
from channels.x.settings import XSettings
from router.delivery import Permanent, Retry, SendOutcome, Unknown
from router.errors import StoreUnavailable
from router.ports import Clock

BLOCKED = "blocked"
"""The code of a refusal by the person: he does not let us write to him."""
_WINDOW_S = 900.0  # over which X counts calls
_ON_THE_WAY = frozenset({502, 504})  # said by what stands before X


@dataclass(frozen=True, slots=True)
class Tokens:
    """What OAuth 2 gave last; the refresh token is good for one use."""

    access: str
    refresh: str = ""


Renew = Callable[[Tokens], Awaitable[Tokens]]
"""Ask X for new tokens with a refresh token, which is spent by that."""


class KeepsTokens(Protocol):
    """Keeps the tokens of one account for all processes and across restarts."""

    async def latest(self) -> Tokens | None:
        """Give what was kept last; None when the tokens of the settings are still good."""
        ...

    async def rotate(self, used: Tokens, renew: Renew) -> Tokens:
        """Give tokens newer than ``used``: those of another process, or new ones, kept first.

        Raises:
            StoreUnavailable: nothing was asked of X.
        """
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """How an account is acted for: by tokens that rotate, or by keys that last."""

    tokens: Tokens = field(repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    keys: Keys | None = None


class Refused(Exception):
    """X answered with an error; the text is X's own sentence."""

    def __init__(self, status: int, detail: str, after_s: float | None = None) -> None:
        super().__init__(f"X answered {status}: {detail[:200]}")
        self.status, self.after_s = status, after_s


class Unclear(Refused):
    """What stands in the place of an answer tells nothing: X may have done what it was asked."""


class Forgetful:
    """Keeps tokens in this process only: for apps whose tokens never end, and for trials."""

    async def latest(self) -> Tokens | None:
        return None

    async def rotate(self, used: Tokens, renew: Renew) -> Tokens:
        return await renew(used)


class XApi:
    """A small client of our own: the usual library has no base URL to set and no time limit."""

    def __init__(
        self,
        base_url: str,
        login: Login,
        deadline_s: float,
        clock: Clock,
        keeper: KeepsTokens | None = None,
        budget: Budget | None = None,
        nonce: Callable[[], str] | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens, self._keeper = login.tokens, keeper or Forgetful()
        self._keys, self._nonce = login.keys, nonce or partial(secrets.token_hex, 16)
        self._budget = budget or Budget(0.0, clock)
        self._looked = login.keys is not None
        self._app = (login.client_id, login.client_secret)
        self._deadline_s, self._clock = deadline_s, clock
        self._http: httpx.AsyncClient | None = None
        self._rotation = asyncio.Lock()

    async def call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, json: Any = None
    ) -> dict[str, Any]:
        """Call a method, with fresh tokens if those we have ran out; give the answer's JSON.

        Raises:
            Refused: X answered with an error; Unclear: with what cannot be read.
            httpx.HTTPError: X cannot be reached, or the connection broke.
        """
        try:
            answer = await self._answered(method, path, query, json)
            if answer.status_code in _ON_THE_WAY:
                raise Unclear(answer.status_code, _detail(answer))
        except (Unclear, httpx.HTTPError) as error:
            if method == "POST" and not isinstance(error, NOT_SENT):
                await self._budget.pay(method, path, {})  # rather counted than never
            raise
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _detail(answer), self._wait(answer))
        data = _json(answer)
        readable = isinstance(data, dict)
        await self._budget.pay(method, path, data if readable else {})
        if not readable:
            raise Unclear(answer.status_code, "an answer that is no object")
        return dict(data)

    async def _answered(
        self, method: str, path: str, query: dict[str, str] | None, json: Any
    ) -> httpx.Response:
        used = await self._current()
        answer = await self._ask(method, path, query, json, used)
        if answer.status_code == 401 and used.refresh:
            await self._change(used)
            answer = await self._ask(method, path, query, json, self._tokens)
        return answer

    async def download(self, url: str, limit: int) -> bytes | None:
        """Fetch a file of a private message; None when it is larger than ``limit``."""
        content = b""
        tokens = await self._current()
        headers = {"authorization": self._authorization("GET", url, {}, tokens)}
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
        url = f"{self._base_url}{path}"
        headers = {"authorization": self._authorization(method, url, query or {}, tokens)}
        return await self._client.request(method, url, params=query, json=json, headers=headers)

    def _authorization(self, method: str, url: str, query: dict[str, str], tokens: Tokens) -> str:
        if self._keys is None:
            return f"Bearer {tokens.access}"
        seconds = int(self._clock.now().timestamp())
        return authorization(self._keys, method, url, query, nonce=self._nonce(), seconds=seconds)

    async def _current(self) -> Tokens:
        """Give the tokens in use; at first those that were kept before a restart."""
        if not self._looked:
            try:
                async with self._rotation:
                    self._tokens = await self._keeper.latest() or self._tokens
                    self._looked = True
            except StoreUnavailable as error:
                raise Refused(503, "the kept tokens cannot be read now") from error
        return self._tokens

    async def _change(self, used: Tokens) -> None:
        """Have spent tokens changed; what goes wrong here is no outcome of the call itself."""
        try:
            # to its end even if this call is given up: what X has answered must not be lost
            await asyncio.shield(self._rotate(used))
        except (httpx.HTTPError, StoreUnavailable) as error:
            told = f"the tokens cannot be renewed now ({type(error).__name__})"
            raise Refused(503, told) from error

    async def _rotate(self, used: Tokens) -> None:
        """Change the tokens once, however many calls found them spent; keep them before use."""
        async with self._rotation:
            if self._tokens == used:
                self._tokens = await self._keeper.rotate(used, self._renew)
                redact(self._tokens.access, "httpx", "httpcore")

    async def _renew(self, used: Tokens) -> Tokens:
        form = {"grant_type": "refresh_token", "refresh_token": used.refresh}
        form["client_id"] = self._app[0]
        url = f"{self._base_url}/2/oauth2/token"
        secret = httpx.BasicAuth(*self._app) if self._app[1] else httpx.USE_CLIENT_DEFAULT
        answer = await self._client.post(url, data=form, auth=secret)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Refused(answer.status_code, _detail(answer), self._wait(answer))
        if answer.status_code >= 400:
            told = _detail(answer) or "the refresh token is spent"
            raise Refused(401, f"a new login is needed ({told})")
        given = _json(answer)
        if not isinstance(given, dict) or not isinstance(given.get("access_token"), str):
            raise Refused(502, "an answer without an access token")
        return Tokens(given["access_token"], str(given.get("refresh_token") or used.refresh))

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            shown = self._keys.token if self._keys else self._tokens.access
            if shown:
                redact(shown, "httpx", "httpcore")
            self._http = httpx.AsyncClient(timeout=self._deadline_s, verify=trusted())
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
    except (ValueError, RecursionError):
        return None


def _detail(answer: httpx.Response) -> str:
    data = _json(answer)
    told = data if isinstance(data, dict) else {}
    return str(told.get("detail") or told.get("error_description") or told.get("title") or "")


def login_of(settings: XSettings) -> Login:
    """Give the login that the settings hold; rotated tokens are kept elsewhere."""
    access, refresh = settings.access_token, settings.refresh_token
    return Login(
        Tokens(access.get_secret_value(), refresh.get_secret_value()),
        settings.client_id,
        settings.client_secret.get_secret_value(),
        settings.keys,
    )


def outcome_of(error: Exception) -> SendOutcome:
    """Say what a failed call means for the delivery."""
    if isinstance(error, NOT_SENT):
        return Retry(f"X ne répond pas ({type(error).__name__})")
    if isinstance(error, Unclear):
        return Unknown(str(error))
    if isinstance(error, Refused):
        return _refusal(error)
    return Unknown(f"la connexion à X a été coupée ({type(error).__name__})")


def _refusal(error: Refused) -> SendOutcome:
    if error.status == 429:
        return Retry(str(error), error.after_s, throttled=True)
    if error.status == 401:
        return Retry(str(error), 300.0)
    if error.status >= 500:
        return Retry(str(error))
    return Permanent(_code(error), str(error))


def _code(error: Refused) -> str:
    told = str(error).lower()
    if "duplicate" in told:
        return "duplicate"
    return BLOCKED if error.status == 403 and "dm" in told else str(error.status)
