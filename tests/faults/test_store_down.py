"""A store that fails for a while, seen by those who work with it."""

from __future__ import annotations

import asyncio

import pytest
from town import TownSender

from router.errors import StoreUnavailable
from router.outbox import Courier


class Forgetful:
    """A send queue that cannot record the outcome of one lane's deliveries."""

    def __init__(self, store, person: str) -> None:
        self._store, self._person = store, person

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def settle(self, settlements, now):
        if settlements[0].delivery.address.value == self._person:
            raise StoreUnavailable("the disk is full")
        await self._store.settle(settlements, now)


class Slow(TownSender):
    """Is still sending to bob when ana's outcome could not be recorded."""

    async def send(self, part, idem):
        if part.delivery.address.value == "bob":
            await asyncio.sleep(0.05)
        return await super().send(part, idem)


async def test_a_store_that_fails_one_lane_does_not_cut_what_the_others_are_sending(town):
    await town.hear("ana", "Le lampadaire est éteint")
    await town.hear("bob", "La poubelle déborde")
    sender = Slow()
    queue = Forgetful(town.store, "ana")
    courier = Courier("send:memory|town", sender, queue, town.clock, town.ids)
    with pytest.raises(StoreUnavailable):
        await courier.run_once()
    assert sorted(delivery.address.value for delivery, _ in sender.sent) == ["ana", "bob"]
    town.clock.pass_(minutes=2)
    courier = Courier("send:memory|town", sender, town.store, town.clock, town.ids)
    await courier.run_once()
    sent = sorted(delivery.address.value for delivery, _ in sender.sent)
    assert sent == ["ana", "ana", "bob"]  # only hers had to be sent again
