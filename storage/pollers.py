"""Leases of the singletons that poll a provider, with the cursor each left off at."""

from __future__ import annotations

from sqlalchemy import Connection, Text, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from router.work import Lease
from storage.columns import Key
from storage.tables import poller

_of = and_(
    poller.c.cell == bindparam("cell_", type_=Text()),
    poller.c.name == bindparam("name_", type_=Key()),
)
_ours = poller.c.token == bindparam("held_", type_=Text())
ADD = insert(poller).on_conflict_do_nothing()
LOOK = select(poller).where(_of).with_for_update()
TAKE = (
    update(poller)
    .where(_of)
    .values(token=bindparam("token_", type_=Text()), lease_until=bindparam("until_"))
)
RENEW = (
    update(poller)
    .where(_of, _ours)
    .values(lease_until=bindparam("until_"))
    .returning(poller.c.name)
)
GIVE_BACK = update(poller).where(_of, _ours).values(token="", lease_until=0)


def take(
    conn: Connection, cell: str, name: str, held: str, token: str, until: int, now: int
) -> Lease | None:
    """Take a free or expired lease, or keep one whose token ``held`` is ours."""
    key = {"cell_": cell, "name_": name}
    row = conn.execute(LOOK, key).first()
    if row is None:
        conn.execute(ADD, {"cell": cell, "name": name, "token": "", "lease_until": 0, "cursor": ""})
        row = conn.execute(LOOK, key).one()
    if held and row.token == held:
        token = held
    elif row.lease_until > now:
        return None
    conn.execute(TAKE, {**key, "token_": token, "until_": until})
    return Lease(name, token, row.cursor)


def renew(conn: Connection, cell: str, lease: Lease, until: int) -> bool:
    found = conn.execute(
        RENEW, {"cell_": cell, "name_": lease.poller, "held_": lease.token, "until_": until}
    )
    return found.first() is not None


def give_back(conn: Connection, cell: str, lease: Lease) -> None:
    conn.execute(GIVE_BACK, {"cell_": cell, "name_": lease.poller, "held_": lease.token})
