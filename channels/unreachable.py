"""Says in French why a server cannot be reached, and what to check."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

CHECK_S = 8.0
"""How long a check may take: it says where nothing answers before `guichet doctor` gives it up."""
_NO_NAME = (UnicodeError, httpx.InvalidURL, httpx.UnsupportedProtocol)
_LATE = (TimeoutError, httpx.TimeoutException)
_CUT = (ConnectionError, EOFError, httpx.NetworkError, httpx.RemoteProtocolError)
_NOBODY = {errno.ECONNREFUSED}
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_ERRNO = re.compile(r"\[Errno (\d+)\]")  # asyncio names those of several addresses in its text only
_OTHER_NAME = {62, 64}  # of a host, of an IP address
_CERTIFICATES = {
    9: "il n'est pas encore valable : l'horloge d'ici est-elle juste ?",
    10: "il a expiré",
    18: "il est signé par lui-même",
    19: "aucune autorité connue ici ne l'a signé",
    20: "aucune autorité connue ici ne l'a signé",
    21: "aucune autorité connue ici ne l'a signé",
}
"""By OpenSSL's number of the error (X509_V_ERR_…)."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where we call, and the settings that say so."""

    host: str
    port: int
    host_setting: str = "base_url"
    port_setting: str = "base_url"
    tls_setting: str = "base_url : http:// ou https://"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def settings(self) -> str:
        """Name the settings that say where it is."""
        one, other = self.host_setting, self.port_setting
        return one if one == other else f"{one} et {other}"


def server_of(url: str, setting: str = "base_url") -> Server:
    """Read where an address of http or https leads; what cannot be read is its own host."""
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        host = parts.hostname or url
    except ValueError:
        host, port = url, 443
    return Server(host, port, setting, setting, f"{setting} : http:// ou https://")


def why_unreachable(error: BaseException, server: Server) -> str:
    """Say what a call that came to no answer means, as the rest of a sentence about the server."""
    causes = tuple(_causes(error))
    for cause in causes:
        said = _of_name(cause, server) or _of_tls(cause, server)
        if said:
            return said
    numbers = {number for cause in causes for number in _numbers(cause)}
    if numbers & _NOBODY:
        why = f"aucun programme n'y écoute (vérifiez {server.settings}, et que le serveur tourne)"
    elif numbers & _NO_WAY:
        why = f"aucun chemin n'y mène (vérifiez {server.settings} et le réseau)"
    elif any(isinstance(one, _LATE) for one in causes):
        why = f"rien n'est venu à temps (vérifiez {server.settings}, et le pare-feu)"
    elif any(isinstance(one, _CUT) for one in causes):
        return f"coupe la connexion à {server} (vérifiez {server.port_setting})"
    else:
        why = f"{type(error).__name__} (vérifiez {server.settings})"
    return f"ne répond pas à {server} : {why}"


def _of_name(cause: BaseException, server: Server) -> str:
    if isinstance(cause, socket.gaierror):
        if cause.errno == socket.EAI_AGAIN:
            return (
                f"est introuvable : le nom « {server.host} » n'a pas pu être cherché (vérifiez"
                f" {server.host_setting}, et que cette machine joint son serveur de noms, le DNS)"
            )
        return (
            f"est introuvable : aucune machine ne s'appelle « {server.host} » (vérifiez"
            f" {server.host_setting})"
        )
    if isinstance(cause, _NO_NAME):
        return (
            f"est introuvable : « {server.host} » n'est pas l'adresse d'un serveur (vérifiez"
            f" {server.host_setting})"
        )
    return ""


def _of_tls(cause: BaseException, server: Server) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = _CERTIFICATES.get(cause.verify_code, cause.verify_message)
        if cause.verify_code in _OTHER_NAME:
            why = f"il n'est pas au nom de « {server.host} » : vérifiez {server.host_setting}"
        return f"présente à {server} un certificat qui n'est pas valable ({why})"
    if isinstance(cause, ssl.SSLError):
        settings = dict.fromkeys((server.port_setting, server.tls_setting))
        if server.port_setting in server.tls_setting:
            settings = dict.fromkeys((server.tls_setting,))
        return f"ne parle pas TLS à {server} (vérifiez {' et '.join(settings)})"
    if isinstance(cause, httpx.RemoteProtocolError) and "\\x15\\x03" in str(cause):
        return (
            f"parle TLS à {server} (vérifiez {server.tls_setting})"  # an alert, by its first bytes
        )
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk an error and what it came of, as libraries nest them."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += (one.__cause__, one.__context__)  # httpcore hides what the system said
        if isinstance(one, BaseExceptionGroup):
            left.extend(one.exceptions)


def _numbers(cause: BaseException) -> set[int]:
    if not isinstance(cause, OSError):
        return set()
    own = {cause.errno} if cause.errno else set()
    return own | {int(number) for number in _ERRNO.findall(str(cause))}


async def speaks_tls(server: Server, within_s: float) -> bool:
    """Tell whether a server wants TLS from the first byte, whatever its certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is said on it: it is closed at once
    try:
        async with asyncio.timeout(within_s):
            _, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
    except (OSError, UnicodeError):
        return False
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(within_s):
            await writer.wait_closed()
    return True
