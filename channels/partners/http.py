"""Calls a partner's server: never at a private address, never past a redirect, never for too long.

The name is resolved here and the connection made to the very address that was checked, so that a
name cannot lead elsewhere between the two (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from channels.provider_trouble import NOT_SENT, seconds_of
from channels.trusted import trusted
from channels.unreachable import server_of, why_unreachable
from router.delivery import Permanent, Retry, SendOutcome, Unknown
from router.errors import InvalidInput

_LATER = {408, 425, 429, 500, 503}
_ON_THE_WAY = {502, 504}  # said by what stands before the partner, who may have had the call
KEY_REFUSED = {401, 403}
_KEY_WAIT_S = 300.0
_MOST_ADDRESSES = 3  # tried in turn: a machine without IPv6 may be given one
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given to networks of the Internet so far (RFC 4291, and IANA's list)."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network without version 4 writes its addresses (RFC 6052)."""
MARGIN_S = 2.0
"""Beyond our own deadlines, so that it is us who cut a call and count it, and not the outbox."""
LONGEST_ANSWER = 4_000_000
"""Bytes of an answer; a partner that sends more is out of order."""


class Forbidden(InvalidInput):
    """The address may not be called; nothing has left."""


class TooLong(httpx.HTTPError):
    """The answer is longer than any answer should be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner's server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class PartnerHttp:
    """A client of one partner's server.

    ``allow_private`` lets it be called at a private address, and without TLS there.
    """

    def __init__(self, base_url: str, deadline_s: float, *, allow_private: bool = False) -> None:
        self.base_url = base_url.rstrip("/")
        self._deadline_s = deadline_s
        self._allow_private = allow_private
        self._http: httpx.AsyncClient | None = None

    async def call(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Make one call; an answer of more than ``limit`` bytes is given up.

        Raises:
            Forbidden: the address may not be called.
            httpx.HTTPError: the server cannot be reached, the connection broke, or took too long.
        """
        url = self._url(path)
        try:
            # of the whole call: a server that drips its answer keeps to every time-out of a read
            async with asyncio.timeout(self._deadline_s):
                *others, last = (await self._addresses(url))[:_MOST_ADDRESSES]
                request = functools.partial(
                    self._client.build_request,
                    method,
                    params=query,
                    data=form,
                    content=body,
                    headers={**(headers or {}), "host": url.netloc.decode("ascii")},
                    extensions={"sni_hostname": url.host},
                )
                for address in others:
                    with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                        return await self._send(request(url=url.copy_with(host=address)), limit)
                return await self._send(request(url=url.copy_with(host=last)), limit)
        except TimeoutError as late:
            raise httpx.ReadTimeout("no answer within the deadline") from late

    async def _send(self, request: httpx.Request, limit: int | None) -> Answer:
        answer = await self._client.send(request, stream=True)
        try:
            return Answer(answer.status_code, dict(answer.headers), await _read(answer, limit))
        finally:
            await answer.aclose()

    def why_unreachable(self, error: Exception) -> str:
        """Say to an operator why a call came to no answer, as the rest of a sentence."""
        if isinstance(error, Forbidden):
            return f"ne peut pas être appelé : {error}"
        if isinstance(error, TooLong):
            return f"répond trop longuement : {error}"
        return why_unreachable(error, server_of(self.base_url, "son adresse, ou base_url"))

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    def _url(self, path: str) -> httpx.URL:
        try:
            url = httpx.URL(self.base_url + path)
        except httpx.InvalidURL as error:
            raise Forbidden("ce n'est pas l'adresse d'un serveur") from error
        schemes = {"https", "http"} if self._allow_private else {"https"}
        if url.scheme not in schemes or not url.host or url.userinfo:
            raise Forbidden("il faut une adresse en https://, sans mot de passe")
        return url

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Resolve the name; every address that it has must be public."""
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"the name {url.host} is not known") from error
        addresses = [str(one[4][0]) for one in found]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise Forbidden(f"{url.host} est à une adresse privée (allow_private = true le permet)")
        return list(dict.fromkeys(addresses))

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=self._deadline_s, follow_redirects=False, verify=trusted()
            )
        return self._http


def is_public(address: str) -> bool:
    """Tell whether an address is anybody's to call: not of a private network, nor of this machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        held = _held(ip)
        if held is None and (ip.teredo or ip not in _UNICAST):
            return False
        ip = held or ip
    return ip.is_global and not ip.is_multicast


def _held(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the address of version 4 that is called in the end, where this one stands for one."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


async def _read(answer: httpx.Response, limit: int | None) -> bytes:
    most = LONGEST_ANSWER if limit is None else limit
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > most:
            raise TooLong(f"plus de {most} octets")
    return bytes(content)


def outcome_of(error: Exception, http: PartnerHttp) -> SendOutcome:
    """Say what a call that came to no answer means for the delivery."""
    if isinstance(error, Forbidden):
        return Permanent("address", str(error))
    if isinstance(error, NOT_SENT):
        return Retry(f"le serveur du service {http.why_unreachable(error)}")
    return Unknown(f"le serveur du service {http.why_unreachable(error)}")


def refusal_of(answer: Answer, told: str) -> SendOutcome | None:
    """Say what an answer means that is no success; None for one that is.

    A key that is refused is tried again: an operator can put it right within two days.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    reason = f"le serveur du service a répondu {status}" + (f" ({told[:200]})" if told else "")
    if status in _ON_THE_WAY:
        return Unknown(reason)
    if status in KEY_REFUSED:
        return Retry(f"{reason} : notre clé est-elle la bonne ?", _KEY_WAIT_S)
    if status in _LATER or status >= 500:
        return Retry(reason, _wait(answer), throttled=status == 429)
    return Permanent(str(status), reason)


def _wait(answer: Answer) -> float | None:
    """Seconds of Retry-After; a date in it is left to our own back-off."""
    asked = seconds_of(answer.headers.get("retry-after"))
    return 60.0 if asked is None and answer.status == 429 else asked
