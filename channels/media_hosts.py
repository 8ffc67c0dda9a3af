"""Decides which addresses a provider's file may be fetched from: known hosts, and no others."""

from __future__ import annotations

from collections.abc import Container

import httpx

from router.errors import InvalidInput


def check(url: str, hosts: Container[str], base_url: str) -> None:
    """Let pass HTTPS on hosts that are known by name, and the provider's own base address.

    A name is compared and never resolved: an address in numbers, or of a private network, passes
    only where an operator has written it into the settings.

    Raises:
        InvalidInput: any other address, or none at all.
    """
    try:
        asked, ours = httpx.URL(url), httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidInput("this is no address of a file") from error
    trusted = asked.scheme == "https" and asked.port is None and asked.host in hosts
    same = (asked.scheme, asked.host, asked.port) == (ours.scheme, ours.host, ours.port)
    if asked.userinfo or not (trusted or same):
        raise InvalidInput("the file lies at an address that may not be fetched")


def joined(url: str, location: str) -> str:
    """Give the address that a redirect leads to.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return str(httpx.URL(url).join(location))
    except httpx.InvalidURL as error:
        raise InvalidInput("the file is behind a redirect to nowhere") from error
