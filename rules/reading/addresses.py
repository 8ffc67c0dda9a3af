"""Reads how a service or an account is reached: a mailbox, a server, a telephone number."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from rules import scalars
from rules.scalars import Unreadable

_MAILBOX = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_](?:[\w-]*[^\W_])?|localhost")
_SERVER = re.compile(r"[^\s/?#@\\]+(?:[/?#]\S*)?")
_PLACE = re.compile(r"[\w.:%-]+")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"[1-9][0-9]{2,7}|(?=.*[A-Za-z])[A-Za-z0-9 _-]{1,11}")
"""A short code, or the letters that an operator writes in place of a number."""
_MATRIX = re.compile(r"@[^\s:@]+:[^\s@]+")
_DIALLED = re.compile(r"\+?[0-9\s.()/-]+")
_MAIL = "une adresse de courriel, par exemple service@ville.example"
_AT_HOME = (".local", ".localhost", ".lan", ".internal", ".intra", ".home.arpa")


def mailbox(text: str) -> str:
    """Read one address of mail.

    Raises:
        Unreadable: it is none, several, or one with something around it.
    """
    address = text.strip()
    if address.casefold().startswith("mailto:"):
        raise Unreadable("l'adresse seule, sans « mailto: »")
    if address.count("@") > 1:
        raise Unreadable("une seule adresse de courriel, au besoin celle d'une liste de diffusion")
    local, _, host = address.rpartition("@")
    if not _MAILBOX.fullmatch(address) or not _HOST.fullmatch(host):
        raise Unreadable(_MAIL)
    if not local.isascii():  # only a domain can be written in ASCII for a relay that knows no other
        raise Unreadable("l'adresse sans accent devant le « @ »")
    return address


def server(text: str) -> str:
    """Read the address of a server that is called over the web.

    Raises:
        Unreadable: it is none of https or http.
    """
    address = text.strip()
    if "://" not in address and _MAILBOX.fullmatch(address):
        raise Unreadable("l'adresse d'un serveur (https://…), ou choisissez « canal: email »")
    scheme, _, rest = address.partition("://")
    web = scheme.casefold() in {"https", "http"} and _SERVER.fullmatch(rest)
    if not web or not _PLACE.fullmatch(_host(address)):
        raise Unreadable("l'adresse d'un serveur, par exemple https://demandes.ville.example")
    return address


def in_clear(address: str) -> bool:
    """Whether a call to a server would cross the open network unencrypted."""
    if not address.casefold().startswith("http://"):
        return False
    host = _host(address)
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_AT_HOME)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.port != 0 else ""
    except ValueError:
        return ""


def telephone(text: str) -> str:
    """Read a telephone number as people write it, to be dialled as it stands.

    Raises:
        Unreadable: it holds words, or too few or too many digits.
    """
    digits = sum(one.isdigit() for one in text)
    if not _DIALLED.fullmatch(text.strip()) or not 2 <= digits <= 17:
        raise Unreadable("le numéro seul, par exemple 02 40 00 00 00")
    return text.strip()


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise Unreadable("le numéro avec son indicatif et sans espace, par exemple +33756000044")
    return text.strip()


def _sender(text: str) -> str:
    return text.strip() if _SENDER.fullmatch(text.strip()) else _number(text)


def _matrix(text: str) -> str:
    if not _MATRIX.fullmatch(text.strip()):
        raise Unreadable("le compte entier, par exemple @guichet:ville.example")
    return text.strip()


BY_WAY: Mapping[str, Callable[[str], str]] = {
    "email": mailbox,
    "open311": server,
    "webhook": server,
    "cellule": scalars.installation,
}
"""What reaches a service, by the way of its transmission."""
BY_CHANNEL: Mapping[str, Callable[[str], str]] = {
    "email": mailbox,
    "sms": _sender,
    "whatsapp": _number,
    "matrix": _matrix,
}
"""What names an account that receives; the others are named freely."""
