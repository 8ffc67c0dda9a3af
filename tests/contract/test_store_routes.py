"""The journal and the route queue, on every kind of store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_parts import LEASE_S, MINUTE, NOW, SECOND, envelope, key, take, write

from router.archive import Action
from router.case import Status
from router.decision import Place, Point
from router.errors import StoreUnavailable
from router.message import Address
from router.work import ROUTE, CaseWrite, Conversation, CursorWrite, Done, Unit, Verdict, Wanted


async def test_what_is_accepted_waits_to_be_routed_with_its_payload(store):
    [accepted] = await store.accept([envelope(id="1", text="Un nid-de-poule", ref="r1", note="n")])
    assert accepted.new
    [found] = await take(store)
    assert found.claim.lane == key("anna")
    assert found.claim.role == ROUTE
    assert found.claim.until == NOW + MINUTE
    assert found.inbound[0].id == accepted.inbound_id
    assert found.inbound[0].envelope == envelope(id="1", text="Un nid-de-poule", ref="r1", note="n")
    assert await store.envelope(accepted.inbound_id) == found.inbound[0].envelope
    assert await store.envelope(1) is None


async def test_the_same_message_twice_is_one_row(store):
    [first] = await store.accept([envelope(id="1")])
    again, other, twin = await store.accept(
        [envelope(id="1", text="changed"), envelope(id="2"), envelope(id="2")]
    )
    assert again.inbound_id == first.inbound_id
    assert [again.new, other.new, twin.new] == [False, True, False]
    assert twin.inbound_id == other.inbound_id
    assert await store.pending() == 2
    elsewhere = await store.accept([envelope(id="1", account="second")])
    assert elsewhere[0].new


async def test_a_message_worked_before_stays_worked_when_it_comes_again(store, parts):
    await store.accept([envelope(id="1")])
    [found] = await take(store)
    assert await write(store, parts.unit(found)) == [Verdict.COMMITTED]
    [again] = await store.accept([envelope(id="1")])
    assert not again.new
    assert await take(store) == []


async def test_messages_of_one_conversation_come_together_in_order(store):
    await store.accept([envelope(id=str(n), text=str(n)) for n in range(5)])
    await store.accept([envelope("bob", id="b")])
    anna, bob = await take(store)
    assert [each.envelope.payload for each in anna.inbound] == [b"0", b"1", b"2", b"3", b"4"]
    assert bob.claim.lane == key("bob")
    assert anna.claim.token != bob.claim.token


async def test_a_hot_conversation_is_handed_out_in_pieces(store, parts):
    await store.accept([envelope(id=str(n), text=str(n)) for n in range(40)])
    [first] = await take(store)
    assert len(first.inbound) == 32
    await write(store, parts.unit(first))
    [rest] = await take(store)
    assert [each.envelope.payload for each in rest.inbound] == [b"%d" % n for n in range(32, 40)]


async def test_limit_and_oldest_first(store):
    await store.accept([envelope("late", id="l", at=NOW - SECOND)])
    await store.accept([envelope("early", id="e", at=NOW - MINUTE)])
    [found] = await take(store, limit=1)
    assert found.claim.lane == key("early")


async def test_a_claimed_lane_is_out_of_reach_until_its_lease_ends(store):
    await store.accept([envelope(id="1")])
    [mine] = await take(store)
    assert await take(store, at=NOW + timedelta(seconds=LEASE_S - 1)) == []
    [theirs] = await take(store, at=NOW + timedelta(seconds=LEASE_S + 1))
    assert theirs.claim.token != mine.claim.token


async def test_a_lost_claim_commits_nothing(store, parts):
    await store.accept([envelope(id="1")])
    [mine] = await take(store)
    [theirs] = await take(store, at=NOW + 2 * MINUTE)
    case = parts.case()
    unit = parts.unit(mine, case, events=(parts.event(case),), deliveries=(parts.delivery(),))
    assert await write(store, unit, at=NOW + 2 * MINUTE) == [Verdict.LOST_CLAIM]
    assert await store.case_by_id(case.id) is None
    assert await store.events(case.id) == []
    assert await store.pending() == 1
    assert await write(store, parts.unit(theirs), at=NOW + 2 * MINUTE) == [Verdict.COMMITTED]


async def test_a_claim_of_a_lane_that_was_emptied_and_filled_again_is_lost(store, parts):
    await store.accept([envelope(id="1")])
    [mine] = await take(store)
    assert await write(store, parts.unit(mine)) == [Verdict.COMMITTED]
    await store.accept([envelope(id="2")])
    assert await write(store, parts.unit(mine)) == [Verdict.LOST_CLAIM]


async def test_a_committed_unit_is_there_whole(store, parts, ids):
    await store.accept([envelope(id="1")])
    [found] = await take(store)
    case = parts.case(
        subject="Éclairage",
        text="Le lampadaire de la rue est éteint",
        place=Place("rue de la Paix", ("44109",), "44000", point=Point(47.2, -1.5)),
        labels=("en-retard",),
        due_at=NOW + MINUTE,
    )
    talk = Conversation(key("anna"), case.id, language="fr", greeted=True, automatic_count=1)
    event, delivery = parts.event(case, "vu"), parts.delivery(case_id=case.id)
    unit = parts.unit(
        found,
        case,
        events=(event,),
        deliveries=(delivery,),
        conversations=(talk,),
        refs=(("ref-1", case.id),),
    )
    assert await write(store, unit) == [Verdict.COMMITTED]
    assert await store.case(case.number) == case
    assert await store.case_by_id(case.id) == case
    assert await store.events(case.id) == [event]
    assert await store.deliveries(case.id) == [delivery]
    gathered = await store.gather(
        Wanted(
            conversations=frozenset({key("anna"), key("nobody")}),
            numbers=frozenset({case.number, ids.number()}),
            refs=frozenset({"ref-1", "ref-2"}),
            deliveries=frozenset({delivery.id, 5}),
        )
    )
    assert gathered.conversations == {key("anna"): talk}
    assert gathered.cases == {case.id: case}
    assert gathered.numbers == {case.number: case.id}
    assert gathered.refs == {"ref-1": case.id}
    assert gathered.deliveries == {delivery.id: delivery}
    [line] = await store.journal()
    assert (line.action, line.case_id, line.reason) == (Action.CREATE, case.id, "why")
    assert await store.outcome("sms", "main", "1") == line
    assert await store.outcome("sms", "main", "2") is None


async def test_gathering_nothing_finds_nothing(store):
    gathered = await store.gather(Wanted())
    assert not gathered.cases
    assert not gathered.conversations


async def test_a_merged_case_brings_the_one_that_goes_on(store, parts):
    last = parts.case("bob")
    first = parts.case(status=Status.MERGED, merged_into=last.id)
    await write(store, Unit((), cases=(CaseWrite(last, None), CaseWrite(first, None))))
    gathered = await store.gather(Wanted(numbers=frozenset({first.number})))
    assert gathered.cases.keys() == {first.id, last.id}


async def test_a_case_is_written_by_version(store, parts):
    case = parts.case()
    await write(store, Unit((), cases=(CaseWrite(case, None),)))
    second = CaseWrite(replace(case, version=2, subject="deux"), 1)
    assert await write(store, Unit((), cases=(second,))) == [Verdict.COMMITTED]
    assert await write(store, Unit((), cases=(second,))) == [Verdict.STALE_CASE]
    missing = CaseWrite(parts.case(), 3)
    assert await write(store, Unit((), cases=(missing,))) == [Verdict.STALE_CASE]
    found = await store.case_by_id(case.id)
    assert found == replace(case, version=2, subject="deux")


async def test_units_of_one_batch_on_one_case_are_judged_in_order(store, parts):
    case = parts.case()
    await write(store, Unit((), cases=(CaseWrite(case, None),)))
    units = [
        Unit((), cases=(CaseWrite(replace(case, version=2, text="a"), 1),)),
        Unit((), cases=(CaseWrite(replace(case, version=2, text="b"), 1),)),
        Unit((), cases=(CaseWrite(replace(case, version=3, text="c"), 2),)),
    ]
    verdicts = [Verdict.COMMITTED, Verdict.STALE_CASE, Verdict.COMMITTED]
    assert await write(store, *units) == verdicts
    found = await store.case_by_id(case.id)
    assert (found.version, found.text) == (3, "c")


async def test_a_stale_unit_leaves_no_trace_and_keeps_its_claim(store, parts):
    case = parts.case()
    await write(store, Unit((), cases=(CaseWrite(case, None),)))
    await store.accept([envelope(id="1"), envelope("bob", id="2")])
    anna, bob = await take(store)
    delivery = parts.delivery()
    stale = parts.unit(anna, cases=(CaseWrite(case, 7),), deliveries=(delivery,))
    other = parts.case("bob")
    assert await write(store, stale, parts.unit(bob, other)) == [
        Verdict.STALE_CASE,
        Verdict.COMMITTED,
    ]
    assert await store.list_deliveries(list(type(delivery.state))) == []
    assert await store.case_by_id(other.id) is not None
    assert await write(store, parts.unit(anna)) == [Verdict.COMMITTED]


async def test_a_unit_decided_under_older_rules_is_stale(store, parts):
    await store.accept([envelope(id="1")])
    [found] = await take(store)
    assert await write(store, Unit((), ruleset="any")) == [Verdict.COMMITTED]
    await store.publish({"a.yaml": b"1"}, "one", "Awa", "first", NOW)
    assert await write(store, parts.unit(found, ruleset="none")) == [Verdict.STALE_RULES]
    assert await write(store, parts.unit(found, ruleset="one")) == [Verdict.COMMITTED]


async def test_a_unit_that_the_data_make_impossible_fails_alone(store, parts):
    taken = parts.case()
    await write(store, Unit((), cases=(CaseWrite(taken, None),)))
    people = [f"person{n}" for n in range(9)]
    await store.accept([envelope(person, id=person) for person in people])
    found = await take(store, limit=20)
    cases = [parts.case(person) for person in people]
    cases[4] = replace(cases[4], number=taken.number)
    verdicts = await write(
        store, *(parts.unit(claim, case) for claim, case in zip(found, cases, strict=True))
    )
    assert verdicts == [Verdict.FAILED if n == 4 else Verdict.COMMITTED for n in range(9)]
    assert await store.case_by_id(cases[4].id) is None
    assert await store.case_by_id(cases[8].id) is not None
    assert await take(store) == []  # its turn comes again after a while, with a try counted
    [again] = await take(store, at=NOW + MINUTE)
    assert [each.tries for each in again.inbound] == [1]


async def test_release_makes_the_lane_due_again_and_counts_only_failures(store):
    await store.accept([envelope(id="1")])
    [found] = await take(store)
    await store.release([found.claim], NOW + SECOND)
    assert await take(store) == []
    assert await store.next_due(ROUTE) == NOW + SECOND
    [found] = await take(store, at=NOW + SECOND)
    assert found.inbound[0].tries == 0
    await store.release([found.claim], NOW, failed=True)
    await store.release([found.claim], NOW, failed=True)  # lost by now: counts nothing
    [found] = await take(store)
    assert found.inbound[0].tries == 1


async def test_a_conversation_that_failed_twice_is_handed_out_message_by_message(store, parts):
    await store.accept([envelope(id=str(n)) for n in range(3)])
    for _ in range(2):
        [found] = await take(store)
        assert len(found.inbound) == 3
        await store.release([found.claim], NOW, failed=True)
    [found] = await take(store)
    assert [each.envelope.provider_id for each in found.inbound] == ["0"]
    await store.release([found.claim], NOW, failed=True)
    [found] = await take(store)
    assert found.inbound[0].tries == 3
    await write(store, parts.unit(found))
    [found] = await take(store)
    assert [each.tries for each in found.inbound] == [2]


async def test_a_message_that_arrives_while_its_lane_is_worked_is_not_lost(store, parts):
    await store.accept([envelope(id="1")])
    [found] = await take(store)
    await store.accept([envelope(id="2")])
    assert await take(store) == []
    await write(store, parts.unit(found))
    [rest] = await take(store)
    assert [each.envelope.provider_id for each in rest.inbound] == ["2"]


async def test_next_due_tells_the_end_of_a_lease_or_nothing(store, parts):
    assert await store.next_due(ROUTE) is None
    await store.accept([envelope(id="1")])
    assert await store.next_due(ROUTE) == NOW
    [found] = await take(store)
    assert await store.next_due(ROUTE) == NOW + MINUTE
    await write(store, parts.unit(found))
    assert await store.next_due(ROUTE) is None


async def test_another_worker_goes_on_after_one_was_killed(open_another, parts):
    killed = await open_another()
    await killed.accept([envelope(id="1")])
    assert len(await take(killed)) == 1
    other = await open_another()
    assert await take(other, at=NOW + SECOND) == []
    [found] = await take(other, at=NOW + 2 * MINUTE)
    unit = parts.unit(found, parts.case())
    assert await write(other, unit, at=NOW + 2 * MINUTE) == [Verdict.COMMITTED]
    assert await other.pending() == 0


async def test_two_workers_never_hold_the_same_lane(open_another):
    one, two = await open_another(), await open_another()
    await one.accept([envelope(f"p{n}", id=str(n)) for n in range(20)])
    mine, theirs = await take(one, limit=12), await take(two, limit=12)
    lanes = [each.claim.lane for each in (*mine, *theirs)]
    assert len(lanes) == len(set(lanes)) == 20


async def test_those_who_wait_for_work_are_woken_by_role(store, parts):
    roles = []
    store.on_work(roles.append)
    await store.accept([envelope(id="1")])
    assert roles == [ROUTE]
    await store.accept([envelope(id="1")])
    assert roles == [ROUTE]
    [found] = await take(store)
    delivery = parts.delivery(address=Address("telegram", "bot", "42"))
    await write(store, parts.unit(found, deliveries=(delivery,)))
    assert roles == [ROUTE, "send:telegram|bot"]


async def test_texts_that_no_database_takes_as_they_are_survive(store, parts):
    strange = "a\0b \ud83d \U0001f600 é"
    await store.accept([envelope("x\0y", text="ok", id="\0", note=strange, ref="\ud83d")])
    [found] = await take(store)
    case = parts.case(subject=strange, text=strange, labels=(strange,))
    unit = parts.unit(
        found,
        case,
        events=(parts.event(case, strange),),
        deliveries=(parts.delivery(text=strange, subject=strange, case_id=case.id),),
        conversations=(Conversation(found.inbound[0].envelope.conversation, asked=strange),),
        refs=((strange, case.id),),
    )
    assert await write(store, unit) == [Verdict.COMMITTED]
    [delivery] = await store.deliveries(case.id)
    assert delivery.text.endswith("\U0001f600 é")
    assert (await store.gather(Wanted(refs=frozenset({strange})))).refs == {strange: case.id}


async def test_keys_longer_than_an_index_takes_are_told_apart(store, parts):
    long = "x" * 4000
    talks = [key(long + "1"), key(long + "2")]
    await store.accept([envelope(id=long + str(n), conversation=t) for n, t in enumerate(talks)])
    found = await take(store)
    assert len(found) == 2
    units = [
        parts.unit(each, conversations=(Conversation(talk, asked=str(n)),))
        for n, (each, talk) in enumerate(zip(found, talks, strict=True))
    ]
    assert await write(store, *units) == [Verdict.COMMITTED] * 2
    gathered = await store.gather(Wanted(conversations=frozenset(talks)))
    assert [gathered.conversations[talk].asked for talk in talks] == ["0", "1"]


async def test_a_large_payload_comes_back_whole(store):
    photo = bytes(range(256)) * 1024
    [accepted] = await store.accept([envelope(id="1", payload=photo)])
    [found] = await take(store)
    assert found.inbound[0].envelope.payload == photo
    assert (await store.envelope(accepted.inbound_id)).payload == photo


async def test_the_journal_can_be_read_by_action_and_by_what_waits(store, parts):
    await store.accept([envelope(str(n), id=str(n)) for n in range(3)])
    found = await take(store, limit=2)
    quarantined = Done(found[0].inbound[0].id, Action.QUARANTINE, None, "unreadable")
    await write(store, parts.unit(found[0], done=(quarantined,)), parts.unit(found[1]))
    assert [line.reason for line in await store.journal(action=Action.QUARANTINE)] == ["unreadable"]
    assert [line.provider_id for line in await store.journal(waiting=True)] == ["2"]
    assert [line.provider_id for line in await store.journal(limit=2)] == ["0", "1"]


async def test_a_cursor_is_written_with_the_messages_or_not_at_all(store):
    lease = await store.take("imap", 60, NOW)
    await store.accept([envelope(id="1")], CursorWrite("imap", "uid 7", lease.token))
    await store.accept([], CursorWrite("imap", "uid 8", lease.token))
    with pytest.raises(StoreUnavailable):
        await store.accept([envelope(id="2")], CursorWrite("imap", "uid 9", "another token"))
    assert await store.pending() == 1
    assert (await store.take("imap", 60, NOW)).cursor == "uid 8"
