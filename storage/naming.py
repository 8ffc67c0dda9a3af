"""Finds which words stand in what came in, whatever the size of its payload."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, select, tuple_

from router.errors import StoreUnavailable
from storage.blobs import Blobs
from storage.columns import among_ids
from storage.database import Database
from storage.tables import blob, inbound

_WORD = re.compile(rb"[0-9A-Za-z_.-]+")
_LINES, _PAYLOADS = 5000, 200
"""Rows looked at, and payloads read, in one operation: neither may hold up others for long."""

_cell = bindparam("cell_", type_=Text())
LINES = (
    select(inbound.c.cell, inbound.c.id, inbound.c.channel, inbound.c.received_at)
    .where(
        tuple_(inbound.c.cell, inbound.c.id)
        > tuple_(_cell, bindparam("after_", type_=BigInteger()))
    )
    .order_by(inbound.c.cell, inbound.c.id)
    .limit(bindparam("most_", type_=BigInteger()))
)
PAYLOADS = select(inbound.c.payload, inbound.c.blob).where(
    inbound.c.cell == _cell, among_ids(inbound.c.id)
)
BLOB = select(blob.c.data).where(blob.c.cell == _cell, blob.c.name == bindparam("name_"))


def words_in(payload: bytes) -> set[str]:
    """List the words of a payload: letters, digits, points and hyphens in a row."""
    return {word.decode("ascii") for word in _WORD.findall(payload)}


async def named(
    database: Database,
    blobs: Blobs | None,
    words: Collection[str],
    channels: Collection[str],
    since: int,
) -> frozenset[str]:
    """Find those of ``words`` that came by one of these channels since then, to any cell.

    Cells that share a database share the folder of data, too.

    Raises:
        StoreUnavailable: the journal or a payload cannot be read.
    """
    found: set[str] = set()
    after = ("", -1)
    while lines := await database.read(partial(_lines, after=after)):
        wanted = [one for one in lines if one.channel in channels and one.received_at >= since]
        for cell, some in groupby(wanted, key=lambda one: str(one.cell)):
            ids = [int(one.id) for one in some]
            for start in range(0, len(ids), _PAYLOADS):
                piece = ids[start : start + _PAYLOADS]
                for row in await database.read(partial(_payloads, cell=cell, ids=piece)):
                    found |= words_in(await _payload(database, blobs, cell, row))
        found &= set(words)
        after = (lines[-1].cell, lines[-1].id)
    return frozenset(found)


def _lines(conn: Connection, after: tuple[str, int]) -> Sequence[Any]:
    return conn.execute(LINES, {"cell_": after[0], "after_": after[1], "most_": _LINES}).all()


def _payloads(conn: Connection, cell: str, ids: Sequence[int]) -> Sequence[Any]:
    return conn.execute(PAYLOADS, {"cell_": cell, "ids_": ids}).all()


async def _payload(database: Database, blobs: Blobs | None, cell: str, row: Any) -> bytes:
    """Give a payload; one that is lost says nothing any more."""
    if row.blob is None:
        return bytes(row.payload or b"")
    if blobs is None:
        key = {"cell_": cell, "name_": row.blob}
        return await database.read(lambda conn: conn.scalar(BLOB, key)) or b""
    try:
        return await asyncio.to_thread(blobs.get, row.blob)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreUnavailable(f"a payload cannot be read ({type(error).__name__})") from error
