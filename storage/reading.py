"""Questions that people and programs ask: cases, their history, the journal, the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, func, or_, select

from router.archive import Action, CaseFilter, JournalLine, Tallied
from router.case import Case, Event
from router.delivery import Delivery, DeliveryState
from router.message import ConversationKey
from storage.codec import from_us, member
from storage.columns import Key, among_keys, clean, fit_key
from storage.rows import case_of, delivery_of, event_of
from storage.tables import (
    CASE_IS_PART,
    DELIVERY_HAS_CASE,
    DELIVERY_WAITS,
    INBOUND_WAITS,
    blob,
    case_,
    case_event,
    delivery,
    inbound,
)

_cell = bindparam("cell_", type_=Text())
_id = bindparam("id_", type_=BigInteger())
BY_ID = select(case_).where(case_.c.cell == _cell, case_.c.id == _id)
BY_NUMBER = select(case_).where(
    case_.c.cell == _cell, case_.c.number == bindparam("number_", type_=Key())
)
CHILDREN = (
    select(case_)
    .where(case_.c.cell == _cell, case_.c.parent == _id, CASE_IS_PART)
    .order_by(case_.c.id)
)
EVENTS = (
    select(case_event)
    .where(case_event.c.cell == _cell, case_event.c.case_id == _id)
    .order_by(case_event.c.id)
)
DELIVERIES = (
    select(delivery)
    .where(delivery.c.cell == _cell, delivery.c.case_id == _id, DELIVERY_HAS_CASE)
    .order_by(delivery.c.id)
)
LINE = select(
    inbound.c.id,
    inbound.c.channel,
    inbound.c.account,
    inbound.c.provider_id,
    inbound.c.conversation,
    inbound.c.received_at,
    inbound.c.action,
    inbound.c.case_id,
    inbound.c.reason,
)
OUTCOME = LINE.where(
    inbound.c.cell == _cell,
    inbound.c.channel == bindparam("channel_", type_=Key()),
    inbound.c.account == bindparam("account_", type_=Key()),
    inbound.c.provider_id == bindparam("provider_", type_=Key()),
)
ENVELOPE = select(inbound).where(inbound.c.cell == _cell, inbound.c.id == _id)
BLOB = select(blob.c.data).where(blob.c.cell == _cell, blob.c.name == bindparam("name_"))
TALLY = (
    select(inbound.c.channel, inbound.c.account, inbound.c.action, func.count().label("n"))
    .where(
        inbound.c.cell == _cell,
        inbound.c.received_at >= bindparam("begin_", type_=BigInteger()),
        inbound.c.received_at < bindparam("end_", type_=BigInteger()),
    )
    .group_by(inbound.c.channel, inbound.c.account, inbound.c.action)
)
ACCEPTED = select(inbound.c.provider_id).where(
    inbound.c.cell == _cell,
    inbound.c.channel == bindparam("channel_", type_=Key()),
    inbound.c.account == bindparam("account_", type_=Key()),
    among_keys(inbound.c.provider_id),
)
_AT_ONCE = 500
WAITING_INBOUND = select(func.count()).where(inbound.c.cell == _cell, INBOUND_WAITS)
WAITING_DELIVERIES = select(func.count()).where(delivery.c.cell == _cell, DELIVERY_WAITS)


def case_by(conn: Connection, statement: Any, **wanted: Any) -> Case | None:
    row = conn.execute(statement, wanted).mappings().first()
    return case_of(row) if row is not None else None


def children(conn: Connection, cell: str, case_id: int) -> list[Case]:
    rows = conn.execute(CHILDREN, {"cell_": cell, "id_": case_id}).mappings()
    return [case_of(row) for row in rows]


def cases(conn: Connection, cell: str, wanted: CaseFilter) -> list[Case]:
    query = select(case_).where(case_.c.cell == cell)
    for column, value in (
        (case_.c.status, wanted.status),
        (case_.c.owner, wanted.owner),
        (case_.c.channel, wanted.channel),
    ):
        if value:
            query = query.where(column == value)
    if wanted.before is not None:
        query = query.where(case_.c.id < wanted.before)
    if wanted.text:
        number = "".join(filter(str.isalnum, wanted.text)).upper()
        query = query.where(
            or_(
                func.lower(case_.c.text).contains(clean(wanted.text).lower(), autoescape=True),
                func.lower(case_.c.subject).contains(clean(wanted.text).lower(), autoescape=True),
                case_.c.number == (number or "-"),
                # a service's own number stands with what is in no column
                func.lower(case_.c.body).contains(_in_body(wanted.text), autoescape=True),
            )
        )
    if wanted.label:
        query = query.where(
            func.lower(case_.c.body).contains(_label(wanted.label), autoescape=True)
        )
    query = query.order_by(case_.c.id.desc()).limit(wanted.limit)
    return [case_of(row) for row in conn.execute(query).mappings()]


def _in_body(number: str) -> str:
    return member("partner_ref", clean(number).strip().lower())


def _label(label: str) -> str:
    """Write a label as it stands in a body; in no text can the same stand between quotes."""
    return member("", clean(label).lower()).partition(":")[2].strip()


def events(conn: Connection, cell: str, case_id: int) -> list[Event]:
    rows = conn.execute(EVENTS, {"cell_": cell, "id_": case_id}).mappings()
    return [event_of(row) for row in rows]


def deliveries(conn: Connection, cell: str, case_id: int) -> list[Delivery]:
    rows = conn.execute(DELIVERIES, {"cell_": cell, "id_": case_id}).mappings()
    return [delivery_of(row) for row in rows]


def list_deliveries(
    conn: Connection,
    cell: str,
    states: Sequence[DeliveryState],
    limit: int,
    channel: str,
    newest: bool = False,
) -> list[Delivery]:
    query = (
        select(delivery)
        .where(delivery.c.cell == cell, delivery.c.state.in_([str(state) for state in states]))
        .where(*_narrowed(states))
        .order_by(delivery.c.id.desc() if newest else delivery.c.id)
        .limit(limit)
    )
    if channel:
        query = query.where(delivery.c.role.startswith(f"send:{channel}|", autoescape=True))
    return [delivery_of(row) for row in conn.execute(query).mappings()]


def _narrowed(states: Sequence[DeliveryState]) -> list[Any]:
    """Name the index's own condition where it holds, so that the planner may use it."""
    return [DELIVERY_WAITS] if states and not any(state.settled for state in states) else []


