"""Tells whether an entry under a known id says again what was said under it before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from router.archive import JournalReader
from router.message import Envelope


async def says_again(journal: JournalReader, kept: int, envelope: Envelope) -> bool:
    """Whether an envelope says what the journal keeps under its id, ``kept`` being that row.

    What cannot be read back is taken for something else: asking again loses nothing.

    Raises:
        StoreUnavailable: the journal cannot be read.
    """
    before = await journal.envelope(kept)
    return before is not None and _said(before.payload) == _said(envelope.payload)


def acts_again(before: Envelope, said: Mapping[str, Any]) -> bool:
    """Whether an act says what the journal keeps under its id; what cannot be read says something else."""
    try:
        return _said(before.payload) == said
    except (ValueError, TypeError):
        return False


def posts_again(before: Envelope, form: bytes, ours: str) -> bool:
    """Whether a form says what the journal keeps under its id; fields that we add (``ours``) do not count."""
    return _fields(before.payload, ours) == _fields(form, ours)


def _fields(form: bytes, ours: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)
    return sorted(pair for pair in pairs if not pair[0].startswith(ours))


def _said(payload: bytes) -> dict[str, Any]:
    """Give what an entry says; of its pictures only how many, since each is kept under a new name."""
    said: dict[str, Any] = json.loads(payload)
    return said | {"attachments": len(said.get("attachments", ()))}
