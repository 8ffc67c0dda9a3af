"""Puts back into the outbox what a provider took and could not deliver yet."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Connection, bindparam, case, literal, update

from router.delivery import DeliveryState
from router.work import Again
from storage.codec import to_us
from storage.columns import Words
from storage.tables import delivery

_AGAIN = (
    update(delivery)
    .where(
        delivery.c.cell == bindparam("cell_"),
        delivery.c.id == bindparam("id_"),
        # not one that is on its way: its own outcome is still to be written
        delivery.c.rank == DeliveryState.SENT.rank,
    )
    .values(
        state=DeliveryState.DEFERRED.value,
        rank=DeliveryState.DEFERRED.rank,
        not_before=bindparam("at_", type_=BigInteger()),
        settled_at=None,
        # a provider tells of the last piece alone
        parts_sent=case((delivery.c.parts_sent > 1, delivery.c.parts_sent - 1), else_=0),
        provider_id=literal("", Words()),
        error=bindparam("error_", type_=Words()),
    )
)


def put_back(conn: Connection, cell: str, wanted: Iterable[Again]) -> None:
    """Have each be sent once more when it is due; its tries go on counting."""
    rows = [
        {
            "cell_": cell,
            "id_": each.delivery_id,
            "at_": to_us(each.not_before),
            "error_": each.error,
        }
        for each in sorted(wanted, key=lambda each: each.delivery_id)
    ]
    if rows:
        conn.execute(_AGAIN, rows)
