"""Gets the access tokens by which Microsoft 365 and Google let programs into a mailbox (RFC 6749)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx

from channels.smtp.settings import SmtpSettings
from channels.trusted import trusted
from channels.unreachable import server_of, why_unreachable

_TIMEOUT_S = 15.0
_SHORTEST_S = 60.0
_PART_OF_LIFE = 0.8
_ODD = (ValueError, LookupError, TypeError, AttributeError)  # an answer in no form that is known


class NoToken(ConnectionError):
    """The provider of tokens cannot be reached, or answers oddly."""


class TokenSource:
    """Keeps one access token of an account, renewed when four fifths of its life are over."""

    def __init__(
        self, settings: SmtpSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._asking = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """Give a token that is good for a while.

        Raises:
            PermissionError: the provider refuses our id, secret or refresh token.
            NoToken: it cannot be reached, or answers oddly.
        """
        async with self._asking:
            now = self._monotonic()
            if not self._token or now >= self._until:
                self._token, life_s = await self._ask()
                self._until = now + max(life_s * _PART_OF_LIFE, _SHORTEST_S)
            return self._token

    def forget(self) -> None:
        """Drop the token: a server has refused it."""
        self._token = ""

    async def _ask(self) -> tuple[str, float]:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted()) as client:
                answer = await client.post(self._settings.oauth_token_url, data=self._grant())
            said = answer.json()
            if answer.status_code in {400, 401, 403}:
                raise PermissionError(
                    f"aucun jeton ne nous est donné à oauth_token_url ({said.get('error', '')})"
                )
            answer.raise_for_status()
            return str(said["access_token"]), float(said.get("expires_in", 0))
        except (httpx.HTTPStatusError, *_ODD):
            # from None: what the request held stands in the error
            told = "le serveur des jetons répond par autre chose qu'un jeton (oauth_token_url)"
            raise NoToken(told) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            server = server_of(self._settings.oauth_token_url, "oauth_token_url")
            told = f"le serveur des jetons {why_unreachable(error, server)}"
            raise NoToken(told) from None

    def _grant(self) -> dict[str, str]:
        given = self._settings
        fields = {
            "client_id": given.oauth_client_id,
            "client_secret": given.oauth_client_secret.get_secret_value(),
            "scope": given.oauth_scope,
        }
        refresh = given.oauth_refresh_token.get_secret_value()
        if refresh:
            fields |= {"grant_type": "refresh_token", "refresh_token": refresh}
        else:
            fields["grant_type"] = "client_credentials"
        return {name: value for name, value in fields.items() if value}
