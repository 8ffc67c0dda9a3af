"""Hands out the timers of cases when they fall due."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, Text, bindparam, select

from router.work import TIMER, Timer, TimerClaim, TimerKind
from storage import lanes
from storage.codec import from_us
from storage.columns import among_ids, among_keys, fit_key
from storage.routing import CASES
from storage.rows import case_of
from storage.tables import INBOUND_WAITS, inbound, work

_cell = bindparam("cell_", type_=Text())
DUE = (
    select(work)
    .where(work.c.cell == _cell, among_ids(work.c.case_id), work.c.not_before <= bindparam("now_"))
    .order_by(work.c.not_before, work.c.id)
)
UNROUTED = (
    select(inbound.c.conversation)
    .where(inbound.c.cell == _cell, among_keys(inbound.c.conversation), INBOUND_WAITS)
    .distinct()
)


def claim_timers(
    conn: Connection, cell: str, token: str, limit: int, until: int, now: int
) -> list[TimerClaim]:
    """Claim cases with their due timers; a lane found with nothing is put right at once."""
    claims = lanes.claim(conn, cell, TIMER, token, limit, until, now)
    if not claims:
        return []
    ids = [int(key) for key in claims]
    timers: dict[int, list[Timer]] = defaultdict(list)
    for row in conn.execute(DUE, {"cell_": cell, "ids_": ids, "now_": now}):
        at = from_us(row.not_before)
        timers[row.case_id].append(
            Timer(row.id, row.case_id, TimerKind(row.kind), at, row.generation)
        )
    lanes.finish(conn, cell, [held for key, held in claims.items() if int(key) not in timers], now)
    rows = conn.execute(CASES, {"cell_": cell, "ids_": sorted(timers)}).mappings()
    cases = {row["id"]: case_of(row) for row in rows}
    addresses = {
        case_id: {fit_key(reporter.address.key) for reporter in case.reporters}
        for case_id, case in cases.items()
    }
    keys = sorted(set().union(*addresses.values()))
    waiting = set(conn.scalars(UNROUTED, {"cell_": cell, "keys_": keys})) if keys else set()
    return [
        TimerClaim(
            claim=claims[str(case_id)],
            timers=tuple(due),
            case=cases.get(case_id),
            unrouted=bool(addresses.get(case_id, set()) & waiting),
        )
        for case_id, due in timers.items()
    ]
