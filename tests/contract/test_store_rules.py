"""Decisions with their facts, and versions of the rules with their ceremony, on every store."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from store_parts import MINUTE, NOW, SECOND, write

from router.decision import Count, Decision, Facts, Nature, Place, Point, ServiceId, Urgency
from router.errors import InvalidInput, Outdated
from router.record import After, Cause, Outcome, Shadowed, recorded
from router.versions import ReplayReport, ShadowDraft, VersionState
from router.work import CaseWrite, Unit, Verdict

HOUR = timedelta(hours=1)
WHOLE = Facts(
    received_at=NOW - HOUR,
    text="Le lampadaire est éteint",
    subject="Lampadaire",
    language="fr",
    category="eclairage",
    place=Place(
        "12 rue de la Poterie",
        ("44143",),
        "44400",
        "rue de la Poterie",
        Point(47.19, -1.55, 12.5),
        source="message",
    ),
    channel="sms",
    counter="nantes-sms",
    urgency=Urgency.HIGH,
    annoyance=8,
    recurrence=3,
    confirmations=12,
    confirmations_before=9,
    surge=20,
    counts=(Count("recurrence par lieu en 30 jours", 3),),
    attachment=True,
    sender_kinds=("citoyen", "elu"),
    first_contact=True,
    nature=Nature.REPORT,
    asked=("lieu",),
    refused_by=(ServiceId("voirie"), ServiceId("eau")),
    unavailable=(ServiceId("proprete"),),
    agent_choice=ServiceId("eclairage"),
)
DECISION = Decision(
    ServiceId("eclairage"),
    "lampadaires",
    "h1",
    "une phrase",
    "danger",
    urgency=Urgency.IMMEDIATE,
    danger=True,
    failed=True,
    trace={"true_rules": ["lampadaires", "nuit"]},
)


def test_the_facts_of_this_test_leave_nothing_at_its_default():
    plain = Facts(NOW)
    assert [
        one.name for one in fields(Facts) if getattr(WHOLE, one.name) == getattr(plain, one.name)
    ] == []


async def kept(store, parts, *, at=NOW, facts=WHOLE, decision=DECISION, case=None, **more):
    """Write a case with one decision on it."""
    case = case or parts.case(text=facts.text, subject=facts.subject)
    record = recorded(parts.ids.next(), case.id, at, decision, facts, **more)
    unit = Unit((), cases=(CaseWrite(case, None),), decisions=(record,))
    assert await write(store, unit, at=at) == [Verdict.COMMITTED]
    return case, record


async def test_a_decision_comes_back_whole_but_for_the_words_of_its_place(store, parts):
    shadow = Shadowed("h2", Outcome.of(replace(DECISION, owner=ServiceId("eau"), rule="fuites")))
    _, record = await kept(
        store, parts, cause=Cause.REFUSAL, replaced="ancienne", applied=False, shadow=shadow
    )
    assert record.held == ("nuit",)
    assert record.facts == replace(WHOLE, place=replace(WHOLE.place, text=""))
    assert list(await store.decisions(NOW)) == [record]
    assert list(await store.decisions(NOW, with_facts=False)) == [replace(record, facts=None)]


async def test_facts_are_those_of_the_time_whatever_the_person_added_later(store, parts):
    case, record = await kept(store, parts)
    more = replace(case, text=f"{case.text}\nToujours rien ?", place=Place(communes=("44109",)))
    await write(store, Unit((), cases=(CaseWrite(more, case.version),)))
    assert [each.facts for each in await store.decisions(NOW)] == [record.facts]


async def test_facts_are_gone_when_the_words_of_the_case_are(store, parts):
    case, record = await kept(store, parts)
    blank = replace(case, text="", subject="")
    await write(store, Unit((), cases=(CaseWrite(blank, case.version),)))
    assert list(await store.decisions(NOW)) == [replace(record, facts=None)]


async def test_a_bare_decision_comes_back_as_it_was(store, parts):
    facts = Facts(NOW, text="\N{GRINNING FACE} dépôt", attachment=False)
    plain = Decision(ServiceId("guichet"), "a_defaut:metropole", "h1", "", no_rule=True)
    _, record = await kept(store, parts, facts=facts, decision=plain)
    assert list(await store.decisions(NOW)) == [record]


async def test_past_decisions_are_read_newest_first_a_page_at_a_time(store, parts):
    moments = [NOW + n * SECOND for n in (3, 1, 2, 2, 0)]
    records = [(await kept(store, parts, at=at))[1] for at in moments]
    wanted = sorted(records, key=lambda each: (each.at, each.id), reverse=True)[:4]
    found, after = [], None
    while page := await store.decisions(NOW + SECOND, after=after, limit=3):
        found += page
        after = After(page[-1].at, page[-1].id)
    assert found == wanted


async def test_the_last_time_that_a_rule_decided_is_known(store, parts):
    await kept(store, parts, at=NOW)
    await kept(store, parts, at=NOW + HOUR)
    await kept(store, parts, at=NOW + MINUTE, decision=replace(DECISION, rule="autre"))
    assert await store.last_hits() == {"lampadaires": NOW + HOUR, "autre": NOW + MINUTE}


async def test_decisions_are_counted_and_their_cases_named(store, parts):
    case, _ = await kept(store, parts, at=NOW)
    number = parts.ids.number()
    part, _ = await kept(
        store, parts, at=NOW + HOUR, case=parts.case(parent=case.id, public_number=number)
    )
    assert await store.count_decisions(NOW) == 2
    assert await store.count_decisions(NOW + MINUTE) == 1
    assert await store.numbers_of([case.id, part.id, 3]) == {case.id: case.number, part.id: number}
    assert await store.numbers_of([]) == {}


# --- versions --------------------------------------------------------------------------------


async def test_a_version_waits_for_a_second_person_and_is_live_once_approved(open_another):
    one, two = await open_another(), await open_another()
    first = await one.publish({"a": b"1"}, "h1", "Awa", "début", NOW)
    record = {"changed": ["regles/a.yaml"]}
    waiting = await one.publish({"a": b"2"}, "h2", "Awa", "gaz", NOW, record=record, pending=True)
    assert (waiting.version, waiting.state, waiting.base) == (2, VersionState.PENDING, 1)
    assert await two.active() == first
    approved = await two.approve(2, "Lu", NOW + MINUTE)
    assert (approved.approved_by, approved.record) == ("Lu", record)
    assert await one.active() == approved
    assert await one.active_hash() == "h2"
    with pytest.raises(InvalidInput):
        await one.approve(2, "Lu", NOW)
    with pytest.raises(InvalidInput):
        await one.approve(9, "Lu", NOW)


async def test_what_waited_is_withdrawn_when_another_version_goes_live(store):
    await store.publish({}, "h1", "Awa", "début", NOW)
    await store.publish({}, "h2", "Awa", "gaz", NOW, pending=True)
    await store.publish({}, "h3", "Lu", "bruit", NOW)
    found = [(each.version, each.state) for each in await store.versions()]
    assert found == [
        (3, VersionState.PUBLISHED),
        (2, VersionState.WITHDRAWN),
        (1, VersionState.PUBLISHED),
    ]
    with pytest.raises(InvalidInput):
        await store.approve(2, "Lu", NOW)
    assert await store.active_hash() == "h3"


async def test_what_waits_is_withdrawn_when_the_same_content_is_to_wait_again(store):
    await store.publish({}, "h1", "Awa", "début", NOW)
    for content in ("h2", "h3", "h2"):
        await store.publish({}, content, "Awa", "gaz", NOW, pending=True)
    assert [(each.version, each.state) for each in await store.versions()] == [
        (4, VersionState.PENDING),
        (3, VersionState.PENDING),
        (2, VersionState.WITHDRAWN),
        (1, VersionState.PUBLISHED),
    ]
    assert (await store.approve(4, "Lu", NOW)).state is VersionState.PUBLISHED


async def test_two_people_who_publish_upon_the_same_version_do_not_undo_each_other(store):
    await store.publish({}, "h1", "Awa", "début", NOW, base=0)
    await store.publish({}, "h2", "Awa", "gaz", NOW, base=1)
    with pytest.raises(Outdated):
        await store.publish({}, "h3", "Lu", "bruit", NOW, base=1)
    assert await store.active_hash() == "h2"
    assert len(await store.versions()) == 2


async def test_a_version_is_found_by_its_number_and_listed_without_its_files(store):
    made = await store.publish({"a": b"1"}, "h1", "Awa", "début", NOW, record={"n": [1, "é"]})
    assert await store.version(1) == made
    assert await store.version(2) is None
    assert list(await store.versions()) == [replace(made, files={})]


async def test_a_first_version_that_waits_stops_nobody(store, parts):
    await store.publish({}, "h1", "Awa", "début", NOW, pending=True)
    assert await store.active() is None
    assert await store.active_hash() is None
    case = parts.case()
    unit = Unit((), cases=(CaseWrite(case, None),), ruleset="h0")
    assert await write(store, unit) == [Verdict.COMMITTED]


async def test_the_latest_replay_of_a_draft_is_kept(store):
    assert await store.replay_of("h2") is None
    await store.keep_replay(ReplayReport("h2", "h1", NOW, {"cases": 1}))
    latest = ReplayReport("h2", "h1", NOW + MINUTE, {"cases": 2, "nom": "é"})
    await store.keep_replay(latest)
    assert await store.replay_of("h2") == latest
    assert await store.replay_of("h1") is None


async def test_one_draft_at_a_time_is_in_shadow(open_another):
    one, two = await open_another(), await open_another()
    assert (await one.shadow(), await one.shadow_hash()) == (None, "")
    await one.set_shadow(ShadowDraft("h2", "Awa", NOW, {"a": b"1"}))
    latest = ShadowDraft("h3", "Lu", NOW, {"a": b"\xff"})
    await one.set_shadow(latest)
    assert (await two.shadow(), await two.shadow_hash()) == (latest, "h3")
    await two.set_shadow(None)
    assert (await one.shadow(), await one.shadow_hash()) == (None, "")
