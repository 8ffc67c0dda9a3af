"""What becomes of an address to which nothing can be written."""

from __future__ import annotations

import pytest
from town import TownSender

from router.archive import Action
from router.case import EventKind
from router.delivery import DeliveryKind, DeliveryState
from router.message import Address
from router.outbox import Courier
from router.work import Wanted


async def sent(town, person: str) -> None:
    courier = Courier("send:memory|town", TownSender(), town.store, town.clock, town.ids)
    while await courier.run_once():
        pass


async def bounced(town, code: str, state: str = "bounced"):
    return await town.hear(
        "mailer-daemon", kind="receipt", state=state, provider_id="provider-1", code=code
    )


async def conversation(town, person: str):
    key = Address("memory", "town", person).key
    return (await town.store.gather(Wanted(conversations=frozenset([key])))).conversations[key]


@pytest.mark.parametrize(
    ("code", "flagged"),
    [("5.1.1", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False), ("550", False)],
)
async def test_a_bounce_fails_its_delivery_and_flags_an_address_that_is_gone(town, code, flagged):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await sent(town, "ana")
    worked = await bounced(town, code)
    assert worked.action is Action.RECEIPT
    (delivery,) = await town.store.list_deliveries([DeliveryState.BOUNCED], 10)
    assert delivery.kind is DeliveryKind.ACKNOWLEDGEMENT
    failed = [e for e in await town.store.events(case.id) if e.kind is EventKind.DELIVERY_FAILED]
    assert [code in event.text for event in failed] == [True]
    assert ("n'existe plus" in failed[0].text) is flagged
    assert (await conversation(town, "ana")).blocked is flagged
    assert await town.to("mailer-daemon") == []


async def test_a_delay_is_a_note_and_flags_nothing(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await sent(town, "ana")
    await bounced(town, "4.2.2", "deferred")
    assert await town.store.list_deliveries([DeliveryState.BOUNCED], 10) == []
    assert EventKind.DELIVERY_FAILED not in [e.kind for e in await town.store.events(case.id)]
    assert not (await conversation(town, "ana")).blocked


async def test_who_writes_again_is_answered_again(town):
    await town.hear("ana", "Le lampadaire est éteint")
    await sent(town, "ana")
    await bounced(town, "5.1.1")
    await town.hear("ana", "La poubelle déborde rue Scribe")
    assert [each.kind for each in await town.to("ana")] == [DeliveryKind.ACKNOWLEDGEMENT]


async def test_a_message_of_nobody_is_a_case_and_gets_no_reply_that_could_not_be_sent(town):
    worked = await town.hear("unreadable:1", "Le lampadaire est éteint", reachable=False)
    assert worked.action is Action.CREATE
    assert await town.to("unreadable:1") == []
    notes = [e.text for e in await town.store.events(worked.case.id) if e.kind is EventKind.NOTE]
    assert any("aucune adresse" in note for note in notes)


async def test_an_empty_message_of_nobody_is_not_helped(town):
    await town.hear("unreadable:1", "", reachable=False)
    assert await town.to("unreadable:1") == []
