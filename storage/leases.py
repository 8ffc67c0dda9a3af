"""Ends the leases that a killed process left behind."""

from __future__ import annotations

from sqlalchemy import Connection, Text, bindparam, update

from storage.tables import lane_key, poller

_cell = bindparam("cell_", type_=Text())
OPEN_LANES = (
    update(lane_key)
    .where(lane_key.c.cell == _cell, lane_key.c.token != "")
    .values(token="", lease_until=0, due_at=bindparam("now_"))
)
FREE_POLLERS = (
    update(poller)
    .where(poller.c.cell == _cell, poller.c.token != "")
    .values(token="", lease_until=0)
)


def forget(conn: Connection, cell: str, now: int) -> None:
    """End every lease; whoever still holds one is fenced off by his token."""
    conn.execute(OPEN_LANES, {"cell_": cell, "now_": now})
    conn.execute(FREE_POLLERS, {"cell_": cell})
