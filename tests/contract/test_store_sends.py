"""The outbox: order, back-off, ranks, limits and fences, on every kind of store."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from store_parts import LEASE_S, MINUTE, NOW, SECOND, claims_of, put, texts, write

from router.case import EventKind
from router.delivery import DeliveryState, Rate
from router.message import Address
from router.work import Again, CaseWrite, Claim, DeliveryWrite, Settlement, Unit, Verdict, Wanted

ROLE = "send:sms|main"


async def claim(store, at=NOW, limit=10):
    return await store.claim_sends(ROLE, limit, LEASE_S, at)


async def send(store, found, state, at=NOW, **changes):
    """Begin, settle and finish the first delivery of a claim."""
    delivery = found.deliveries[0]
    assert await store.begin([(found.claim, delivery.id)], LEASE_S, at) == {delivery.id}
    after = replace(delivery, state=state, tries=delivery.tries + 1, **changes)
    await store.settle([Settlement(found.claim, after)], at)
    await store.finish([found.claim], at)
    return after


async def one(store, delivery_id):
    return (await store.gather(Wanted(deliveries=frozenset({delivery_id})))).deliveries[delivery_id]


async def test_a_queued_delivery_is_claimed_sent_and_gone(store, parts):
    delivery = parts.delivery(text="Votre numéro : 7K4M", subject="s", refs=("a", "b"), data="{}")
    await put(store, parts, delivery)
    assert await store.roles_waiting() == [ROLE]
    assert await store.pending() == 1
    [found] = await claim(store)
    assert found.deliveries == (delivery,)
    assert found.claim.role == ROLE
    assert await claim(store) == []
    await send(store, found, DeliveryState.SENT, provider_id="SM1 SM2")
    sent = await one(store, delivery.id)
    assert (sent.state, sent.tries, sent.provider_id) == (DeliveryState.SENT, 1, "SM1 SM2")
    assert sent.settled_at == NOW
    assert await store.roles_waiting() == []
    assert await store.pending() == 0
    assert await store.next_due(ROLE) is None


async def test_one_cause_never_writes_twice(store, parts):
    first = parts.delivery(idem="same")
    await put(store, parts, first, parts.delivery(idem="same"))
    await put(store, parts, parts.delivery("bob", idem="same"))
    assert texts(await claim(store)) == [[first.text]]


async def test_roles_are_worked_apart(store, parts):
    bot = Address("telegram", "bot", "42")
    await put(store, parts, parts.delivery(), parts.delivery(address=bot, text="bot"))
    assert texts(await store.claim_sends("send:telegram|bot", 10, 60, NOW)) == [["bot"]]
    assert texts(await claim(store)) == [["Merci"]]


async def test_a_delivery_that_was_never_to_be_sent_makes_no_work(store, parts):
    await put(store, parts, parts.delivery(state=DeliveryState.REJECTED, error="opted out"))
    assert await claim(store) == []
    assert await store.pending() == 0


async def test_deliveries_of_a_lane_leave_in_order(store, parts):
    await put(store, parts, *(parts.delivery(text=str(n)) for n in range(3)))
    await put(store, parts, parts.delivery("bob", text="b"))
    assert texts(await claim(store)) == [["0", "1", "2"], ["b"]]


async def test_one_put_off_holds_up_those_behind_it_for_a_quarter_of_an_hour(store, parts):
    first, second = parts.delivery(text="1"), parts.delivery(text="2")
    await put(store, parts, first, second)
    [found] = await claim(store)
    later = NOW + timedelta(hours=1)
    await send(store, found, DeliveryState.DEFERRED, not_before=later)
    assert await claim(store, NOW + 14 * MINUTE) == []
    assert await store.next_due(ROLE) == NOW + 15 * MINUTE
    [found] = await claim(store, NOW + 15 * MINUTE)
    assert [each.id for each in found.deliveries] == [second.id]
    await send(store, found, DeliveryState.SENT, NOW + 15 * MINUTE)
    assert await store.next_due(ROLE) == later
    [found] = await claim(store, later)
    assert [each.id for each in found.deliveries] == [first.id]


async def test_one_put_off_for_a_moment_keeps_its_place(store, parts):
    await put(store, parts, parts.delivery(text="1"), parts.delivery(text="2"))
    [found] = await claim(store)
    await send(store, found, DeliveryState.DEFERRED, not_before=NOW + 30 * SECOND)
    assert await store.next_due(ROLE) == NOW + 30 * SECOND
    assert await store.pending() == 2
    assert texts(await claim(store, NOW + 30 * SECOND)) == [["1", "2"]]


async def test_a_delivery_for_later_is_not_sent_early(store, parts):
    await put(store, parts, parts.delivery(not_before=NOW + MINUTE))
    assert await claim(store) == []
    assert await store.next_due(ROLE) == NOW + MINUTE
    assert len(await claim(store, NOW + MINUTE)) == 1


async def test_a_new_delivery_during_a_lease_is_found_when_the_lane_is_given_back(store, parts):
    await put(store, parts, parts.delivery(text="1"))
    [found] = await claim(store)
    await put(store, parts, parts.delivery(text="2"))
    assert await claim(store) == []
    await send(store, found, DeliveryState.SENT)
    assert texts(await claim(store)) == [["2"]]


async def test_what_a_killed_process_was_sending_is_found_as_sending(open_another, parts):
    killed = await open_another()
    delivery = parts.delivery()
    await put(killed, parts, delivery)
    [found] = await claim(killed)
    await killed.begin([(found.claim, delivery.id)], LEASE_S, NOW)
    other = await open_another()
    [again] = await claim(other, NOW + 2 * MINUTE)
    assert again.deliveries[0].state is DeliveryState.SENDING
    assert again.deliveries[0].tries == 1


async def test_beginning_renews_the_lease(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await store.begin([(found.claim, delivery.id)], 300, NOW + 50 * SECOND)
    assert await claim(store, NOW + 5 * MINUTE) == []
    assert len(await claim(store, NOW + 6 * MINUTE)) == 1


async def test_who_lost_his_claim_may_not_begin(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [mine] = await claim(store)
    [theirs] = await claim(store, NOW + 2 * MINUTE)
    sends = [(mine.claim, delivery.id)]
    assert await store.begin(sends, LEASE_S, NOW + 2 * MINUTE) == frozenset()
    sends = [(theirs.claim, delivery.id)]
    assert await store.begin(sends, LEASE_S, NOW + 2 * MINUTE) == {delivery.id}


async def test_who_lost_his_claim_still_reports_that_it_was_sent_but_no_less(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [mine] = await claim(store)
    await store.begin([(mine.claim, delivery.id)], LEASE_S, NOW)
    await claim(store, NOW + 2 * MINUTE)
    late = replace(delivery, state=DeliveryState.DEFERRED, not_before=NOW + MINUTE, error="late")
    await store.settle([Settlement(mine.claim, late)], NOW + 2 * MINUTE)
    assert (await one(store, delivery.id)).error == ""
    sent = replace(delivery, state=DeliveryState.SENT, provider_id="SM1")
    await store.settle([Settlement(mine.claim, sent)], NOW + 2 * MINUTE)
    assert (await one(store, delivery.id)).state is DeliveryState.SENT


async def test_a_settled_delivery_is_not_begun_again(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    receipt = DeliveryWrite(delivery.id, DeliveryState.DELIVERED)
    await write(store, Unit((), receipts=(receipt,)))
    assert await store.begin([(found.claim, delivery.id)], LEASE_S, NOW) == frozenset()


async def test_a_receipt_that_overtakes_the_outcome_keeps_its_rank(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await store.begin([(found.claim, delivery.id)], LEASE_S, NOW)
    receipt = DeliveryWrite(delivery.id, DeliveryState.DELIVERED, "SM1")
    await write(store, Unit((), receipts=(receipt,)))
    after = replace(delivery, state=DeliveryState.SENT, provider_id="SM1")
    await store.settle([Settlement(found.claim, after)], NOW)
    assert (await one(store, delivery.id)).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("later", list(DeliveryState))
@pytest.mark.parametrize("first", [DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.DEAD])
async def test_a_receipt_never_lowers_the_rank(store, parts, first, later):
    delivery = parts.delivery(state=first, error="before")
    await put(store, parts, delivery)
    receipt = DeliveryWrite(delivery.id, later, error="30003")
    assert await write(store, Unit((), receipts=(receipt,))) == [Verdict.COMMITTED]
    found = await one(store, delivery.id)
    if later.rank >= first.rank:
        assert (found.state, found.error) == (later, "30003")
    else:
        assert (found.state, found.error) == (first, "before")


async def test_a_receipt_for_nothing_known_changes_nothing(store):
    receipt = DeliveryWrite(12345, DeliveryState.DELIVERED)
    assert await write(store, Unit((), receipts=(receipt,))) == [Verdict.COMMITTED]


async def test_every_id_of_the_provider_leads_to_the_delivery_and_its_case(store, parts):
    case = parts.case()
    delivery = parts.delivery(case_id=case.id)
    await write(store, Unit((), cases=(CaseWrite(case, None),), deliveries=(delivery,)))
    [found] = await claim(store)
    await send(store, found, DeliveryState.SENT, provider_id="<a@b> SM2")
    gathered = await store.gather(
        Wanted(refs=frozenset({"<a@b>"}), provider_ids=frozenset({"SM2", "SM3"}))
    )
    assert gathered.refs == {"<a@b>": case.id}
    assert gathered.provider_ids == {"SM2": delivery.id}
    assert gathered.deliveries[delivery.id].state is DeliveryState.SENT
    assert gathered.cases == {case.id: case}


async def test_a_failure_is_told_to_the_case_and_raises_its_version(store, parts):
    case = parts.case()
    delivery = parts.delivery(case_id=case.id)
    await write(store, Unit((), cases=(CaseWrite(case, None),), deliveries=(delivery,)))
    [found] = await claim(store)
    event = parts.event(case, "dead", kind=EventKind.DELIVERY_FAILED)
    dead = replace(delivery, state=DeliveryState.DEAD, error="21610")
    await store.settle([Settlement(found.claim, dead, event)], NOW + SECOND)
    assert await store.events(case.id) == [event]
    after = await store.case_by_id(case.id)
    assert (after.version, after.updated_at) == (2, NOW + SECOND)
    stale = Unit((), cases=(CaseWrite(replace(case, version=2), 1),))
    assert await write(store, stale) == [Verdict.STALE_CASE]


async def test_a_lane_held_back_by_a_limit_counts_no_try(store, parts):
    await put(store, parts, parts.delivery())
    [found] = await claim(store)
    await store.finish([found.claim], NOW, not_before=NOW + 3 * SECOND)
    assert await store.next_due(ROLE) == NOW + 3 * SECOND
    [found] = await claim(store, NOW + 3 * SECOND)
    assert found.deliveries[0].tries == 0


async def test_finishing_a_lost_claim_does_not_open_the_lane(store, parts):
    await put(store, parts, parts.delivery())
    [mine] = await claim(store)
    [theirs] = await claim(store, NOW + 2 * MINUTE)
    await store.finish([mine.claim], NOW + 2 * MINUTE)
    assert await claim(store, NOW + 2 * MINUTE) == []
    await store.finish([theirs.claim, Claim(ROLE, "nobody", "x", NOW)], NOW + 2 * MINUTE)
    assert len(await claim(store, NOW + 2 * MINUTE)) == 1


async def test_release_of_a_send_lane_counts_no_try_of_the_provider(store, parts):
    await put(store, parts, parts.delivery())
    [found] = await claim(store)
    await store.release(claims_of([found]), NOW + SECOND, failed=True)
    [found] = await claim(store, NOW + SECOND)
    assert found.deliveries[0].tries == 0


async def test_a_dead_letter_is_kept_and_can_be_put_back(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await send(store, found, DeliveryState.DEAD, error="given up", not_before=None)
    [dead] = await store.list_deliveries([DeliveryState.DEAD, DeliveryState.BOUNCED])
    assert (dead.error, dead.text) == ("given up", delivery.text)
    assert await store.requeue(delivery.id, NOW + MINUTE)
    assert not await store.requeue(delivery.id, NOW + MINUTE)
    assert not await store.requeue(5, NOW)
    assert await store.list_deliveries([DeliveryState.QUEUED]) == [delivery]
    channel = delivery.address.channel
    assert await store.list_deliveries([DeliveryState.QUEUED], 1, channel) == [delivery]
    for other in (channel[:-1], f"{channel}x", "_" * len(channel), "%"):
        assert await store.list_deliveries([DeliveryState.QUEUED], 1, other) == []
    [found] = await claim(store, NOW + MINUTE)
    assert found.deliveries == (delivery,)


async def test_the_first_try_is_remembered_until_a_requeue_or_until_it_was_none(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await send(store, found, DeliveryState.DEFERRED)  # held back: no try
    assert (await one(store, delivery.id)).first_try_at is None
    [found] = await claim(store, NOW + MINUTE)
    await send(store, found, DeliveryState.DEFERRED, NOW + MINUTE, first_try_at=NOW + MINUTE)
    [found] = await claim(store, NOW + 2 * MINUTE)
    assert found.deliveries[0].first_try_at == NOW + MINUTE
    await store.begin([(found.claim, delivery.id)], LEASE_S, NOW + 2 * MINUTE)
    assert (await one(store, delivery.id)).first_try_at == NOW + MINUTE
    dead = replace(found.deliveries[0], state=DeliveryState.DEAD)
    await store.settle([Settlement(found.claim, dead)], NOW + 2 * MINUTE)
    await store.finish([found.claim], NOW + 2 * MINUTE)
    assert await store.requeue(delivery.id, NOW + 3 * MINUTE)
    assert (await one(store, delivery.id)).first_try_at is None


async def test_deliveries_may_be_read_from_the_newest_back(store, parts):
    sent = [parts.delivery(person) for person in ("anna", "bob", "cleo")]
    await put(store, parts, *sent)
    states = [DeliveryState.QUEUED]
    assert await store.list_deliveries(states, 2, newest=True) == [sent[2], sent[1]]
    assert await store.list_deliveries(states, 2) == [sent[0], sent[1]]


async def test_what_has_left_and_did_not_arrive_is_sent_once_more_when_it_is_due(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await send(store, found, DeliveryState.SENT, parts_sent=3, provider_id="a b c")
    again = Again(delivery.id, delivery.address, delivery.lane, NOW + MINUTE, "30003")
    await write(store, Unit(claims=(), again=(again,)))
    waiting = await one(store, delivery.id)
    assert (waiting.state, waiting.error) == (DeliveryState.DEFERRED, "30003")
    assert (waiting.tries, waiting.parts_sent, waiting.provider_id) == (1, 2, "")
    assert waiting.settled_at is None
    assert await claim(store, NOW + MINUTE - SECOND) == []
    [found] = await claim(store, NOW + MINUTE)
    assert found.deliveries == (waiting,)


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.BOUNCED])
async def test_what_arrived_or_was_lost_for_good_is_not_sent_once_more(store, parts, state):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    await send(store, found, DeliveryState.SENT)
    await write(store, Unit(claims=(), receipts=(DeliveryWrite(delivery.id, state),)))
    again = Again(delivery.id, delivery.address, delivery.lane, NOW + MINUTE, "30003")
    await write(store, Unit(claims=(), again=(again,)))
    assert (await one(store, delivery.id)).state is state
    assert await claim(store, NOW + MINUTE) == []


async def test_what_awaits_a_person_leaves_whole_when_he_writes_and_nothing_else_does(store, parts):
    anna, bob = parts.delivery("anna"), parts.delivery("bob")
    gone = parts.delivery("anna", text="déjà parti")
    await put(store, parts, anna, bob)
    for found in await claim(store):
        ids = {"parts_sent": 2, "provider_id": "a b", "not_before": None}
        await send(store, found, DeliveryState.SENT, **ids)
    refused = [DeliveryWrite(each.id, DeliveryState.AWAITS, error="63016") for each in (anna, bob)]
    await write(store, Unit(claims=(), receipts=tuple(refused)))
    await put(store, parts, gone)
    [found] = await claim(store)
    await send(store, found, DeliveryState.DEAD, error="x", not_before=None)
    late = DeliveryWrite(anna.id, DeliveryState.DELIVERED)
    await write(store, Unit(claims=(), receipts=(late,)))
    assert {each.id for each in await store.list_deliveries([DeliveryState.AWAITS])} == {
        anna.id,
        bob.id,
    }
    assert await claim(store, NOW + MINUTE) == []
    await write(store, Unit(claims=(), opened=(anna.address,)), at=NOW + MINUTE)
    [found] = await claim(store, NOW + MINUTE)
    assert found.deliveries == (anna,)
    assert (await one(store, bob.id)).state is DeliveryState.AWAITS
    assert (await one(store, gone.id)).state is DeliveryState.DEAD


def withheld(parts, person="anna", **more):
    nobody = Address("sms", "main", f"hash of {person}", "person")
    state = DeliveryState.WITHHELD
    return replace(parts.delivery(person, **more), address=nobody, lane=nobody.key, state=state)


async def kept_for(store, delivery):
    found = (await store.gather(Wanted(withheld=frozenset({delivery.lane})))).withheld
    return [each.id for each in found.get(delivery.lane, ())]


def told(delivery, where=None):
    there = where or Address("sms", "main", "anna")
    now = {"state": DeliveryState.QUEUED, "created_at": NOW + MINUTE}
    return replace(delivery, address=there, lane=there.key, **now)


async def test_what_is_withheld_is_found_by_whom_it_is_for_in_its_order_and_never_sent(
    store, parts
):
    case = parts.case()
    first = withheld(parts, text="un", case_id=case.id)
    last, other = withheld(parts, text="deux"), withheld(parts, "bob")
    await write(store, Unit(claims=(), cases=(CaseWrite(case, None),)))
    await put(store, parts, last, first, other)
    wanted = Wanted(withheld=frozenset({first.lane, "sms|main|person|nobody"}))
    found = await store.gather(wanted)
    assert found.withheld == {first.lane: (first, last)}
    assert found.cases == {case.id: case}
    assert await store.pending() == 0
    assert await claim(store, NOW + MINUTE) == []
    assert not await store.requeue(first.id, NOW)
    await write(store, Unit(claims=(), opened=(first.address,)))
    assert await claim(store, NOW + MINUTE) == []


async def test_what_was_withheld_leaves_once_for_where_it_is_told_before_what_came_later(
    store, parts
):
    first, last, other = withheld(parts), withheld(parts), withheld(parts, "bob")
    await put(store, parts, first, last, other)
    answer = parts.delivery("anna", text="bien reçu")
    unit = Unit(claims=(), deliveries=(answer,), told=(told(last), told(first)))
    await write(store, unit, at=NOW + MINUTE)
    [found] = await claim(store, NOW + MINUTE)
    assert found.deliveries == (told(first), told(last), answer)
    assert await kept_for(store, first) == []
    assert await kept_for(store, other) == [other.id]


async def test_what_is_withheld_and_told_in_one_breath_leaves_once(store, parts):
    first = withheld(parts)
    await write(store, Unit(claims=(), deliveries=(first,), told=(told(first),)))
    [found] = await claim(store)
    assert found.deliveries == (told(first),)


@pytest.mark.parametrize("there", ["anna", "elsewhere"])
async def test_what_was_told_is_not_told_again_wherever_it_is_asked_for(store, parts, there):
    first = withheld(parts)
    await put(store, parts, first)
    await write(store, Unit(claims=(), told=(told(first),)))
    [found] = await claim(store)
    sent = await send(store, found, DeliveryState.SENT, provider_id="a")
    again = told(first, Address("sms", "main", there))
    await write(store, Unit(claims=(), told=(again,)), at=NOW + MINUTE)
    assert await claim(store, NOW + MINUTE) == []
    assert (await one(store, first.id)).address == sent.address
    assert (await one(store, first.id)).state is DeliveryState.SENT


@pytest.mark.parametrize("state", [DeliveryState.BOUNCED, DeliveryState.REJECTED])
async def test_what_came_back_is_sent_anew_from_its_first_piece(store, parts, state):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    whole = {"parts_sent": 3, "provider_id": "a b c", "not_before": None}
    await send(store, found, state, error="come back", **whole)
    assert await store.requeue(delivery.id, NOW + MINUTE)
    [found] = await claim(store, NOW + MINUTE)
    assert found.deliveries == (delivery,)


async def test_what_was_given_up_half_way_goes_on_from_there(store, parts):
    delivery = parts.delivery()
    await put(store, parts, delivery)
    [found] = await claim(store)
    half = {"parts_sent": 1, "provider_id": "a", "not_before": None}
    await send(store, found, DeliveryState.DEAD, error="given up", **half)
    assert await store.requeue(delivery.id, NOW + MINUTE)
    [found] = await claim(store, NOW + MINUTE)
    assert [(one.parts_sent, one.provider_id) for one in found.deliveries] == [(1, "a")]


async def test_a_limit_is_shared_by_all_processes(open_another):
    one_, two = await open_another(), await open_another()
    rate = Rate(per_s=10, burst=5)
    first = await one_.reserve("sms|main", rate, 3, NOW)
    assert (first.granted, first.wait_s) == (3, 0)
    second = await two.reserve("sms|main", rate, 3, NOW)
    assert second.granted == 2
    assert second.wait_s == pytest.approx(0.1)
    assert (await one_.reserve("sms|main", rate, 1, NOW)).granted == 0
    soon = NOW + timedelta(seconds=0.1)
    assert (await two.reserve("sms|main", rate, 5, soon)).granted == 1
    assert (await two.reserve("telegram|bot", rate, 9, NOW)).granted == 5


@pytest.mark.parametrize("seed", range(4))
async def test_two_processes_reach_a_limit_and_never_pass_it(open_another, seed):
    draw, rate = random.Random(seed), Rate(per_s=20, burst=5)
    stores = [await open_another(), await open_another()]
    granted: list[tuple[float, int]] = []
    moment = 0.0
    while moment < 10:
        moment += draw.choice((0, 0.001, 0.01, 0.05))
        at = NOW + timedelta(seconds=moment)
        given = await draw.choice(stores).reserve(ROLE, rate, draw.randrange(1, 9), at)
        granted.append((moment, given.granted))
    total = sum(count for _, count in granted)
    assert total >= rate.per_s * 10  # whoever always asks loses nothing of it
    for first, (begin, _) in enumerate(granted):
        within = 0
        for end, count in granted[first:]:
            within += count
            assert within <= rate.burst + rate.per_s * (end - begin) + 0.001


async def test_a_provider_that_says_too_many_stops_everybody(open_another):
    one_, two = await open_another(), await open_another()
    rate = Rate(per_s=10, burst=5)
    await one_.postpone("sms|main", NOW + MINUTE)
    await one_.postpone("sms|main", NOW + SECOND)
    stopped = await two.reserve("sms|main", rate, 1, NOW)
    assert (stopped.granted, stopped.wait_s) == (0, 60)
    assert (await two.reserve("sms|main", rate, 1, NOW + MINUTE)).granted == 1
