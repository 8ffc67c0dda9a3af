"""Signed tokens that let an answer find its case without a login.

A token names a case and what it may be used for, and carries an HMAC-SHA256 (RFC 2104) cut to 80
bits: ``KIND.NUMBER.PARTY.KEYID.MAC`` in lower case, at most 44 characters, so that
``guichet+TOKEN@nantes.example`` keeps to the 64 octets of a local part (RFC 5321).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse

REPLY = "r"
"""A citizen answers; the party is a hash of his address."""
PAGE = "w"
"""The browser in which a person reported writes on the tracking page; the party is a hash of the
address that he is answered at."""
CONFIRM = "c"
"""A person says that an address is his; the party is a hash of it."""
PARTNER = "p"
"""A service acts; the party is a hash of its id."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says."""

    kind: str
    number: TrackingNumber
    party: str


@lru_cache(maxsize=4096)  # a message asks for the same names several times
def party_of(name: str) -> str:
    """Shorten an address key or a service id to eight letters that do not tell it."""
    return base64.b32encode(hashlib.sha256(name.encode()).digest()[:5]).decode().lower()


class Signer:
    """Makes and checks tokens with a ring of keys, so that a key can be changed without a break."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Keep ``keys`` by their short id (one or two letters or digits); sign with ``current``."""
        self._keys = dict(keys)
        self._current = current

    def sign(self, kind: str, number: TrackingNumber, name: str) -> str:
        """Make the token by which ``name`` (an address key or a service id) may act on a case."""
        body = f"{kind}.{number.lower()}.{party_of(name)}.{self._current}"
        return f"{body}.{self._mac(body, self._keys[self._current])}"

    def read(self, token: str) -> Token:
        """Check a token, in any case of letters.

        Raises:
            InvalidInput: it is malformed, forged, or signed with a key that is gone.
        """
        parts = token.strip().lower().split(".")
        if len(parts) != 5 or parts[3] not in self._keys:
            raise InvalidInput("this link or address is not one of ours")
        body = ".".join(parts[:4])
        if not hmac.compare_digest(
            self._mac(body, self._keys[parts[3]]).encode(), parts[4].encode("utf-8", "replace")
        ):
            raise InvalidInput("this link or address is not one of ours")
        return Token(parts[0], parse(parts[1]), parts[2])

    @staticmethod
    def _mac(body: str, key: bytes) -> str:
        digest = hmac.digest(key, body.encode(), "sha256")
        return base64.b32encode(digest[:10]).decode().lower()
