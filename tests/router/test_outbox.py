"""The outbox: order, limits, retries, and giving up where people see it."""

import random
from datetime import timedelta

import pytest
from town import Town, TownSender

from router.case import EventKind
from router.delivery import (
    DeliveryState,
    OnUnknown,
    OptedOut,
    Permanent,
    Rate,
    Retry,
    Sent,
    Unknown,
)
from router.outbox import GIVE_UP, UNKNOWN_WAIT, Courier

ROLE = "send:memory|town"


@pytest.fixture
async def queued(town):
    await town.hear("ana", "Le lampadaire est éteint")
    (delivery,) = await town.to("ana")
    return delivery


def courier(town: Town, sender: TownSender) -> Courier:
    return Courier(ROLE, sender, town.store, town.clock, town.ids)


async def state_of(town, delivery):
    found = await town.store.list_deliveries(list(DeliveryState), 1000)
    return next(known for known in found if known.id == delivery.id)


async def test_what_each_try_comes_to_is_told(town, queued):
    heard: list[object] = []
    sender = TownSender([Retry("503")])
    one = Courier(ROLE, sender, town.store, town.clock, town.ids, told=heard.append)
    await one.run_once()
    town.clock.pass_(seconds=70)
    await one.run_once()
    assert heard == [Retry("503"), Sent(("provider-1",))]


async def test_what_is_queued_is_sent_once(town, queued):
    sender = TownSender()
    assert await courier(town, sender).run_once() == 1
    assert await courier(town, sender).run_once() == 0
    assert [idem for _, idem in sender.sent] == [queued.idem]
    sent = await state_of(town, queued)
    assert (sent.state, sent.provider_id, sent.tries) == (DeliveryState.SENT, "provider-1", 1)


@pytest.mark.parametrize("trouble", [Retry("503"), Unknown("cut"), OSError("defect")])
async def test_a_passing_trouble_is_tried_again_after_its_back_off(town, queued, trouble):
    sender = TownSender([trouble])
    await courier(town, sender).run_once()
    assert await courier(town, sender).run_once() == 0
    town.clock.pass_(seconds=70)
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.SENT
    assert len(sender.sent) == 1


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (Permanent("550", "no such user"), DeliveryState.DEAD),
        (OptedOut("blocked"), DeliveryState.REJECTED),
    ],
)
async def test_a_refusal_for_good_is_told_to_the_case(town, queued, refusal, state):
    await courier(town, TownSender([refusal])).run_once()
    assert (await state_of(town, queued)).state is state
    events = await town.store.events(queued.case_id)
    assert EventKind.DELIVERY_FAILED in [event.kind for event in events]


async def test_it_gives_up_after_two_days_and_can_be_requeued(town, queued):
    sender = TownSender([Retry("503"), Retry("503")])
    await courier(town, sender).run_once()
    town.clock.time += GIVE_UP
    await courier(town, sender).run_once()
    dead = await state_of(town, queued)
    assert dead.state is DeliveryState.DEAD
    assert "abandonné après 2 essais" in dead.error
    assert await town.store.requeue(queued.id, town.clock.now())
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.SENT


async def test_what_was_held_back_is_not_given_up_however_long_it_waited(town, queued):
    sender = TownSender([Retry("it rests", 900.0, held=True)])
    town.clock.time += 2 * GIVE_UP
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEFERRED
    town.clock.pass_(seconds=1000)
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.SENT


async def test_a_429_holds_the_whole_account_back(town, queued):
    sender = TownSender([Retry("429", after_s=30, throttled=True)])
    await courier(town, sender).run_once()
    await town.hear("bob", "La poubelle déborde")
    assert await courier(town, sender).run_once() == 0
    town.clock.pass_(seconds=60)
    await courier(town, sender).run_once()
    assert len(sender.sent) == 2


async def test_the_provider_s_limit_is_kept_over_two_processes(town):
    for person in range(12):
        await town.hear(f"p{person}", "La poubelle déborde")
    sender = TownSender(rate=Rate(per_s=5, burst=5))
    for _ in range(4):
        await courier(town, sender).run_once()
    assert len(sender.sent) == 5
    town.clock.pass_(seconds=1)
    for _ in range(4):
        await courier(town, sender).run_once()
    assert len(sender.sent) == 10


async def test_order_is_kept_behind_one_that_waits_for_fifteen_minutes(town, queued):
    sender = TownSender([Retry("503", after_s=3600)])
    await courier(town, sender).run_once()
    await town.hear("ana", "La poubelle déborde")
    await courier(town, sender).run_once()
    assert sender.sent == []
    town.clock.time += timedelta(minutes=16)
    await courier(town, sender).run_once()
    assert len(sender.sent) == 1


