"""Writes units of work: many conversations in one transaction, each all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Connection,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from router.delivery import Delivery, DeliveryState
from router.work import TIMER, CaseWrite, DeliveryWrite, Unit, Verdict, send_role
from storage import again, decisions
from storage.codec import to_us
from storage.columns import Words, among_ids, among_keys
from storage.lanes import finish, lock
from storage.rows import case_row, conversation_row, delivery_row, event_row
from storage.tables import (
    DELIVERY_AWAITS,
    case_,
    case_event,
    conversation,
    delivery,
    inbound,
    message_ref,
    ruleset_live,
    work,
)
from storage.told import tell

_cell = bindparam("cell_", type_=Text())
LIVE_HASH = (
    select(ruleset_live.c.hash)
    .where(ruleset_live.c.cell == _cell, ruleset_live.c.version > 0)
    .with_for_update(read=True)
)
VERSIONS = (
    select(case_.c.id, case_.c.version)
    .where(case_.c.cell == _cell, among_ids(case_.c.id))
    .order_by(case_.c.id)
    .with_for_update()
)
ADD_CASE = insert(case_)
SET_CASE = (
    update(case_)
    .where(case_.c.cell == _cell, case_.c.id == bindparam("id_"))
    .values(
        {
            c.name: bindparam(f"{c.name}_new", type_=c.type)
            for c in case_.c
            if c.name not in {"cell", "id"}
        }
    )
)
ADD_EVENT = insert(case_event)
ADD_DELIVERY = insert(delivery).on_conflict_do_nothing(index_elements=["cell", "idem"])
END_INBOUND = (
    update(inbound)
    .where(inbound.c.cell == _cell, inbound.c.id == bindparam("id_"))
    .values(
        action=bindparam("action_", type_=Text()),
        case_id=bindparam("case_", type_=inbound.c.case_id.type),
        reason=bindparam("reason_", type_=Words()),
        done_at=bindparam("now_", type_=inbound.c.done_at.type),
    )
)
_talk = insert(conversation)
SET_CONVERSATION = _talk.on_conflict_do_update(
    index_elements=["cell", "key"],
    set_={c.name: _talk.excluded[c.name] for c in conversation.c if c.name not in {"cell", "key"}},
)
ADD_TIMER = insert(work)
END_TIMERS = delete(work).where(work.c.cell == _cell, among_ids(work.c.id))
_ref = insert(message_ref)
# the first word on a reference stands: a stranger who repeats it must not lead answers astray
ADD_REF = _ref.on_conflict_do_update(
    index_elements=["cell", "ref"],
    set_={
        "case_id": func.coalesce(message_ref.c.case_id, _ref.excluded.case_id),
        "delivery_id": func.coalesce(message_ref.c.delivery_id, _ref.excluded.delivery_id),
    },
)
OPEN = (
    update(delivery)
    .where(
        delivery.c.cell == _cell,
        DELIVERY_AWAITS,
        delivery.c.state == DeliveryState.AWAITS.value,
        among_keys(delivery.c.lane),
    )
    .values(
        # what was refused whole is sent anew
        state=DeliveryState.QUEUED.value,
        rank=0,
        not_before=None,
        first_try_at=None,
        settled_at=None,
        tries=0,
        parts_sent=0,
        provider_id=literal("", Words()),
        error=literal("", Words()),
    )
)
RECEIPT = (
    update(delivery)
    .where(
        and_(
            delivery.c.cell == _cell,
            delivery.c.id == bindparam("id_"),
            delivery.c.rank <= bindparam("rank_"),
        )
    )
    .values(
        state=bindparam("state_", type_=Text()),
        rank=bindparam("rank_"),
        error=case(
            (bindparam("error_", type_=Words()) != "", bindparam("error_", type_=Words())),
            else_=delivery.c.error,
        ),
        provider_id=case(
            (delivery.c.provider_id == "", bindparam("provider_", type_=Words())),
            else_=delivery.c.provider_id,
        ),
        settled_at=func.coalesce(
            delivery.c.settled_at, bindparam("settled_", type_=delivery.c.settled_at.type)
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """Verdicts in the order of the units, and the roles that got work."""

    verdicts: list[Verdict]
    awake: frozenset[str]


def commit(conn: Connection, cell: str, units: Sequence[Unit], now: int) -> Written:
    """Write all units that still may be written.

    Raises:
        DataRefused: something in one of them cannot be written, nothing is.
    """
    # lanes before cases, in the order of locks; one whose unit drops out is found empty later
    claims = {claim for unit in units for claim in unit.claims}
    alive = lock(conn, cell, claims, _lanes_of(units, now))
    verdicts, kept = _select(conn, cell, units, alive)
    _write(conn, cell, kept, now)
    opened = [each.key for unit in kept for each in unit.opened]
    if opened:
        conn.execute(OPEN, {"cell_": cell, "keys_": sorted(opened)})
    awake = finish(conn, cell, {claim for unit in kept for claim in unit.claims}, now)
    awake |= {role for unit in kept for role, _ in _lanes_of([unit], now) if role != TIMER}
    return Written(verdicts, frozenset(awake))


def _select(
    conn: Connection, cell: str, units: Sequence[Unit], alive: frozenset[Any]
) -> tuple[list[Verdict], list[Unit]]:
    """Judge every unit: its claims, the rules it was decided under, the versions of its cases."""
    live = conn.scalar(LIVE_HASH, {"cell_": cell}) if any(u.ruleset for u in units) else None
    ids = sorted(
        {write.case.id for unit in units for write in unit.cases if write.expected is not None}
    )
    versions: dict[int, int] = {}
    if ids:
        rows = conn.execute(VERSIONS, {"cell_": cell, "ids_": ids})
        versions = {row.id: row.version for row in rows}
    verdicts: list[Verdict] = []
    kept: list[Unit] = []
    for unit in units:
        verdict = judge(unit, alive, live, versions)
        verdicts.append(verdict)
        if verdict is Verdict.COMMITTED:
            kept.append(unit)
            versions.update((write.case.id, version_after(write)) for write in unit.cases)
    return verdicts, kept


def judge(unit: Unit, alive: frozenset[Any], live: str | None, versions: dict[int, int]) -> Verdict:
    """Tell what becomes of a unit; ``live`` is None while no rule set was ever published."""
    if not alive.issuperset(unit.claims):
        return Verdict.LOST_CLAIM
    if unit.ruleset and live is not None and unit.ruleset != live:
        return Verdict.STALE_RULES
    known = {write.case.id: versions.get(write.case.id) for write in unit.cases}
    for write in unit.cases:
        if write.expected is not None and known[write.case.id] != write.expected:
            return Verdict.STALE_CASE
        known[write.case.id] = version_after(write)
    return Verdict.COMMITTED


def version_after(write: CaseWrite) -> int:
    return write.case.version if write.expected is None else write.expected + 1


def _lanes_of(units: Iterable[Unit], now: int) -> dict[tuple[str, str], int]:
    """List the lanes that get deliveries or timers, with the moment at which they are due."""
    due: dict[tuple[str, str], int] = {}
    for unit in units:
        for each in unit.deliveries:
            if not each.state.settled:
                at = max(now, to_us(each.not_before)) if each.not_before else now
                lane = (send_role(each.address), each.lane)
                due[lane] = min(at, due.get(lane, at))
        due.update(((send_role(each), each.key), now) for each in unit.opened)
        due.update(((send_role(each.address), each.lane), now) for each in unit.told)
        for later in unit.again:
            lane = (send_role(later.address), later.lane)
            at = max(now, to_us(later.not_before))
            due[lane] = min(at, due.get(lane, at))
        for timer in unit.timers:
            lane = (TIMER, str(timer.case_id))
            at = to_us(timer.not_before)
            due[lane] = min(at, due.get(lane, at))
    return due


def _write(conn: Connection, cell: str, units: Sequence[Unit], now: int) -> None:
    """Write everything, kind by kind, so that each kind is one round to the database."""
    writes = [write for unit in units for write in unit.cases]
    _many(conn, ADD_CASE, [_case(cell, w) for w in writes if w.expected is None])
    _many(conn, SET_CASE, [_change(cell, w) for w in writes if w.expected is not None])
    _many(conn, ADD_EVENT, [event_row(cell, each) for unit in units for each in unit.events])
    taken = [each for unit in units for each in unit.decisions]
    _many(conn, decisions.ADD, decisions.rows(cell, taken))
    deliveries = [each for unit in units for each in unit.deliveries]
    _many(conn, ADD_DELIVERY, [delivery_row(cell, each) for each in sorted(deliveries, key=_idem)])
    receipts = [receipt_row(cell, each, now) for unit in units for each in unit.receipts]
    _many(conn, RECEIPT, sorted(receipts, key=lambda row: row["id_"]))
    tell(conn, cell, [each for unit in units for each in unit.told])
    again.put_back(conn, cell, [each for unit in units for each in unit.again])
    talks = {each.key: each for unit in units for each in unit.conversations}
    _many(conn, SET_CONVERSATION, [conversation_row(cell, talks[key]) for key in sorted(talks)])
    _many(conn, ADD_TIMER, [_timer(cell, each) for unit in units for each in unit.timers])
    ended = [timer_id for unit in units for timer_id in unit.timers_done]
    if ended:
        conn.execute(END_TIMERS, {"cell_": cell, "ids_": ended})
    refs = {ref: case_id for unit in units for ref, case_id in reversed(unit.refs)}
    _many(conn, ADD_REF, [ref_row(cell, ref, refs[ref], None) for ref in sorted(refs)])
    _many(
        conn,
        END_INBOUND,
        [
            {
                "cell_": cell,
                "id_": done.inbound_id,
                "action_": done.action,
                "case_": done.case_id,
                "reason_": done.reason,
                "now_": now,
            }
            for unit in units
            for done in unit.done
        ],
    )


def _many(conn: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        conn.execute(statement, rows)


def _case(cell: str, write: CaseWrite) -> dict[str, Any]:
    version = version_after(write)
    case = write.case if write.case.version == version else replace(write.case, version=version)
    return case_row(cell, case)


def _change(cell: str, write: CaseWrite) -> dict[str, Any]:
    row = {f"{name}_new": value for name, value in _case(cell, write).items()}
    row["cell_"], row["id_"] = row.pop("cell_new"), row.pop("id_new")
    return row


def _idem(each: Delivery) -> str:
    return each.idem


def receipt_row(cell: str, receipt: DeliveryWrite, now: int) -> dict[str, Any]:
    state = DeliveryState(receipt.state)
    return {
        "cell_": cell,
        "id_": receipt.delivery_id,
        "rank_": state.rank,
        "state_": state,
        "error_": receipt.error,
        "provider_": receipt.provider_id,
        "settled_": now if state.settled else None,
    }


def _timer(cell: str, timer: Any) -> dict[str, Any]:
    return {
        "cell": cell,
        "case_id": timer.case_id,
        "id": timer.id,
        "kind": timer.kind,
        "not_before": to_us(timer.not_before),
        "generation": timer.generation,
        "tries": 0,
    }


def ref_row(cell: str, ref: str, case_id: int | None, delivery_id: int | None) -> dict[str, Any]:
    return {"cell": cell, "ref": ref, "case_id": case_id, "delivery_id": delivery_id}
