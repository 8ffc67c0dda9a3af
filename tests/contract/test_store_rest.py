"""Timers, leases of pollers, looking things up and versions of the rules, on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store_parts import LEASE_S, MINUTE, NOW, SECOND, envelope, put, write

from router.archive import Action, CaseFilter, Tallied
from router.case import Status
from router.decision import ServiceId
from router.delivery import DeliveryState
from router.tracking import printed
from router.work import TIMER, CaseWrite, Done, Timer, TimerKind, Unit, Verdict

HOUR = timedelta(hours=1)


async def opened(store, parts, *delays, person="anna", **more):
    """Write a case with a timer after each delay."""
    case = parts.case(person, **more)
    timers = tuple(
        Timer(parts.ids.next(), case.id, TimerKind.DEADLINE, NOW + delay, 0) for delay in delays
    )
    await write(store, Unit((), cases=(CaseWrite(case, None),), timers=timers))
    return case, timers


async def clock(store, at, limit=10):
    return await store.claim_timers(limit, LEASE_S, at)


async def test_a_timer_is_handed_out_when_it_is_due_and_never_early(store, parts):
    case, timers = await opened(store, parts, HOUR)
    assert await store.next_due(TIMER) == NOW + HOUR
    assert await clock(store, NOW + HOUR - SECOND) == []
    [found] = await clock(store, NOW + HOUR)
    assert (found.timers, found.case, found.unrouted) == (timers, case, False)
    assert await clock(store, NOW + HOUR) == []
    assert await store.pending() == 0


async def test_a_late_start_finds_all_that_fell_due_and_leaves_the_rest(store, parts):
    _, timers = await opened(store, parts, HOUR, 2 * HOUR, 50 * HOUR)
    [found] = await clock(store, NOW + 3 * HOUR)
    assert found.timers == timers[:2]
    unit = Unit((found.claim,), timers_done=tuple(timer.id for timer in found.timers))
    assert await write(store, unit, at=NOW + 3 * HOUR) == [Verdict.COMMITTED]
    assert await store.next_due(TIMER) == NOW + 50 * HOUR
    [rest] = await clock(store, NOW + 50 * HOUR)
    assert rest.timers == timers[2:]
    await write(store, Unit((rest.claim,), timers_done=(timers[2].id,)), at=NOW + 50 * HOUR)
    assert await store.next_due(TIMER) is None


async def test_a_timer_set_while_another_is_worked_is_not_lost(store, parts):
    case, [timer] = await opened(store, parts, HOUR)
    [found] = await clock(store, NOW + HOUR)
    later = replace(timer, id=parts.ids.next(), not_before=NOW + 2 * HOUR)
    unit = Unit((found.claim,), timers=(later,), timers_done=(timer.id,))
    await write(store, unit, at=NOW + HOUR)
    [found] = await clock(store, NOW + 2 * HOUR)
    assert (found.claim.lane, found.timers) == (str(case.id), (later,))


async def test_a_timer_tells_that_a_reporter_waits_to_be_read(store, parts):
    await opened(store, parts, HOUR)
    await opened(store, parts, HOUR, person="bob")
    await store.accept([envelope("anna", id="1")])
    found = await clock(store, NOW + HOUR)
    people = {each.case.reporters[0].address.value: each.unrouted for each in found}
    assert people == {"anna": True, "bob": False}
    await store.release([each.claim for each in found], NOW + HOUR + MINUTE)
    assert await clock(store, NOW + HOUR) == []
    assert len(await clock(store, NOW + HOUR + MINUTE)) == 2


async def test_a_timer_whose_worker_was_killed_comes_again(open_another, parts):
    killed = await open_another()
    await opened(killed, parts, HOUR)
    await clock(killed, NOW + HOUR)
    other = await open_another()
    assert await clock(other, NOW + HOUR + SECOND) == []
    assert len(await clock(other, NOW + HOUR + 2 * MINUTE)) == 1


async def test_a_timer_of_a_case_that_is_gone_is_handed_out_without_it(store, parts):
    timer = Timer(parts.ids.next(), 77, TimerKind.DEADLINE, NOW, 0)
    await write(store, Unit((), timers=(timer,)))
    [found] = await clock(store, NOW)
    assert found.case is None
    assert not found.unrouted


async def test_one_process_polls_and_keeps_its_lease(open_another):
    mine, theirs = await open_another(), await open_another()
    lease = await mine.take("imap", 60, NOW)
    assert lease.cursor == ""
    if mine is not theirs:
        assert await theirs.take("imap", 60, NOW + SECOND) is None
    kept = await mine.take("imap", 60, NOW + 30 * SECOND)
    assert kept.token == lease.token
    assert await mine.renew(lease, 60, NOW + MINUTE)


async def test_a_lease_passes_on_when_it_ends_or_is_given_back(open_another):
    mine, theirs = await open_another(), await open_another()
    if mine is theirs:
        return  # one memory is one process, and it keeps its lease
    lease = await mine.take("imap", 60, NOW)
    taken = await theirs.take("imap", 60, NOW + 61 * SECOND)
    assert taken.token != lease.token
    assert not await mine.renew(lease, 60, NOW + 62 * SECOND)
    await mine.give_back(lease)  # no longer his to give
    assert await mine.take("imap", 60, NOW + 63 * SECOND) is None
    await theirs.give_back(taken)
    assert await mine.take("imap", 60, NOW + 64 * SECOND) is not None


async def test_leases_of_the_dead_can_be_forgotten(store, parts):
    await store.accept([envelope(id="1")])
    [route] = await store.claim_routes(10, LEASE_S, NOW)
    delivery = parts.delivery()
    await put(store, parts, delivery)
    role = "send:sms|main"
    [sending] = await store.claim_sends(role, 10, LEASE_S, NOW)
    await store.begin([(sending.claim, delivery.id)], LEASE_S, NOW)
    lease = await store.take("imap", 60, NOW)
    await store.forget_leases(NOW + SECOND)
    [again] = await store.claim_routes(10, LEASE_S, NOW + SECOND)
    assert again.claim.token != route.claim.token
    [found] = await store.claim_sends(role, 10, LEASE_S, NOW + SECOND)
    assert found.deliveries[0].state is DeliveryState.SENDING
    assert not await store.renew(lease, 60, NOW + SECOND)
    assert (await store.take("imap", 60, NOW + SECOND)).token != lease.token
    assert await write(store, parts.unit(route, parts.case())) == [Verdict.LOST_CLAIM]


async def test_forgetting_leaves_alone_what_nobody_had_taken(store, parts):
    await opened(store, parts, HOUR)
    await store.forget_leases(NOW)
    assert await clock(store, NOW + HOUR - SECOND) == []
    assert len(await clock(store, NOW + HOUR)) == 1


async def test_cases_are_listed_newest_first_and_filtered(store, parts):
    first, _ = await opened(store, parts, text="Un NID de poule 50%", labels=("a-verifier", 'é"_'))
    second, _ = await opened(
        store, parts, owner=ServiceId("eau"), subject="Fuite d'eau", text='"a-verifier"'
    )
    third, _ = await opened(
        store,
        parts,
        status=Status.CLOSED,
        channel="email",
        parent=first.id,
        partner_ref='SR-2026 "é"_1',
    )

    async def ids(**wanted):
        return [case.id for case in await store.cases(CaseFilter(**wanted))]

    assert await ids() == [third.id, second.id, first.id]
    assert await ids(limit=1) == [third.id]
    assert await ids(before=third.id) == [second.id, first.id]
    assert await ids(owner="eau") == [second.id]
    assert await ids(label="A-verifier") == await ids(label='é"_') == [first.id]
    assert await ids(label="verifier") == []
    assert await ids(status="closed") == [third.id]
    assert await ids(channel="email") == [third.id]
    assert await ids(text="nid de") == [first.id]
    assert await ids(text="0%") == [first.id]
    assert await ids(text="_") == []
    assert await ids(text="FUITE") == [second.id]
    assert await ids(text=printed(third.number).lower()) == [third.id]
    assert await ids(text='sr-2026 "é"_1 ') == [third.id]  # a service's own number, whole
    assert await ids(text="sr-2026") == []
    assert await ids(text="partner_ref") == []
    assert await store.children(first.id) == [third]
    assert await store.children(second.id) == []
    assert await store.case(parts.ids.number()) is None
    assert await store.case_by_id(3) is None


async def test_a_published_version_of_the_rules_is_live_at_once(open_another):
    one, two = await open_another(), await open_another()
    assert await one.active() is None
    assert await one.active_hash() is None
    files = {"regles/a.yaml": "é".encode(), "logo.png": b"\x00\xff"}
    first = await one.publish(files, "h1", "Awa", "first start", NOW)
    assert (first.version, first.hash) == (1, "h1")
    assert await two.active() == first
    second = await two.publish({}, "h2", "Lu", "noise at night", NOW + MINUTE)
    assert second.version == 2
    assert await one.active() == second
    assert await one.active_hash() == "h2"


async def test_the_journal_is_counted_by_account_day_and_outcome(store, parts):
    day = 24 * HOUR
    for id, at in (("a1", NOW - day), ("b1", NOW), ("b2", NOW + HOUR), ("late", NOW + day)):
        await store.accept([envelope(id=id, at=at)])
    [claim] = await store.claim_routes(9, LEASE_S, NOW + 2 * day)
    done = Done(claim.inbound[0].id, Action.IGNORE)
    await write(store, Unit((claim.claim,), done=(done,)), at=NOW + 2 * day)
    found = await store.tally([NOW - day, NOW, NOW + day])
    assert set(found) == {
        Tallied("sms", "main", 0, Action.IGNORE, 1),
        Tallied("sms", "main", 1, None, 2),
    }
    assert await store.tally([NOW + 2 * day, NOW + 3 * day]) == []


async def test_ids_of_a_provider_that_never_came_are_named_in_their_order(store, parts):
    await store.accept([envelope(id="known")])
    many = [f"id{number}" for number in range(1_200)]
    assert await store.unknown("sms", "main", [*many, "known"]) == many
    assert await store.unknown("sms", "elsewhere", ["known"]) == ["known"]
    assert await store.unknown("sms", "main", []) == []