def journal(
    conn: Connection, cell: str, action: Action | None, waiting: bool, limit: int
) -> list[JournalLine]:
    query = LINE.where(inbound.c.cell == cell)
    if action is not None:
        query = query.where(inbound.c.action == str(action))
    if waiting:
        query = query.where(INBOUND_WAITS)
    rows = conn.execute(query.order_by(inbound.c.id).limit(limit))
    return [_line(row) for row in rows]


def outcome(
    conn: Connection, cell: str, channel: str, account: str, provider_id: str
) -> JournalLine | None:
    row = conn.execute(
        OUTCOME,
        {"cell_": cell, "channel_": channel, "account_": account, "provider_": provider_id},
    ).first()
    return None if row is None else _line(row)


def tally(conn: Connection, cell: str, moments: Sequence[int]) -> list[Tallied]:
    """Count what came between moments; one look at the journal a day of the city's calendar."""
    return [
        Tallied(row.channel, row.account, day, Action(row.action) if row.action else None, row.n)
        for day, (begin, end) in enumerate(pairwise(moments))
        for row in conn.execute(TALLY, {"cell_": cell, "begin_": begin, "end_": end})
    ]


def unknown(
    conn: Connection, cell: str, channel: str, account: str, provider_ids: Sequence[str]
) -> list[str]:
    """Name those of these ids that the journal does not have, in the order given."""
    keys = {one: fit_key(one) for one in provider_ids}
    found: set[str] = set()
    for some in _in_parts(sorted(set(keys.values()))):
        asked = {"cell_": cell, "channel_": channel, "account_": account, "keys_": some}
        found.update(conn.scalars(ACCEPTED, asked))
    return [one for one in provider_ids if keys[one] not in found]


def _in_parts(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[begin : begin + _AT_ONCE] for begin in range(0, len(keys), _AT_ONCE)]


def _line(row: Any) -> JournalLine:
    return JournalLine(
        inbound_id=row.id,
        channel=row.channel,
        account=row.account,
        provider_id=row.provider_id,
        conversation=ConversationKey(row.conversation),
        received_at=from_us(row.received_at),
        action=Action(row.action) if row.action is not None else None,
        case_id=row.case_id,
        reason=row.reason or "",
    )


def pending(conn: Connection, cell: str) -> int:
    """Count messages to route and deliveries to send, those put off included."""
    total = 0
    for statement in (WAITING_INBOUND, WAITING_DELIVERIES):
        total += conn.scalar(statement, {"cell_": cell}) or 0
    return total
