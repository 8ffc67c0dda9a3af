"""The address at which people reach the pages, as it was set: one that every mail can bear, or why not."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from router.errors import ConfigurationError

_EXAMPLE = "https://guichet.example"
_HOST = re.compile(r"[\w.-]*\w|\[[0-9A-Fa-f:.]+\]")


def base_url_of(given: str) -> str:
    """Give the address without a slash at its end, since every link adds its own.

    Raises:
        ConfigurationError: it is none of http or https, or has more than a host and a port.
    """
    parts = _parts(given)
    if parts is not None and parts.scheme in {"http", "https"} and not _more(parts):
        return given.rstrip("/")
    raise ConfigurationError(
        f"« {given} » n'est pas une adresse où l'on joint les pages : il y faut https://"
        f" ou http://, un nom, au besoin un port, et rien après. Écrivez « {_proposed(given)} »."
    )


def _parts(given: str) -> SplitResult | None:
    """Split an address whose host and port can be ones."""
    try:
        parts = urlsplit(given)
        host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    except ValueError:
        return None
    return parts if _HOST.fullmatch(host) and not re.search(r"\s", given) else None


def _more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment)


def _proposed(given: str) -> str:
    """Propose what may be meant: the same host by the scheme that was given, else by https."""
    scheme, sep, rest = given.strip().partition("://")
    scheme, rest = (scheme.lower(), rest) if sep else ("https", given.strip())
    host = re.split(r"[/?#]", re.sub(r"\s", "", rest), maxsplit=1)[0]
    meant = f"{scheme if scheme in {'http', 'https'} else 'https'}://{host}"
    parts = _parts(meant) or _parts(meant.rpartition(":")[0])
    return f"{parts.scheme}://{parts.netloc}" if parts is not None else _EXAMPLE
