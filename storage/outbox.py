"""The outbox in the database: claim, shared limits, begin, settle, give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from router.delivery import Delivery, DeliveryState, Rate
from router.work import Claim, Reservation, SendClaim, Settlement
from storage import lanes
from storage.codec import us_or_none
from storage.columns import Key, Words, among_ids, among_keys, fit_key
from storage.order import grant, sendable
from storage.rows import Row, delivery_of, event_row
from storage.tables import DELIVERY_WAITS, bucket, case_, delivery, lane_key
from storage.units import ADD_EVENT, ADD_REF, VERSIONS, ref_row

_cell = bindparam("cell_", type_=Text())
_of_ids = and_(delivery.c.cell == _cell, among_ids(delivery.c.id))
TO_SEND = select(delivery).where(_of_ids).order_by(delivery.c.id)
BEGIN = (
    update(delivery)
    .where(_of_ids, DELIVERY_WAITS)
    .values(
        state=DeliveryState.SENDING.value,
        rank=DeliveryState.SENDING.rank,
        not_before=None,
        tries=delivery.c.tries + 1,
        first_try_at=func.coalesce(delivery.c.first_try_at, bindparam("now_")),
    )
    .returning(delivery.c.id)
)
RANKS = (
    select(
        delivery.c.id, delivery.c.rank, delivery.c.state, delivery.c.tries, delivery.c.provider_id
    )
    .where(_of_ids)
    .order_by(delivery.c.id)
    .with_for_update()
)
SETTLE = (
    update(delivery)
    .where(delivery.c.cell == _cell, delivery.c.id == bindparam("id_"))
    .values(
        state=bindparam("state_", type_=Text()),
        rank=bindparam("rank_"),
        not_before=bindparam("before_", type_=delivery.c.not_before.type),
        tries=bindparam("tries_"),
        parts_sent=bindparam("parts_"),
        provider_id=bindparam("provider_", type_=Words()),
        error=bindparam("error_", type_=Words()),
        settled_at=func.coalesce(
            delivery.c.settled_at, bindparam("settled_", type_=delivery.c.settled_at.type)
        ),
        first_try_at=bindparam("first_", type_=delivery.c.first_try_at.type),
    )
)
BUMP_CASE = (
    update(case_)
    .where(case_.c.cell == _cell, case_.c.id == bindparam("id_"))
    .values(version=case_.c.version + 1, updated_at=bindparam("now_"))
)
_until = bindparam("until_", type_=lane_key.c.due_at.type)
_of_bucket = and_(bucket.c.cell == _cell, bucket.c.name == bindparam("name_", type_=Key()))
ADD_BUCKET = insert(bucket).on_conflict_do_nothing()
BUCKET = select(bucket.c.arrival, bucket.c.closed_until).where(_of_bucket).with_for_update()
SET_ARRIVAL = update(bucket).where(_of_bucket).values(arrival=bindparam("arrival_"))
SET_CLOSED = (
    update(bucket)
    .where(_of_bucket, bucket.c.closed_until < bindparam("until_"))
    .values(closed_until=bindparam("until_"))
)
HOLD_BACK = (
    update(lane_key)
    .where(
        lane_key.c.cell == _cell,
        lane_key.c.role == bindparam("role_", type_=Key()),
        among_keys(lane_key.c.key),
    )
    # compared here, not above: there it would lead to the index of all lanes that are due
    .values(due_at=case((lane_key.c.due_at < _until, _until), else_=lane_key.c.due_at))
)
ROLES = (
    select(lane_key.c.role)
    .where(lane_key.c.cell == _cell, lane_key.c.role >= "send:", lane_key.c.role < "send;")
    .distinct()
    .order_by(lane_key.c.role)
)
REQUEUE = (
    update(delivery)
    .where(
        delivery.c.cell == _cell,
        delivery.c.id == bindparam("id_"),
        delivery.c.state.in_(("dead", "rejected", "bounced", "awaits")),
    )
    .values(
        # what came back is sent anew; what was given up half way goes on from there
        parts_sent=case((delivery.c.state == "dead", delivery.c.parts_sent), else_=0),
        provider_id=case(
            (delivery.c.state == "dead", delivery.c.provider_id), else_=literal("", Words())
        ),
        state=DeliveryState.QUEUED.value,
        rank=0,
        not_before=None,
        first_try_at=None,
        settled_at=None,
        tries=0,
        error="",
    )
    .returning(delivery.c.role, delivery.c.lane)
)


def claim_sends(
    conn: Connection, cell: str, role: str, token: str, limit: int, until: int, now: int
) -> list[SendClaim]:
    """Claim lanes with what may leave now; a lane found with nothing is put right at once."""
    claims = lanes.claim(conn, cell, role, token, limit, until, now)
    if not claims:
        return []
    waiting = lanes.lane_waiting(conn, cell, role, sorted(claims))
    ready: dict[str, list[int]] = {}
    idle: dict[str, int | None] = {}
    for key, lane in waiting.items():
        ids, due = sendable(lane, now)
        if ids:
            ready[key] = ids
        else:
            idle[key] = due
    lanes.open_lanes(conn, cell, role, idle)
    deliveries = _by_id(conn, cell, [each for ids in ready.values() for each in ids])
    found = [
        SendClaim(claims[key], tuple(deliveries[each] for each in ids))
        for key, ids in ready.items()
    ]
    return sorted(found, key=lambda each: each.deliveries[0].id)


def _by_id(conn: Connection, cell: str, ids: Sequence[int]) -> dict[int, Delivery]:
    if not ids:
        return {}
    rows = conn.execute(TO_SEND, {"cell_": cell, "ids_": ids}).mappings()
    return {row["id"]: delivery_of(row) for row in rows}


def reserve(
    conn: Connection, cell: str, name: str, rate: Rate, wanted: int, now: int
) -> Reservation:
    key = {"cell_": cell, "name_": name}
    arrival, closed_until = _bucket(conn, cell, name)
    given = grant(arrival, closed_until, rate, wanted, now)
    if given.arrival != arrival:
        conn.execute(SET_ARRIVAL, {**key, "arrival_": given.arrival})
    return Reservation(given.granted, given.wait_us / 1_000_000)


def postpone(conn: Connection, cell: str, name: str, until: int) -> None:
    _bucket(conn, cell, name)
    conn.execute(SET_CLOSED, {"cell_": cell, "name_": name, "until_": until})


def _bucket(conn: Connection, cell: str, name: str) -> tuple[int, int]:
    row = conn.execute(BUCKET, {"cell_": cell, "name_": name}).first()
    if row is None:
        conn.execute(ADD_BUCKET, {"cell": cell, "name": name, "arrival": 0, "closed_until": 0})
        row = conn.execute(BUCKET, {"cell_": cell, "name_": name}).one()
    return row.arrival, row.closed_until


def begin(
    conn: Connection, cell: str, sends: Sequence[tuple[Claim, int]], until: int, now: int
) -> frozenset[int]:
    alive = lanes.fence(conn, cell, {claim for claim, _ in sends})
    for role, held in lanes.by_role(alive).items():
        keys = sorted(claim.lane for claim in held)
        conn.execute(lanes.RENEW, {"cell_": cell, "role_": role, "keys_": keys, "until_": until})
    ids = sorted(delivery_id for claim, delivery_id in sends if claim in alive)
    if not ids:
        return frozenset()
    return frozenset(conn.scalars(BEGIN, {"cell_": cell, "ids_": ids, "now_": now}))


def settle(conn: Connection, cell: str, settlements: Sequence[Settlement], now: int) -> None:
    alive = lanes.fence(conn, cell, {each.claim for each in settlements})
    cases = sorted({each.event.case_id for each in settlements if each.event is not None})
    if cases:  # locked before the deliveries, as whoever brings a receipt does
        conn.execute(VERSIONS, {"cell_": cell, "ids_": cases})
    ids = sorted({each.delivery.id for each in settlements})
    rows = conn.execute(RANKS, {"cell_": cell, "ids_": ids}).mappings()
    before = {row["id"]: row for row in rows}
    kept = [
        each
        for each in settlements
        if each.delivery.id in before
        and recorded(before[each.delivery.id]["rank"], each, held=each.claim in alive)
    ]
    changes = [_settled(cell, each.delivery, before[each.delivery.id], now) for each in kept]
    if changes:
        conn.execute(SETTLE, changes)
    refs = [row for each in kept for row in _refs(cell, each.delivery)]
    if refs:
        conn.execute(ADD_REF, sorted(refs, key=lambda row: str(row["ref"])))
    _tell_cases(conn, cell, kept, before, now)


def recorded(rank: int, settlement: Settlement, *, held: bool) -> bool:
    """Tell whether an outcome is written: who lost his claim may only bring news."""
    return held or settlement.delivery.state.rank > rank


def _settled(cell: str, after: Delivery, before: Row, now: int) -> dict[str, Any]:
    """Merge an outcome into its row; a receipt that came first keeps its higher rank."""
    lower = after.state.rank < before["rank"]
    state = DeliveryState(before["state"]) if lower else after.state
    settled = us_or_none(after.settled_at) or (now if state.settled else None)
    return {
        "cell_": cell,
        "id_": after.id,
        "state_": state,
        "rank_": state.rank,
        "before_": us_or_none(after.not_before),
        "tries_": max(after.tries, before["tries"]),
        "parts_": after.parts_sent,
        "provider_": after.provider_id or before["provider_id"],
        "error_": after.error,
        "settled_": settled,
        "first_": us_or_none(after.first_try_at),
    }


def _refs(cell: str, after: Delivery) -> list[dict[str, Any]]:
    """Make a sent delivery known by every id that its provider gave it."""
    return [ref_row(cell, ref, after.case_id, after.id) for ref in provider_ids(after)]


def provider_ids(after: Delivery) -> list[str]:
    return sorted(set(after.provider_id.split(" ")) - {""})


def _tell_cases(
    conn: Connection,
    cell: str,
    kept: Sequence[Settlement],
    before: Mapping[int, Row],
    now: int,
) -> None:
    told = [
        each.event
        for each in kept
        if each.event is not None and each.delivery.state.rank >= before[each.delivery.id]["rank"]
    ]
    if told:
        ids = sorted({event.case_id for event in told})
        conn.execute(BUMP_CASE, [{"cell_": cell, "id_": each, "now_": now} for each in ids])
        conn.execute(ADD_EVENT, [event_row(cell, event) for event in told])


def finish(
    conn: Connection, cell: str, claims: Sequence[Claim], now: int, not_before: int | None
) -> set[str]:
    alive = lanes.fence(conn, cell, claims)
    awake = lanes.finish(conn, cell, alive, now)
    if not_before is None or not_before <= now:
        return awake
    for role, held in lanes.by_role(alive).items():
        keys = [fit_key(claim.lane) for claim in held]
        conn.execute(HOLD_BACK, {"cell_": cell, "role_": role, "keys_": keys, "until_": not_before})
    return set()


def requeue(conn: Connection, cell: str, delivery_id: int, now: int) -> str | None:
    """Put a failed delivery back at its place; returns the role that got work."""
    row = conn.execute(REQUEUE, {"cell_": cell, "id_": delivery_id}).first()
    if row is None:
        return None
    lanes.wake(conn, cell, {(row.role, row.lane): now})
    return str(row.role)
