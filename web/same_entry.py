"""Tells whether an entry under a known id says again what was said under it before."""

from __future__ import annotations

import json
from typing import Any

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


def _said(payload: bytes) -> dict[str, Any]:
    """Give what an entry says; of its pictures only how many, since each is kept under a new name."""
    said: dict[str, Any] = json.loads(payload)
    return said | {"attachments": len(said.get("attachments", ()))}
