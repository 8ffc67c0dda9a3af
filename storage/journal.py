"""Writes envelopes into the journal and reads them back."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from router.archive import Action
from router.errors import StoreUnavailable
from router.message import ConversationKey, Envelope
from router.work import ROUTE, Accepted, CursorWrite
from storage.codec import to_us
from storage.columns import Key, Words, among_ids, among_keys, fit_key
from storage.failures import DataRefused, sorted_out
from storage.lanes import wake
from storage.tables import blob, inbound, poller

_cell = bindparam("cell_", type_=Text())
ADD = insert(inbound).on_conflict_do_nothing(
    index_elements=["cell", "channel", "account", "provider_id"]
)
ADDED = select(inbound.c.id).where(inbound.c.cell == _cell, among_ids(inbound.c.id))
KNOWN = select(inbound.c.id, inbound.c.provider_id).where(
    inbound.c.cell == _cell,
    inbound.c.channel == bindparam("channel_", type_=Key()),
    inbound.c.account == bindparam("account_", type_=Key()),
    among_keys(inbound.c.provider_id),
)
ADD_BLOB = insert(blob).on_conflict_do_nothing()
_of_poller = and_(poller.c.cell == _cell, poller.c.name == bindparam("name_", type_=Key()))
HOLDER = select(poller.c.token).where(_of_poller).with_for_update()
MOVE_CURSOR = update(poller).where(_of_poller).values(cursor=bindparam("cursor_", type_=Words()))


@dataclass(frozen=True, slots=True)
class Entry:
    """An envelope with the id it gets; a large payload is found under its ``blob`` name.

    ``in_table`` says that the blob still has to be written, into the database.
    """

    id: int
    envelope: Envelope
    blob: str | None = None
    in_table: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What one caller wants accepted, all or none."""

    entries: tuple[Entry, ...]
    cursor: CursorWrite | None = None


Outcome = Sequence[Accepted] | Exception


def accept(conn: Connection, cell: str, requests: Sequence[Request]) -> list[Outcome]:
    """Write the envelopes of several callers; one whose poller lost its lease gets an error.

    Raises:
        DataRefused: something among them cannot be written, nothing is.
    """
    lost = _move_cursors(conn, cell, requests)
    taken = [request for request in requests if id(request) not in lost]
    entries = [entry for request in taken for entry in request.entries]
    found = _add(conn, cell, entries)
    return [
        lost[id(request)]
        if id(request) in lost
        else tuple(found[entry.id] for entry in request.entries)
        for request in requests
    ]


def accept_piecewise(conn: Connection, cell: str, request: Request) -> list[Outcome]:
    """Write one caller's envelopes one by one; one that cannot be written is quarantined.

    Raises:
        DataRefused: not even that was possible.
    """
    lost = _move_cursors(conn, cell, [request])
    if lost:
        return [lost[id(request)]]
    accepted: list[Accepted] = []
    for entry in request.entries:
        try:
            with conn.begin_nested():
                accepted.append(_add(conn, cell, [entry])[entry.id])
        except Exception as error:
            reason = sorted_out(error)
            if not isinstance(reason, DataRefused):
                raise
            with conn.begin_nested():
                accepted.append(_quarantine(conn, cell, entry, str(reason)))
    return [tuple(accepted)]


def _move_cursors(
    conn: Connection, cell: str, requests: Sequence[Request]
) -> dict[int, StoreUnavailable]:
    """Write the cursors of those who still hold their lease; returns the others' errors."""
    lost: dict[int, StoreUnavailable] = {}
    for request in requests:
        cursor = request.cursor
        if cursor is None:
            continue
        key = {"cell_": cell, "name_": cursor.poller}
        if conn.scalar(HOLDER, key) == cursor.token:
            conn.execute(MOVE_CURSOR, {**key, "cursor_": cursor.cursor})
        else:
            lost[id(request)] = StoreUnavailable(f"another process polls {cursor.poller} now")
    return lost


def _add(conn: Connection, cell: str, entries: Sequence[Entry]) -> dict[int, Accepted]:
    if not entries:
        return {}
    large = [
        {"cell": cell, "name": entry.blob, "data": entry.envelope.payload}
        for entry in entries
        if entry.in_table
    ]
    if large:
        conn.execute(ADD_BLOB, large)
    # sorted, so that two processes that are given the same messages never wait for each other
    rows = sorted((_row(cell, entry) for entry in entries), key=_once)
    added = conn.execute(ADD, rows).rowcount
    ids = [entry.id for entry in entries]
    # where the driver counts them, all are new nearly always; else those are asked for
    new = set(ids if added == len(ids) else conn.scalars(ADDED, {"cell_": cell, "ids_": ids}))
    due: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["id"] in new:
            lane = (ROUTE, fit_key(row["conversation"]))
            due[lane] = min(row["received_at"], due.get(lane, row["received_at"]))
    wake(conn, cell, due)
    accepted = {entry_id: Accepted(entry_id, True) for entry_id in new}
    again = [entry for entry in entries if entry.id not in new]
    return accepted | _known(conn, cell, again)


def _known(conn: Connection, cell: str, entries: Sequence[Entry]) -> dict[int, Accepted]:
    """Find under which ids envelopes had been accepted before."""
    accounts: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        accounts[entry.envelope.channel, entry.envelope.account].append(entry)
    found: dict[int, Accepted] = {}
    for (channel, account), again in accounts.items():
        keys = {entry.id: fit_key(entry.envelope.provider_id) for entry in again}
        wanted = {
            "cell_": cell,
            "channel_": channel,
            "account_": account,
            "keys_": sorted(set(keys.values())),
        }
        ids = {row.provider_id: row.id for row in conn.execute(KNOWN, wanted)}
        found.update((own, Accepted(ids[key], False)) for own, key in keys.items())
    return found


def _quarantine(conn: Connection, cell: str, entry: Entry, reason: str) -> Accepted:
    """Keep what can be kept of an envelope for an agent: its payload above all."""
    given: object = entry.envelope.payload
    payload = given if isinstance(given, bytes) else repr(given).encode()
    name = f"unstorable:{hashlib.sha256(payload).hexdigest()}"
    envelope = replace(
        entry.envelope,
        channel=str(entry.envelope.channel),
        account=str(entry.envelope.account),
        provider_id=name,
        conversation=ConversationKey(name),
        payload=payload,
        ref="",
        note=str(entry.envelope.note),
    )
    kept = replace(entry, envelope=envelope)
    row = _row(cell, kept)
    row |= {"action": Action.QUARANTINE, "reason": reason, "done_at": row["received_at"]}
    if entry.in_table:
        conn.execute(ADD_BLOB, {"cell": cell, "name": entry.blob, "data": payload})
    conn.execute(ADD, row)
    new = conn.scalar(ADDED, {"cell_": cell, "ids_": [entry.id]}) is not None
    return Accepted(entry.id, True) if new else _known(conn, cell, [kept])[entry.id]


def _row(cell: str, entry: Entry) -> dict[str, Any]:
    envelope = entry.envelope
    return {
        "cell": cell,
        "id": entry.id,
        "channel": envelope.channel,
        "account": envelope.account,
        "provider_id": envelope.provider_id,
        "conversation": envelope.conversation,
        "ref": envelope.ref,
        "note": envelope.note,
        "received_at": to_us(envelope.received_at),
        "payload": envelope.payload if entry.blob is None else None,
        "blob": entry.blob,
        "tries": 0,
        "action": None,
        "case_id": None,
        "reason": None,
        "done_at": None,
    }


def _once(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["channel"]), str(row["account"]), str(row["provider_id"])