async def test_a_long_text_goes_on_from_the_piece_that_was_not_taken(town, queued):
    sender = TownSender([Sent(("x",)), Retry("503")], pieces=3)
    await courier(town, sender).run_once()
    town.clock.pass_(seconds=120)
    await courier(town, sender).run_once()
    assert [idem.rsplit("-", 1)[1] for _, idem in sender.sent] == ["0", "1", "2"]


async def _crash_while_sending(town, queued):
    """Mark the delivery as being sent and never say how it ended."""
    (claim,) = await town.store.claim_sends(ROLE, 10, 30, town.clock.now())
    await town.store.begin([(claim.claim, queued.id)], 30, town.clock.now())
    town.clock.pass_(seconds=31)


@pytest.mark.parametrize(
    ("wish", "state", "copies"),
    [
        (OnUnknown.RESEND, DeliveryState.SENT, 1),
        (OnUnknown.HOLD, DeliveryState.DEAD, 0),
        (OnUnknown.WAIT, DeliveryState.SENDING, 0),
    ],
)
async def test_a_send_cut_by_a_crash_is_settled_as_its_channel_wishes(
    town, queued, wish, state, copies
):
    await _crash_while_sending(town, queued)
    sender = TownSender(on_unknown=wish)
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is state
    assert len(sender.sent) == copies


@pytest.mark.parametrize("wish", [OnUnknown.WAIT, OnUnknown.FIND])
async def test_what_cannot_be_found_out_now_is_found_out_later_and_not_sent_again(
    town, queued, wish
):
    await _crash_while_sending(town, queued)
    sender = TownSender(on_unknown=wish, found=[Retry("503"), OSError("cut"), Sent(("p1",))])
    for _ in range(3):
        await courier(town, sender).run_once()
        town.clock.pass_(seconds=200)
    assert sender.sent == []
    if wish is OnUnknown.FIND:
        town.clock.pass_(seconds=900)
        await courier(town, sender).run_once()
        assert sender.sent == []
        assert (await state_of(town, queued)).state is DeliveryState.SENT


async def test_a_channel_s_defect_says_nothing_of_what_left(town, queued):
    sender = TownSender([OSError("defect after the call")], on_unknown=OnUnknown.FIND)
    sender.found = [Sent(("p1",))]
    await courier(town, sender).run_once()
    town.clock.pass_(seconds=70)
    await courier(town, sender).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.SENT
    assert sender.sent == []


async def test_a_callback_that_never_comes_leaves_the_send_to_an_agent(town, queued):
    await _crash_while_sending(town, queued)
    town.clock.time += UNKNOWN_WAIT
    await courier(town, TownSender(on_unknown=OnUnknown.WAIT)).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEAD


async def test_a_worker_that_wakes_with_an_old_lease_sends_nothing(town, queued):
    late, quick = TownSender(), TownSender()
    (claim,) = await town.store.claim_sends(ROLE, 10, 30, town.clock.now())
    town.clock.pass_(seconds=31)
    await courier(town, quick).run_once()
    ours = await town.store.begin([(claim.claim, queued.id)], 30, town.clock.now())
    assert ours == frozenset()
    assert (len(quick.sent), len(late.sent)) == (1, 0)


async def test_what_was_requeued_is_tried_as_long_as_anything(town, queued):
    one = courier(town, TownSender([Retry("503")] * 4))
    await one.run_once()
    town.clock.time += GIVE_UP
    await one.run_once()
    await town.store.requeue(queued.id, town.clock.now())
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEFERRED
    town.clock.time += GIVE_UP
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEAD


async def test_what_was_held_back_for_two_days_survives_one_503(town, queued):
    held = Retry("rests", 900.0, held=True)
    one = courier(town, TownSender([held, held, Retry("503"), held, Retry("503")]))
    await one.run_once()
    town.clock.time += GIVE_UP
    for _ in range(2):
        await one.run_once()
        town.clock.pass_(seconds=1000)
    assert (await state_of(town, queued)).state is DeliveryState.DEFERRED
    town.clock.time += GIVE_UP
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEFERRED
    town.clock.pass_(seconds=1000)
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEAD


async def test_what_lay_in_the_queue_for_two_days_survives_one_503(town, queued):
    town.clock.time += GIVE_UP
    await courier(town, TownSender([Retry("503")])).run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEFERRED


async def test_a_callback_has_its_time_however_long_the_text_waited_before(town, queued):
    town.clock.time += GIVE_UP
    await _crash_while_sending(town, queued)
    one = courier(town, TownSender(on_unknown=OnUnknown.WAIT))
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.SENDING
    town.clock.time += UNKNOWN_WAIT
    await one.run_once()
    assert (await state_of(town, queued)).state is DeliveryState.DEAD


