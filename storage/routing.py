"""Hands out conversations to be routed, with what a batch must know to decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Text, bindparam, select

from router.case import Case
from router.delivery import Delivery, DeliveryState
from router.message import ConversationKey
from router.tracking import TrackingNumber
from router.work import ROUTE, Claim, Conversation, Gathered, Wanted
from storage import lanes
from storage.columns import among_found, among_ids, among_keys, fit_key
from storage.rows import Row, case_of, conversation_of, delivery_of
from storage.tables import DELIVERY_AWAITS, case_, conversation, delivery, inbound, message_ref

_LONGEST_CHAIN = 8  # merges followed from one case to the next

_cell = bindparam("cell_", type_=Text())
WAITING = (
    select(inbound)
    .where(inbound.c.cell == _cell, among_found(inbound.c.id, lanes.FIRST_IDS.scalar_subquery()))
    .order_by(inbound.c.id)
)
CONVERSATIONS = select(conversation).where(
    conversation.c.cell == _cell, among_keys(conversation.c.key)
)
CASES = select(case_).where(case_.c.cell == _cell, among_ids(case_.c.id))
NUMBERS = select(case_.c.id, case_.c.number).where(
    case_.c.cell == _cell, among_keys(case_.c.number)
)
REFS = select(message_ref).where(message_ref.c.cell == _cell, among_keys(message_ref.c.ref))
WITHHELD = (
    select(delivery)
    .where(
        delivery.c.cell == _cell,
        DELIVERY_AWAITS,
        among_keys(delivery.c.lane),
        delivery.c.state == DeliveryState.WITHHELD.value,
    )
    .order_by(delivery.c.id)
)
DELIVERIES = select(delivery).where(delivery.c.cell == _cell, among_ids(delivery.c.id))


def claim_routes(
    conn: Connection, cell: str, token: str, limit: int, until: int, now: int
) -> list[tuple[Claim, list[Row]]]:
    """Claim lanes and give their rows, lanes in order of their first message."""
    claims = lanes.claim(conn, cell, ROUTE, token, limit, until, now)
    if not claims:
        return []
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in conn.execute(WAITING, {"cell_": cell, "keys_": sorted(claims)}):
        rows[row.conversation].append(row)
    idle = {key: None for key in claims if key not in rows}
    lanes.open_lanes(conn, cell, ROUTE, idle)
    return [
        (claims[key], [row._mapping for row in lanes.handed_out(found)])
        for key, found in rows.items()
    ]


def gather(conn: Connection, cell: str, wanted: Wanted) -> Gathered:
    """Look up what is wanted; every case that something found leads to is brought along."""
    conversations = _conversations(conn, cell, wanted.conversations)
    numbers = _numbers(conn, cell, wanted.numbers)
    refs, provider_ids = _refs(conn, cell, wanted)
    deliveries = _deliveries(conn, cell, wanted.deliveries | set(provider_ids.values()))
    withheld = _withheld(conn, cell, wanted.withheld)
    cases = set(wanted.cases) | set(numbers.values()) | set(refs.values())
    cases |= {each.case_id for each in conversations.values() if each.case_id is not None}
    about = (*deliveries.values(), *(each for kept in withheld.values() for each in kept))
    cases |= {each.case_id for each in about if each.case_id is not None}
    return Gathered(
        conversations=conversations,
        cases=cases_with_successors(conn, cell, cases),
        numbers=numbers,
        refs=refs,
        deliveries=deliveries,
        provider_ids=provider_ids,
        withheld=withheld,
    )


def cases_with_successors(conn: Connection, cell: str, ids: Collection[int]) -> dict[int, Case]:
    """Read cases, and those that they were merged into."""
    found: dict[int, Case] = {}
    missing = set(ids)
    for _ in range(_LONGEST_CHAIN):
        if not missing:
            break
        rows = conn.execute(CASES, {"cell_": cell, "ids_": sorted(missing)}).mappings()
        cases = [case_of(row) for row in rows]
        found.update((case.id, case) for case in cases)
        missing = {case.merged_into for case in cases if case.merged_into} - found.keys()
    return found


def _conversations(
    conn: Connection, cell: str, keys: Collection[ConversationKey]
) -> dict[ConversationKey, Conversation]:
    if not keys:
        return {}
    asked = {fit_key(key): key for key in keys}
    rows = conn.execute(CONVERSATIONS, {"cell_": cell, "keys_": sorted(asked)}).mappings()
    return {asked[row["key"]]: conversation_of(row, asked[row["key"]]) for row in rows}


def _numbers(
    conn: Connection, cell: str, numbers: Collection[TrackingNumber]
) -> dict[TrackingNumber, int]:
    if not numbers:
        return {}
    rows = conn.execute(NUMBERS, {"cell_": cell, "keys_": sorted(numbers)})
    return {row.number: row.id for row in rows}


def _refs(conn: Connection, cell: str, wanted: Wanted) -> tuple[dict[str, int], dict[str, int]]:
    """Find the cases of references, and the deliveries of providers' ids."""
    asked: dict[str, list[str]] = defaultdict(list)
    for ref in wanted.refs | wanted.provider_ids:
        asked[fit_key(ref)].append(ref)
    cases: dict[str, int] = {}
    deliveries: dict[str, int] = {}
    rows = conn.execute(REFS, {"cell_": cell, "keys_": sorted(asked)}) if asked else ()
    for row in rows:
        for ref in asked[row.ref]:
            if ref in wanted.refs and row.case_id is not None:
                cases[ref] = row.case_id
            if ref in wanted.provider_ids and row.delivery_id is not None:
                deliveries[ref] = row.delivery_id
    return cases, deliveries


def _withheld(
    conn: Connection, cell: str, people: Collection[ConversationKey]
) -> dict[ConversationKey, tuple[Delivery, ...]]:
    if not people:
        return {}
    asked = {fit_key(key): key for key in people}
    found: dict[ConversationKey, list[Delivery]] = defaultdict(list)
    for row in conn.execute(WITHHELD, {"cell_": cell, "keys_": sorted(asked)}).mappings():
        found[asked[row["lane"]]].append(delivery_of(row))
    return {person: tuple(kept) for person, kept in found.items()}


def _deliveries(conn: Connection, cell: str, ids: Collection[int]) -> dict[int, Delivery]:
    if not ids:
        return {}
    rows = conn.execute(DELIVERIES, {"cell_": cell, "ids_": sorted(ids)}).mappings()
    return {row["id"]: delivery_of(row) for row in rows}
