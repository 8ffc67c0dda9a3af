"""Published versions of the rules, and which of them is live."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from router.ports import RulesetVersion
from storage.codec import from_us
from storage.tables import ruleset, ruleset_live

_cell = bindparam("cell_", type_=Text())
ACTIVE = (
    select(ruleset)
    .join(
        ruleset_live,
        (ruleset_live.c.cell == ruleset.c.cell) & (ruleset_live.c.version == ruleset.c.version),
    )
    .where(ruleset_live.c.cell == _cell)
)
ACTIVE_HASH = select(ruleset_live.c.hash).where(ruleset_live.c.cell == _cell)
ADD_LIVE = insert(ruleset_live).on_conflict_do_nothing()
LOCK_LIVE = select(ruleset_live.c.version).where(ruleset_live.c.cell == _cell).with_for_update()
NEWEST = select(func.max(ruleset.c.version)).where(ruleset.c.cell == _cell)
ADD = insert(ruleset)
MAKE_LIVE = (
    update(ruleset_live)
    .where(ruleset_live.c.cell == _cell)
    .values(version=bindparam("version_"), hash=bindparam("hash_", type_=Text()))
)


def active(conn: Connection, cell: str) -> RulesetVersion | None:
    row = conn.execute(ACTIVE, {"cell_": cell}).first()
    if row is None:
        return None
    files = {path: base64.b64decode(text) for path, text in json.loads(row.files).items()}
    return RulesetVersion(row.version, row.hash, row.author, row.reason, from_us(row.at), files)


def publish(conn: Connection, cell: str, version: Mapping[str, Any]) -> int:
    """Store a version and make it live; whoever decides under the older one finds it stale."""
    conn.execute(ADD_LIVE, {"cell": cell, "version": 0, "hash": ""})
    conn.execute(LOCK_LIVE, {"cell_": cell})
    number = int(conn.scalar(NEWEST, {"cell_": cell}) or 0) + 1
    conn.execute(ADD, {"cell": cell, "version": number, **version})
    conn.execute(MAKE_LIVE, {"cell_": cell, "version_": number, "hash_": version["hash"]})
    return number


def files_text(files: Mapping[str, bytes]) -> str:
    return json.dumps({path: base64.b64encode(data).decode() for path, data in files.items()})