async def test_the_waits_are_those_of_the_table_until_two_days_have_passed(town, queued):
    """1, 5, 15 and 60 minutes, then every 4 hours; one tenth of each at most is added by chance."""
    one = Courier(
        ROLE, TownSender([Retry("503")] * 99), town.store, town.clock, town.ids, spread=_Never()
    )
    begun, tries = town.clock.now(), []
    while (known := await state_of(town, queued)).state is not DeliveryState.DEAD:
        if known.not_before:
            town.clock.time = known.not_before - timedelta(seconds=1)
            assert await one.run_once() == 0
            town.clock.time = known.not_before
        tries.append(town.clock.now() - begun)
        assert await one.run_once() == 1
    minutes = [0, 1, 6, 21, 81, *(81 + 240 * n for n in range(1, 13))]
    assert tries == [timedelta(minutes=each) for each in minutes]
    assert tries[-2] < GIVE_UP <= tries[-1]


class _Never(random.Random):
    """Adds nothing by chance."""

    def random(self) -> float:
        return 0.0


@pytest.mark.parametrize("pieces", [2, 4, 5, 8])
async def test_the_provider_s_limit_counts_calls_and_not_texts(town, pieces):
    for person in range(5):
        await town.hear(f"p{person}", "La poubelle déborde")
    sender = TownSender(rate=Rate(per_s=5, burst=5), pieces=pieces)
    one = courier(town, sender)
    for second in range(1, 60):
        for _ in range(3):
            await one.run_once()
        assert len(sender.sent) <= 5 * second
        town.clock.pass_(seconds=1)
    by_text = [idem for _, idem in sender.sent]
    assert len(by_text) == len(set(by_text)) == 5 * pieces
    found = await town.store.list_deliveries(list(DeliveryState), 1000)
    states = {one.state for one in found if one.address.channel == "memory"}
    assert states == {DeliveryState.SENT}


class _Slow(TownSender):
    """Takes its time for each piece, and lets something happen in the midst of it."""

    def __init__(self, town, takes, meanwhile, pieces):
        super().__init__(pieces=pieces, deadline_s=15.0)
        self.town, self.takes, self.meanwhile = town, list(takes), meanwhile

    async def send(self, part, idem):
        self.town.clock.pass_(seconds=self.takes.pop(0))
        await self.meanwhile()
        return await super().send(part, idem)


async def test_a_long_text_that_leaves_slowly_is_not_begun_by_another_courier(town, queued):
    other = TownSender(pieces=8, deadline_s=15.0)

    async def look():
        await courier(town, other).run_once()

    slow = _Slow(town, [14] * 8, look, pieces=8)
    await courier(town, slow).run_once()
    assert (len(slow.sent), len(other.sent)) == (8, 0)
    assert (await state_of(town, queued)).state is DeliveryState.SENT


async def test_who_slept_beyond_his_lease_sends_no_more_pieces(town, queued):
    other = TownSender(pieces=3, deadline_s=15.0)

    async def look():
        await courier(town, other).run_once()

    slow = _Slow(town, [1, 3600, 1], look, pieces=3)
    await courier(town, slow).run_once()
    assert len(other.sent) == 3
    assert len(slow.sent) == 2  # the one that was under way when it slept
    assert (await state_of(town, queued)).state is DeliveryState.SENT


class _Unfit(TownSender):
    """Cannot fit one person's words to its channel."""

    def render(self, delivery):
        if delivery.address.value == "ana":
            raise ValueError("a defect")
        return super().render(delivery)


async def test_words_that_a_channel_cannot_render_hold_up_nobody_else(town, queued):
    await town.hear("bob", "La poubelle déborde")
    sender = _Unfit()
    await courier(town, sender).run_once()
    assert [sent.address.value for sent, _ in sender.sent] == ["bob"]
    assert "ValueError" in (await state_of(town, queued)).error


async def test_what_is_given_up_after_two_days_is_told_and_nothing_else_is(town, queued):
    await town.hear("bob", "La poubelle déborde")
    gone: list[str] = []
    sender = TownSender([Retry("503"), Permanent("550", "no such user"), Retry("503")])
    one = Courier(
        ROLE, sender, town.store, town.clock, town.ids, gave_up=lambda each: gone.append(each.error)
    )
    await one.run_once()
    assert gone == []
    town.clock.time += GIVE_UP
    await one.run_once()
    assert gone == ["abandonné après 2 essais : 503"]
