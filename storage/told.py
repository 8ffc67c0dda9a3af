"""Lets what was withheld in public leave, once, for where its person writes in private."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, literal, update

from router.delivery import Delivery, DeliveryState
from storage.columns import Key, Words
from storage.rows import delivery_row
from storage.tables import delivery

TELL = (
    update(delivery)
    .where(
        delivery.c.cell == bindparam("cell_", type_=Text()),
        delivery.c.id == bindparam("id_"),
        delivery.c.state == DeliveryState.WITHHELD.value,  # whoever comes second changes nothing
    )
    .values(
        role=bindparam("role_", type_=Key()),
        lane=bindparam("lane_", type_=Key()),
        body=bindparam("body_", type_=Words()),
        created_at=bindparam("created_", type_=delivery.c.created_at.type),
        state=DeliveryState.QUEUED.value,
        rank=DeliveryState.QUEUED.rank,
        not_before=None,
        settled_at=None,
        error=literal("", Words()),
    )
)


def tell(conn: Connection, cell: str, told: Sequence[Delivery]) -> None:
    """Queue each for the address that stands on it; what is not withheld any more stays as it is."""
    if told:
        conn.execute(TELL, [_row(cell, each) for each in sorted(told, key=_id)])


def _row(cell: str, each: Delivery) -> dict[str, Any]:
    row = delivery_row(cell, each)
    changed = {f"{name}_": row[name] for name in ("role", "lane", "body")}
    # a provider is asked from then on whether it has it
    return {"cell_": cell, "id_": each.id, "created_": row["created_at"], **changed}


def _id(each: Delivery) -> int:
    return each.id
