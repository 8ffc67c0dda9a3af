"""Lanes: the claim units of every kind of work; claim, fence, wake, finish and give back.

Locks are always taken in the order lane_key, case, bucket, each sorted by key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from router.work import ROUTE, TIMER, Claim
from storage.codec import from_us
from storage.columns import Key, among_found, among_ids, among_keys, fit_key
from storage.order import MOST_IN_LANE, Waiting, sendable
from storage.tables import DELIVERY_WAITS, INBOUND_WAITS, delivery, inbound, lane_key, work

MOST_MESSAGES = 32
"""Messages of one conversation that are handed out under one claim."""
CAREFUL_AFTER = 2
"""Failed tries after which a conversation is handed out one message at a time."""

_cell = bindparam("cell_", type_=Text())
_role = bindparam("role_", type_=Key())
_of_role = and_(lane_key.c.cell == _cell, lane_key.c.role == _role)

_picked = (
    select(lane_key.c.key)
    .where(_of_role, lane_key.c.due_at <= bindparam("now_"))
    .order_by(lane_key.c.due_at)
    .limit(bindparam("limit_", type_=Integer()))
    .with_for_update(skip_locked=True)
    .cte("picked")
    .prefix_with("MATERIALIZED", dialect="postgresql")  # or LIMIT is not kept
)
CLAIM = (
    update(lane_key)
    .where(_of_role, among_found(lane_key.c.key, select(_picked.c.key).scalar_subquery()))
    .values(
        # one random prefix a call: whoever claims a lane after us, another token is in its row
        token=bindparam("token_", type_=Text()) + "." + lane_key.c.key,
        lease_until=bindparam("until_"),
        due_at=bindparam("until_"),
    )
    .returning(lane_key.c.key, lane_key.c.token)
)
FENCE = (
    select(lane_key.c.key, lane_key.c.token)
    .where(_of_role, among_keys(lane_key.c.key))
    .order_by(lane_key.c.key)
    .with_for_update()
)
_wake = insert(lane_key)
WAKE = _wake.on_conflict_do_update(
    index_elements=["cell", "role", "key"],
    set_={
        # a leased lane stays out of reach: its holder looks for new work before it gives it back.
        # The row is written all the same, so that the holder and we wait for each other.
        "due_at": case(
            (
                and_(lane_key.c.token == "", lane_key.c.due_at > _wake.excluded.due_at),
                _wake.excluded.due_at,
            ),
            else_=lane_key.c.due_at,
        )
    },
)
RENEW = (
    update(lane_key)
    .where(_of_role, among_keys(lane_key.c.key))
    .values(lease_until=bindparam("until_"), due_at=bindparam("until_"))
)
OPEN = (
    update(lane_key)
    .where(_of_role, lane_key.c.key == bindparam("key_", type_=Key()))
    .values(token="", lease_until=0, due_at=bindparam("due_"))
)
OPEN_ALL = (
    update(lane_key)
    .where(_of_role, among_keys(lane_key.c.key))
    .values(token="", lease_until=0, due_at=bindparam("due_"))
)
REMOVE = delete(lane_key).where(_of_role, among_keys(lane_key.c.key))
ROUTE_DONE = REMOVE.where(
    ~exists(
        select(1).where(
            inbound.c.cell == lane_key.c.cell,
            inbound.c.conversation == lane_key.c.key,
            INBOUND_WAITS,
        )
    )
)
ROUTE_LEFT = OPEN_ALL.returning(lane_key.c.key)
TIMERS_LEFT = (
    select(work.c.case_id, func.min(work.c.not_before).label("due"))
    .where(work.c.cell == _cell, among_ids(work.c.case_id))
    .group_by(work.c.case_id)
)
NEXT_DUE = select(func.min(lane_key.c.due_at)).where(_of_role)

_place = func.row_number().over(partition_by=delivery.c.lane, order_by=delivery.c.id).label("place")
_in_lane = (
    select(
        delivery.c.id,
        delivery.c.lane,
        delivery.c.not_before,
        func.coalesce(delivery.c.first_try_at, delivery.c.created_at).label("since"),
        _place,
    )
    .where(
        delivery.c.cell == _cell,
        delivery.c.role == _role,
        among_keys(delivery.c.lane),
        DELIVERY_WAITS,
    )
    .subquery()
)
LANE_WAITING = (
    select(_in_lane)
    .where(_in_lane.c.place <= MOST_IN_LANE)
    .order_by(_in_lane.c.lane, _in_lane.c.id)
)

_first = (
    select(
        inbound.c.id,
        func.row_number()
        .over(partition_by=inbound.c.conversation, order_by=inbound.c.id)
        .label("place"),
    )
    .where(inbound.c.cell == _cell, among_keys(inbound.c.conversation), INBOUND_WAITS)
    .subquery()
)
FIRST_IDS = select(_first.c.id).where(_first.c.place <= MOST_MESSAGES)
_TRIED = (
    select(inbound.c.id, inbound.c.conversation, inbound.c.tries)
    .where(inbound.c.cell == _cell, among_found(inbound.c.id, FIRST_IDS.scalar_subquery()))
    .order_by(inbound.c.conversation, inbound.c.id)
)
_COUNT_INBOUND = (
    update(inbound)
    .where(inbound.c.cell == _cell, among_ids(inbound.c.id))
    .values(tries=inbound.c.tries + 1)
)
_COUNT_TIMERS = (
    update(work)
    .where(work.c.cell == _cell, among_ids(work.c.case_id), work.c.not_before <= bindparam("due_"))
    .values(tries=work.c.tries + 1)
)


def claim(
    conn: Connection, cell: str, role: str, token: str, limit: int, until: int, now: int
) -> dict[str, Claim]:
    """Take up to ``limit`` due lanes of a role; returns them by key."""
    rows = conn.execute(
        CLAIM,
        {
            "cell_": cell,
            "role_": role,
            "now_": now,
            "limit_": limit,
            "token_": token,
            "until_": until,
        },
    )
    end = from_us(until)
    return {row.key: Claim(role, row.key, row.token, end) for row in rows}


def by_role(claims: Iterable[Claim]) -> Mapping[str, list[Claim]]:
    found: dict[str, list[Claim]] = defaultdict(list)
    for held in claims:
        found[held.role].append(held)
    return dict(sorted(found.items()))


def fence(conn: Connection, cell: str, claims: Iterable[Claim]) -> frozenset[Claim]:
    """Lock the lanes of claims and give those claims that still hold."""
    alive: set[Claim] = set()
    for role, held in by_role(claims).items():
        tokens = dict(
            conn.execute(
                FENCE, {"cell_": cell, "role_": role, "keys_": [each.lane for each in held]}
            ).all()
        )
        alive.update(each for each in held if tokens.get(fit_key(each.lane)) == each.token)
    return frozenset(alive)


def lock(
    conn: Connection, cell: str, claims: Iterable[Claim], due: Mapping[tuple[str, str], int]
) -> frozenset[Claim]:
    """Fence claims and wake lanes, role by role in one order whichever of both a role is for.

    A route that wakes a send and then a timer, and a timer that wakes a send, would else hold
    what the other one waits for.
    """
    alive: set[Claim] = set()
    left = dict(due)
    for role, held in by_role(claims).items():
        before = {lane: at for lane, at in left.items() if lane[0] < role}
        wake(conn, cell, before)
        left = {lane: at for lane, at in left.items() if lane not in before}
        alive |= fence(conn, cell, held)
    wake(conn, cell, left)
    return frozenset(alive)


def wake(conn: Connection, cell: str, due: Mapping[tuple[str, str], int]) -> None:
    """Make lanes, by role and key, due at a moment at the latest."""
    rows = [
        {"cell": cell, "role": role, "key": key, "due_at": at, "lease_until": 0, "token": ""}
        for (role, key), at in sorted(due.items())
    ]
    if rows:
        conn.execute(WAKE, rows)


def open_lanes(conn: Connection, cell: str, role: str, due: Mapping[str, int | None]) -> None:
    """Take the lease off locked lanes: due again at a moment, or gone."""
    gone = [key for key, at in due.items() if at is None]
    if gone:
        conn.execute(REMOVE, {"cell_": cell, "role_": role, "keys_": gone})
    moments: dict[int, list[str]] = defaultdict(list)
    for key, at in due.items():
        if at is not None:
            moments[at].append(key)
    for at, keys in moments.items():
        conn.execute(OPEN_ALL, {"cell_": cell, "role_": role, "keys_": keys, "due_": at})


def finish(conn: Connection, cell: str, claims: Iterable[Claim], now: int) -> set[str]:
    """Give locked lanes back: due with their next work, gone without; returns roles due now.

    The rest of the work is looked for in a statement of its own, after the lock: what another
    transaction added before it had to wait for us is seen, what it adds later wakes the lane.
    """
    awake: set[str] = set()
    for role, held in by_role(claims).items():
        keys = [fit_key(each.lane) for each in held]
        if role == ROUTE:
            conn.execute(ROUTE_DONE, {"cell_": cell, "role_": role, "keys_": keys})
            left = {"cell_": cell, "role_": role, "keys_": keys, "due_": now}
            if conn.execute(ROUTE_LEFT, left).first() is not None:
                awake.add(role)
            continue
        due = (
            _timers_due(conn, cell, keys)
            if role == TIMER
            else _sends_due(conn, cell, role, keys, now)
        )
        open_lanes(conn, cell, role, due)
        if any(at is not None and at <= now for at in due.values()):
            awake.add(role)
    return awake


def _timers_due(conn: Connection, cell: str, keys: Sequence[str]) -> dict[str, int | None]:
    due: dict[str, int | None] = dict.fromkeys(keys)
    found = conn.execute(TIMERS_LEFT, {"cell_": cell, "ids_": [int(key) for key in keys]})
    due.update((str(row.case_id), row.due) for row in found)
    return due


def lane_waiting(
    conn: Connection, cell: str, role: str, keys: Sequence[str]
) -> dict[str, list[Waiting]]:
    """List what waits to be sent in lanes, in order."""
    lanes: dict[str, list[Waiting]] = {key: [] for key in keys}
    rows: Iterable[Any] = conn.execute(LANE_WAITING, {"cell_": cell, "role_": role, "keys_": keys})
    for row in rows:
        lanes[row.lane].append(Waiting(row.id, row.not_before, row.since))
    return lanes


def _sends_due(
    conn: Connection, cell: str, role: str, keys: Sequence[str], now: int
) -> dict[str, int | None]:
    lanes = lane_waiting(conn, cell, role, keys)
    return {key: sendable(waiting, now)[1] for key, waiting in lanes.items()}


def release(
    conn: Connection, cell: str, claims: Iterable[Claim], due: int, *, failed: bool
) -> None:
    """Give claims back unworked; the rows that were handed out count a try if it failed."""
    for role, held in by_role(fence(conn, cell, claims)).items():
        keys = [fit_key(each.lane) for each in held]
        if failed and role == ROUTE:
            _count_inbound(conn, cell, keys)
        elif failed and role == TIMER:
            ids = [int(key) for key in keys]
            conn.execute(_COUNT_TIMERS, {"cell_": cell, "ids_": ids, "due_": due})
        conn.execute(OPEN_ALL, {"cell_": cell, "role_": role, "keys_": keys, "due_": due})


def _count_inbound(conn: Connection, cell: str, keys: Sequence[str]) -> None:
    lanes: dict[str, list[Any]] = defaultdict(list)
    for row in conn.execute(_TRIED, {"cell_": cell, "keys_": keys}):
        lanes[row.conversation].append(row)
    ids = [row.id for rows in lanes.values() for row in handed_out(rows)]
    conn.execute(_COUNT_INBOUND, {"cell_": cell, "ids_": ids})


def handed_out(rows: Sequence[Any]) -> Sequence[Any]:
    """Keep the first message alone once it failed: a bad one must not drag good ones along."""
    return rows[:1] if rows and rows[0].tries >= CAREFUL_AFTER else rows
