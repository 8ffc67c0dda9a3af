"""Fetch the pictures of messages from Twilio: our password goes to its API and to nobody else."""

from __future__ import annotations

import httpx

from channels.media_hosts import check, joined
from channels.phone.settings import NumberSettings
from channels.trusted import trusted
from router.errors import InvalidInput


async def fetch(url: str, limit: int, settings: NumberSettings, base_url: str) -> bytes:
    """Fetch with our password, then follow the redirect, to hosts we know, without it.

    Raises:
        InvalidInput: larger than the limit, gone, or at an address that may not be fetched.
    """
    auth = (settings.account_sid, settings.auth_token.get_secret_value())
    async with httpx.AsyncClient(timeout=settings.deadline_s, verify=trusted()) as http:
        check(url, settings.media_hosts, base_url)
        first = await _download(http, url, limit, auth if _knows(url, base_url) else None)
        if isinstance(first, bytes):
            return first
        target = joined(url, first)
        check(target, settings.media_hosts, base_url)
        second = await _download(http, target, limit, None)
        if isinstance(second, bytes):
            return second
    raise InvalidInput("the file is behind too many redirects")


def _knows(url: str, base_url: str) -> bool:
    """Whether a host is the API itself; the places where files lie are told no password."""
    host = httpx.URL(url).host
    return host == httpx.URL(base_url).host or host.endswith(".twilio.com")


async def _download(
    http: httpx.AsyncClient, url: str, limit: int, auth: tuple[str, str] | None
) -> bytes | str:
    """Give the bytes of a file, or the address that a redirect names."""
    try:
        async with http.stream("GET", url, auth=auth) as answer:
            if answer.is_redirect:
                return str(answer.headers.get("location", ""))
            if answer.status_code != 200:
                raise InvalidInput(f"the file cannot be fetched ({answer.status_code})")
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > limit:
                    raise InvalidInput(f"the file is larger than {limit} bytes")
            return content
    except httpx.HTTPError as error:
        raise InvalidInput(f"the file cannot be fetched ({type(error).__name__})") from None
