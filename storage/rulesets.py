"""Versions of the rules: which is live, which waits, and the replays and the shadow beside them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from router.errors import InvalidInput, Outdated
from router.versions import ReplayReport, RulesetVersion, ShadowDraft, VersionState
from storage.codec import from_us, to_us
from storage.columns import Key, Words
from storage.tables import ruleset, ruleset_live, ruleset_replay, ruleset_shadow

_cell = bindparam("cell_", type_=Text())
_version = bindparam("version_", type_=BigInteger())
ACTIVE = (
    select(ruleset)
    .join(
        ruleset_live,
        (ruleset_live.c.cell == ruleset.c.cell) & (ruleset_live.c.version == ruleset.c.version),
    )
    .where(ruleset_live.c.cell == _cell)
)
ACTIVE_HASH = select(ruleset_live.c.hash).where(
    ruleset_live.c.cell == _cell, ruleset_live.c.version > 0
)
ADD_LIVE = insert(ruleset_live).on_conflict_do_nothing()
LOCK_LIVE = select(ruleset_live.c.version).where(ruleset_live.c.cell == _cell).with_for_update()
NEWEST = select(func.max(ruleset.c.version)).where(ruleset.c.cell == _cell)
ADD = insert(ruleset)
MAKE_LIVE = (
    update(ruleset_live)
    .where(ruleset_live.c.cell == _cell)
    .values(version=bindparam("new_", type_=BigInteger()), hash=bindparam("hash_", type_=Key()))
)
ONE = select(ruleset).where(ruleset.c.cell == _cell, ruleset.c.version == _version)
LINES = (
    select(*[c for c in ruleset.c if c.name != "files"])
    .where(ruleset.c.cell == _cell)
    .order_by(ruleset.c.version.desc())
)
SET_STATE = (
    update(ruleset)
    .where(ruleset.c.cell == _cell, ruleset.c.version == _version)
    .values(state=bindparam("state_", type_=Key()), record=bindparam("record_", type_=Words()))
)
WITHDRAW = (
    update(ruleset)
    .where(ruleset.c.cell == _cell, ruleset.c.state == VersionState.PENDING.value)
    .values(state=VersionState.WITHDRAWN.value)
)
_replay = insert(ruleset_replay)
KEEP_REPLAY = _replay.on_conflict_do_update(
    index_elements=["cell", "hash"],
    set_={name: _replay.excluded[name] for name in ("base", "at", "record")},
)
REPLAY = select(ruleset_replay).where(
    ruleset_replay.c.cell == _cell, ruleset_replay.c.hash == bindparam("hash_", type_=Key())
)
SHADOW = select(ruleset_shadow).where(ruleset_shadow.c.cell == _cell)
SHADOW_HASH = select(ruleset_shadow.c.hash).where(ruleset_shadow.c.cell == _cell)
WITHDRAW_SAME = WITHDRAW.where(ruleset.c.hash == bindparam("hash_", type_=Key()))
END_SHADOW = delete(ruleset_shadow).where(ruleset_shadow.c.cell == _cell)
ADD_SHADOW = insert(ruleset_shadow)


def active(conn: Connection, cell: str) -> RulesetVersion | None:
    row = conn.execute(ACTIVE, {"cell_": cell}).mappings().first()
    return None if row is None else _version_of(row)


def version(conn: Connection, cell: str, number: int) -> RulesetVersion | None:
    row = conn.execute(ONE, {"cell_": cell, "version_": number}).mappings().first()
    return None if row is None else _version_of(row)


def versions(conn: Connection, cell: str) -> list[RulesetVersion]:
    return [_version_of(row) for row in conn.execute(LINES, {"cell_": cell}).mappings()]


def publish(
    conn: Connection, cell: str, row: Mapping[str, Any], pending: bool, base: int | None
) -> int:
    """Store a version and make it live; whoever decides under the older one finds it stale.

    Versions that waited for a second person are withdrawn: they were made upon the older one. So
    are those of the same content as one that is to wait itself.

    Raises:
        Outdated: another version than ``base`` is live.
    """
    live = _locked(conn, cell)
    if base is not None and live != base:
        raise Outdated(outdated(live))
    if pending:
        conn.execute(WITHDRAW_SAME, {"cell_": cell, "hash_": row["hash"]})
    number = int(conn.scalar(NEWEST, {"cell_": cell}) or 0) + 1
    record = _record_text(row["record"], live, "")
    state = VersionState.PENDING if pending else VersionState.PUBLISHED
    conn.execute(
        ADD, {"cell": cell, "version": number, **row, "record": record, "state": state.value}
    )
    if not pending:
        conn.execute(WITHDRAW, {"cell_": cell})
        conn.execute(MAKE_LIVE, {"cell_": cell, "new_": number, "hash_": row["hash"]})
    return number


def approve(conn: Connection, cell: str, number: int, by: str) -> RulesetVersion:
    """Make a waiting version live.

    Raises:
        InvalidInput: no such version waits.
        Outdated: the version that it was made upon is no longer live.
    """
    live = _locked(conn, cell)
    found = version(conn, cell, number)
    if found is None or found.state is not VersionState.PENDING:
        raise InvalidInput(not_waiting(number))
    if found.base != live:
        raise Outdated(outdated(live))
    record = _record_text(found.record, found.base, by)
    conn.execute(WITHDRAW, {"cell_": cell})
    published = {"state_": VersionState.PUBLISHED.value, "record_": record}
    conn.execute(SET_STATE, {"cell_": cell, "version_": number, **published})
    conn.execute(MAKE_LIVE, {"cell_": cell, "new_": number, "hash_": found.hash})
    return version(conn, cell, number) or found


def keep_replay(conn: Connection, cell: str, report: ReplayReport) -> None:
    conn.execute(
        KEEP_REPLAY,
        {
            "cell": cell,
            "hash": report.ruleset,
            "base": report.base,
            "at": to_us(report.at),
            "record": json.dumps(report.record, ensure_ascii=False),
        },
    )


def replay_of(conn: Connection, cell: str, hash: str) -> ReplayReport | None:
    row = conn.execute(REPLAY, {"cell_": cell, "hash_": hash}).first()
    if row is None:
        return None
    return ReplayReport(row.hash, row.base, from_us(row.at), json.loads(row.record))


def set_shadow(conn: Connection, cell: str, draft: ShadowDraft | None) -> None:
    conn.execute(END_SHADOW, {"cell_": cell})
    if draft is not None:
        row = {"hash": draft.hash, "author": draft.author, "at": to_us(draft.at)}
        conn.execute(ADD_SHADOW, {"cell": cell, **row, "files": files_text(draft.files)})


def shadow(conn: Connection, cell: str) -> ShadowDraft | None:
    row = conn.execute(SHADOW, {"cell_": cell}).first()
    if row is None:
        return None
    return ShadowDraft(row.hash, row.author, from_us(row.at), files_of(row.files))


def outdated(live: int) -> str:
    return f"La version {live} des règles est en service depuis : rejouez, puis publiez à nouveau."


def not_waiting(number: int) -> str:
    return f"Aucune version {number} des règles n'attend l'accord d'une deuxième personne."


def files_text(files: Mapping[str, bytes]) -> str:
    return json.dumps({path: base64.b64encode(data).decode() for path, data in files.items()})


def files_of(text: str) -> dict[str, bytes]:
    return {path: base64.b64decode(data) for path, data in json.loads(text).items()}


def _locked(conn: Connection, cell: str) -> int:
    conn.execute(ADD_LIVE, {"cell": cell, "version": 0, "hash": ""})
    return int(conn.scalar(LOCK_LIVE, {"cell_": cell}) or 0)


def _record_text(record: Mapping[str, Any], base: int, approved_by: str) -> str:
    said = {"base": base, "approved_by": approved_by, "record": dict(record)}
    return json.dumps(said, ensure_ascii=False)


def _version_of(row: Mapping[Any, Any]) -> RulesetVersion:
    said = json.loads(row["record"]) if row["record"] else {}
    return RulesetVersion(
        row["version"],
        row["hash"],
        row["author"],
        row["reason"],
        from_us(row["at"]),
        files_of(row["files"]) if "files" in row else {},
        VersionState(row["state"] or VersionState.PUBLISHED),
        said.get("base", 0),
        said.get("approved_by", ""),
        said.get("record", {}),
    )
