"""Locks are taken in one order, so that two transactions never wait for each other in a ring."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from store_parts import NOW, write

from router.case import EventKind
from router.delivery import DeliveryState
from router.work import CaseWrite, Claim, DeliveryWrite, Settlement, Unit
from storage import lanes

_roles = st.sampled_from(["route", "send:a|b", "send:sms|main", "timer"])
_lanes = st.tuples(_roles, st.sampled_from("abcdef"))


class _Recording:
    """A connection that notes the lanes that each statement locks, in the order of its locks."""

    def __init__(self) -> None:
        self.locked: list[tuple[str, str]] = []

    def execute(self, statement, parameters):
        if isinstance(parameters, list):
            self.locked += [(row["role"], row["key"]) for row in parameters]
        else:
            self.locked += [(parameters["role_"], key) for key in sorted(parameters["keys_"])]
        return self

    def all(self):
        return []


@given(claims=st.sets(_lanes), due=st.dictionaries(_lanes, st.integers(0, 9)))
def test_a_commit_locks_the_lanes_of_all_roles_in_one_order(claims, due):
    connection = _Recording()
    held = {Claim(role, key, "t", NOW) for role, key in claims}
    lanes.lock(connection, "main", held, due)
    roles = [role for role, _ in connection.locked]
    assert roles == sorted(roles)
    assert set(connection.locked) == claims | due.keys()


async def test_an_outcome_and_a_receipt_lock_the_case_before_the_delivery(database_store, parts):
    store, seen = database_store, []
    case = parts.case()
    delivery = parts.delivery(case_id=case.id)
    await write(store, Unit((), cases=(CaseWrite(case, None),), deliveries=(delivery,)))
    [found] = await store.claim_sends("send:sms|main", 1, 60, NOW)

    def note(_connection, _cursor, sql, *_):
        # SQLite knows no row locks: there the statements that would take them are looked at
        seen.extend(
            table
            for table in ("case_", "delivery")
            if f"UPDATE {table} " in sql or f"FROM {table} " in sql
        )

    told = parts.event(case, "dead", kind=EventKind.DELIVERY_FAILED)
    settlement = Settlement(found.claim, replace(delivery, state=DeliveryState.DEAD), told)

    async def traced(call):
        seen.clear()
        real = store._database.write

        async def watched(tx):
            def inner(connection):
                event.listen(connection, "before_cursor_execute", note)
                try:
                    return tx(connection)
                finally:
                    event.remove(connection, "before_cursor_execute", note)

            return await real(inner)

        store._database.write = watched
        try:
            await call
        finally:
            store._database.write = real
        return list(dict.fromkeys(seen))

    assert await traced(store.settle([settlement], NOW)) == ["case_", "delivery"]
    receipt = DeliveryWrite(delivery.id, DeliveryState.DEAD)
    change = CaseWrite(replace(case, version=3), 2)
    unit = Unit((), cases=(change,), receipts=(receipt,))
    assert await traced(store.commit([unit], NOW)) == ["case_", "delivery"]
