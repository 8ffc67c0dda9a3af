"""Signs mails that leave with the key of our domain (DKIM, RFC 6376), where no relay does it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dkim  # type: ignore[import-untyped]
from dkim.crypto import (  # type: ignore[import-untyped]
    UnparsableKeyError,
    parse_pem_private_key,
)

from channels.system_words import refusal

_RELAXED = (b"relaxed", b"relaxed")


def read_key(file: Path) -> bytes:
    """Read a private RSA key in PEM.

    Raises:
        ValueError: one sentence that says why it cannot be.
    """
    try:
        key = file.read_bytes()
        parse_pem_private_key(key)
    except OSError as error:
        raise ValueError(f"la clé « {file} » ne peut pas être lue : {refusal(error)}.") from None
    except (UnparsableKeyError, ValueError, TypeError, IndexError, KeyError):
        raise ValueError(f"« {file} » n'est pas une clé privée RSA en PEM.") from None
    return key


async def sealed(message: bytes, key: bytes, selector: str, domain: str) -> bytes:
    """Give a mail with its signature before it; it takes some milliseconds, beside the loop."""
    return await asyncio.to_thread(_sealed, message, key, selector, domain)


def _sealed(message: bytes, key: bytes, selector: str, domain: str) -> bytes:
    names = selector.encode("idna"), domain.encode("idna")
    seal: bytes = dkim.sign(message, *names, key, canonicalize=_RELAXED)
    return seal + message
