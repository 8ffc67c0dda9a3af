"""Which cases a partner's system still has, on every kind of store."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from store_parts import NOW, put, write

from app.running.handed_over import Handed
from router.case import Status
from router.decision import ServiceId
from router.delivery import DeliveryKind, DeliveryState
from router.directory import Level, Service
from router.message import Address
from router.ports import HandedOver
from router.work import CaseWrite, Unit

URL = "https://open311.partenaire.example"
ADDRESS = Address("partner_open311", URL, URL)


class Book:
    """One service with a server of its own, and one beside it."""

    directory = SimpleNamespace(
        services=lambda: (
            Service(ServiceId("voirie"), "voirie", Level.PARTNER, {}, "open311", URL),
            Service(ServiceId("autre"), "voirie", Level.PARTNER, {}, "email", "a@b.example"),
        )
    )

    def current(self):
        return self


async def test_what_was_taken_and_is_still_theirs_is_listed_oldest_first(store, parts):
    wanted = []
    for status, owner, state, address, kind in (
        (Status.ASSIGNED, "voirie", DeliveryState.SENT, ADDRESS, DeliveryKind.FORWARD),
        (Status.IN_PROGRESS, "voirie", DeliveryState.SENT, ADDRESS, DeliveryKind.FORWARD),
        (Status.RESOLVED, "voirie", DeliveryState.SENT, ADDRESS, DeliveryKind.FORWARD),
        (Status.ASSIGNED, "autre", DeliveryState.SENT, ADDRESS, DeliveryKind.FORWARD),
        (Status.ASSIGNED, "voirie", DeliveryState.QUEUED, ADDRESS, DeliveryKind.FORWARD),
        (Status.ASSIGNED, "voirie", DeliveryState.SENT, ADDRESS, DeliveryKind.NOTICE),
        (Status.ASSIGNED, "voirie", DeliveryState.SENT, replace(ADDRESS, account="x"),
         DeliveryKind.FORWARD),
    ):  # fmt: skip
        case = parts.case(status=status, owner=ServiceId(owner))
        await write(store, Unit(claims=(), cases=(CaseWrite(case, None),)))
        taken = f"{URL}#{case.id}"
        await put(
            store, parts,
            parts.delivery(address=address, kind=kind, case_id=case.id, state=state,
                           provider_id=taken if state is DeliveryState.SENT else "", created_at=NOW),
        )  # fmt: skip
        wanted.append(HandedOver(case.id, taken))
    handed = Handed(store, Book())
    assert await handed.handed_over("partner_open311", URL) == tuple(wanted[:2])
    assert await handed.handed_over("partner_open311", URL) == tuple(wanted[:2])
    assert await handed.handed_over("partner_open311", "https://other.example") == ()
