"""Signs and checks what passes between us and a partner, as Standard Webhooks 1.0 does.

The signature covers id, time and body: ``base64(HMAC-SHA256(secret, "id.timestamp.body"))``. During
a rotation a message carries one signature for each key.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from router.errors import ConfigurationError, InvalidSignature, WrongTime

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
KEY_ID = "webhook-key-id"
"""Ours, beside the standard's: which key of the ring signed."""
_SCHEME, _PREFIX = "v1", "whsec_"
_SHORTEST = 24  # bytes; the standard's own bound
_PRINTED_ID = re.compile(r"[!-~]{1,200}")


class Ring:
    """The keys shared with one partner, by their ids; ``current`` names the one named first."""

    def __init__(self, keys: Mapping[str, str], current: str = "") -> None:
        """Read the secrets: base64, with ``whsec_`` before it or not.

        Raises:
            ConfigurationError: one is no base64, or too short.
        """
        self._keys = {name: _secret(name, text) for name, text in keys.items()}
        if current and current not in self._keys:
            raise ConfigurationError(f"current : aucune clé de keys ne s'appelle « {current} ».")
        order = sorted(self._keys, key=lambda name: name != (current or next(iter(keys), "")))
        self._order = tuple(order)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def headers(self, id: str, at: datetime, body: bytes) -> dict[str, str]:
        """Sign a message with every key, the current one first."""
        stamp = str(int(at.timestamp()))
        signatures = [f"{_SCHEME},{_mac(self._keys[n], id, stamp, body)}" for n in self._order]
        return {
            ID: id,
            TIMESTAMP: stamp,
            KEY_ID: " ".join(self._order),
            SIGNATURE: " ".join(signatures),
        }

    def check(
        self, headers: Mapping[str, str], body: bytes, now: datetime, tolerance_s: float
    ) -> str:
        """Check a message; gives its id, which tells a repetition.

        Raises:
            InvalidSignature: unsigned, or signed with a key that is not ours.
            WrongTime: the key is ours, and the time is another.
        """
        id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
        if not (_PRINTED_ID.fullmatch(id) and re.fullmatch(r"[0-9]{1,12}", stamp)):
            raise InvalidSignature("the message has no id or no time")
        named = headers.get(KEY_ID, "").split() or self._order  # Standard Webhooks names no key
        keys = [self._keys[name] for name in named if name in self._keys]
        given = [
            signature.partition(",")[2].encode("utf-8", "replace")
            for signature in headers.get(SIGNATURE, "").split()[:10]
            if signature.startswith(f"{_SCHEME},")
        ]
        # every comparison is made, whichever succeeds
        right = [
            hmac.compare_digest(_mac(key, id, stamp, body).encode(), one)
            for key in keys
            for one in given
        ]
        if not any(right):
            raise InvalidSignature("the signature is not the partner's")
        off = int(stamp) - int(now.timestamp())
        if abs(off) > tolerance_s:
            side = "ahead of" if off > 0 else "behind"
            raise WrongTime(f"its {TIMESTAMP} is {abs(off)} seconds {side} our clock")
        return id


def _mac(key: bytes, id: str, stamp: str, body: bytes) -> str:
    digest = hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")
    return base64.b64encode(digest).decode()


def _secret(name: str, text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"la clé « {name} » n'est pas en base64.") from None
    if len(secret) < _SHORTEST:
        raise ConfigurationError(f"la clé « {name} » a moins de {_SHORTEST} octets.")
    return secret
