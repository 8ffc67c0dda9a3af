"""Removes large payloads that no message names: what a crash or a second delivery left behind.

Accepting never removes one, so whoever is about to name a payload finds it there; a day is longer
than any accept can last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Text, bindparam, delete, exists, select

from storage.blobs import Blobs
from storage.columns import among_keys
from storage.database import Database
from storage.tables import INBOUND_HAS_BLOB, blob, inbound

KEPT = timedelta(hours=24)
"""How long a payload that no message names is kept."""
_AT_ONCE = 500

NAMED = select(inbound.c.blob).where(among_keys(inbound.c.blob), INBOUND_HAS_BLOB)
REMOVE = delete(blob).where(
    blob.c.cell == bindparam("cell_", type_=Text()),
    ~exists(select(1).where(inbound.c.blob == blob.c.name, INBOUND_HAS_BLOB)),
)


async def sweep_folder(database: Database, blobs: Blobs, now: datetime) -> int:
    """Remove files that were forgotten; returns how many."""
    names = await asyncio.to_thread(blobs.older_than, (now - KEPT).timestamp())
    removed = 0
    for some in _pieces(names):
        forgotten = await database.read(partial(_forgotten, names=some))
        await asyncio.to_thread(blobs.remove, forgotten)
        removed += len(forgotten)
    return removed


def sweep_table(conn: Connection, cell: str) -> int:
    """Remove rows that were forgotten: they were written together with the message, or never."""
    return conn.execute(REMOVE, {"cell_": cell}).rowcount


def _forgotten(conn: Connection, names: Sequence[str]) -> list[str]:
    named = set(conn.scalars(NAMED, {"keys_": names}))
    return [name for name in names if name not in named]


def _pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
