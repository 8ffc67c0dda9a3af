"""Tells whether an entry under a known id says again what was said under it before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from router.archive import JournalReader
from router.message import Envelope

SENT = "sent"
"""Beside what channels read of an attachment: the picture as it was sent, by its SHA-256."""


def mark(content: bytes) -> dict[str, Any]:
    """Give what tells a picture from others before it is kept."""
    return {SENT: hashlib.sha256(content).hexdigest()}


async def says_again(journal: JournalReader, kept: int, envelope: Envelope) -> bool:
    """Whether an envelope says what the journal keeps under its id, ``kept`` being that row.

    What cannot be read back is taken for something else: asking again loses nothing.

    Raises:
        StoreUnavailable: the journal cannot be read.
    """
    before = await journal.envelope(kept)
    if before is None:
        return False
    return _same(json.loads(before.payload), json.loads(envelope.payload))


def acts_again(before: Envelope, said: Mapping[str, Any]) -> bool:
    """Whether an act says what the journal keeps under its id; what cannot be read says something else."""
    try:
        return _same(json.loads(before.payload), said)
    except (ValueError, TypeError):
        return False


def posts_again(before: Envelope, form: bytes, ours: str) -> bool:
    """Whether a form says what the journal keeps under its id; fields that we add (``ours``) do not count."""
    return _fields(before.payload, ours) == _fields(form, ours)


def _fields(form: bytes, ours: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)
    return sorted(pair for pair in pairs if not pair[0].startswith(ours))


def _same(before: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Compare all that two entries say; pictures as they were sent, since each is kept under a new name.

    An entry of before pictures were told apart is known by how many it has.
    """
    kept, new = before.get("attachments", ()), said.get("attachments", ())
    if len(kept) != len(new) or {**before, "attachments": ()} != {**said, "attachments": ()}:
        return False
    pairs = [(one.get(SENT), other.get(SENT)) for one, other in zip(kept, new, strict=True)]
    return all(one == other for one, other in pairs if one and other)
