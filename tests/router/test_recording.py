"""Every decision is kept with its facts, and cases that a bad version sent are decided again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from town import START, TownRules

from router.case import EventKind, Status
from router.decision import ServiceId
from router.delivery import DeliveryKind
from router.record import Cause, Outcome
from router.tokens import PARTNER
from router.work import TIMER, CaseWrite, Timer, TimerKind, Unit, Verdict


async def records(town):
    """Read all records, oldest first."""
    return list(reversed(await town.store.decisions(START)))


async def refuse(town, case):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    acted = {"kind": "act", "token": token, "act": "refuse", "text": "", "reason": "pas à nous"}
    return (await town.hear("web", **acted)).case


# --- what is kept ------------------------------------------------------------------------------


async def test_the_decision_on_a_new_case_is_kept_with_its_facts(town):
    worked = await town.hear("ana", "Le lampadaire est éteint rue Scribe")
    [record] = await records(town)
    assert record.case_id == worked.case.id
    assert (record.cause, record.replaced, record.applied) == (Cause.NEW, "", True)
    assert record.outcome == Outcome.of(worked.decision)
    assert record.facts.text == "Le lampadaire est éteint rue Scribe"
    assert (record.facts.place.street, record.facts.place.text) == ("rue scribe", "")
    assert record.shadow is None


async def test_what_was_added_is_a_decision_of_its_own_on_all_the_words(town):
    await town.hear("ana", "Le lampadaire est éteint")
    town.clock.pass_(minutes=1)
    await town.hear("ana", "toujours éteint")
    first, second = await records(town)
    assert (second.cause, second.replaced) == (Cause.ADDED, first.outcome.rule)
    assert first.facts.text == "Le lampadaire est éteint"
    assert second.facts.text == "Le lampadaire est éteint\ntoujours éteint"


async def test_a_refusal_names_the_rule_that_was_refused(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    town.clock.pass_(minutes=1)
    await refuse(town, case)
    first, second = await records(town)
    assert (second.cause, second.replaced) == (Cause.REFUSAL, "competence:eclairage")
    assert second.outcome.owner == "guichet-metropole"
    assert second.facts.refused_by == (first.outcome.owner,)


async def test_whoever_takes_a_kept_decision_again_finds_the_same(town):
    for person, text in enumerate(
        (
            "lampadaire",
            "odeur de gaz",
            "poubelle à Rezé",
            "mon colis",
            "c'est flou",
            "bonjour " * 4000,
        )
    ):
        await town.hear(f"p{person}", text)
        town.clock.pass_(seconds=1)
    kept = await records(town)
    assert len(kept) == 6
    for record in kept:
        assert Outcome.of(town.rules.decide(record.facts)) == record.outcome


async def test_no_more_words_decide_than_a_case_keeps(town):
    await town.hear("ana", "x" * 20_000 + " gaz")
    [record] = await records(town)
    assert (len(record.facts.text), record.outcome.danger) == (20_000, False)


# --- a draft in shadow ---------------------------------------------------------------------------


class Draft(TownRules):
    """Rules that send everything to cleanliness."""

    hash = "draft"

    def decide(self, facts, reading=None):
        return replace(super().decide(facts), owner=ServiceId("proprete"), rule="tout")


async def test_a_draft_in_shadow_is_kept_beside_what_was_applied(town):
    town.rules.shadow = Draft()
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    assert case.owner == "eclairage"
    [record] = await records(town)
    assert record.outcome.owner == "eclairage"
    assert record.shadow.ruleset == "draft"
    assert (record.shadow.outcome.owner, record.shadow.outcome.rule) == ("proprete", "tout")


class Broken(TownRules):
    hash = "broken"

    def decide(self, facts, reading=None):
        raise ZeroDivisionError


async def test_a_draft_that_fails_in_shadow_holds_nobody_up(town):
    town.rules.shadow = Broken()
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    assert (case.owner, town.errors) == ("eclairage", [])
    [record] = await records(town)
    assert record.shadow.outcome.failed


# --- withdrawn rules -----------------------------------------------------------------------------


class Restored(TownRules):
    """The rules after a rollback: lamps are a matter of cleanliness."""

    hash = "rules-2"

    def decide(self, facts, reading=None):
        decision = replace(super().decide(facts), ruleset=self.hash)
        if decision.owner == "eclairage" and facts.agent_choice is None:
            return replace(decision, owner=ServiceId("proprete"), rule="lampes")
        return replace(decision, owner=facts.agent_choice or decision.owner)


async def withdraw(town, case):
    """Have a case decided again under other rules, as a rollback asks."""
    await town.store.publish({}, "rules-2", "Lu", "retour", START)
    town.rules = Restored()
    town.clock.pass_(minutes=1)
    timer = Timer(town.ids.next(), case.id, TimerKind.REDECIDE, town.clock.now(), case.generation)
    assert list(await town.store.commit([Unit((), timers=(timer,))], town.clock.now())) == [
        Verdict.COMMITTED
    ]
    assert await town.clockwork.run_once() == 1
    assert await town.clockwork.run_once() == 0
    return await town.store.case_by_id(case.id)


async def test_a_case_that_bad_rules_sent_moves_and_everybody_is_told(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    told = len(await town.to("ana"))
    moved = await withdraw(town, case)
    assert (moved.owner, moved.rule, moved.status) == ("proprete", "lampes", Status.ASSIGNED)
    assert len(await town.to("ana")) == told + 1
    kinds = {d.service: d.kind for d in await town.waiting() if d.created_at > START}
    assert kinds["proprete"] is DeliveryKind.FORWARD
    assert kinds["eclairage"] is DeliveryKind.NOTICE
    *_, record = await records(town)
    assert (record.cause, record.ruleset, record.replaced) == (
        Cause.RULES, "rules-2", "competence:eclairage",
    )  # fmt: skip


async def test_a_case_that_was_started_stays_and_the_case_says_why(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    token = town.signer.sign(PARTNER, case.number, case.owner)
    case = (await town.hear("web", kind="act", token=token, act="accept", text="", reason="")).case
    told = len(await town.waiting())
    kept = await withdraw(town, case)
    assert (kept.owner, kept.status) == ("eclairage", Status.ACCEPTED)
    assert len(await town.waiting()) == told
    last = (await town.store.events(case.id))[-1]
    assert last.kind is EventKind.NOTE
    assert "désignent « Service proprete »" in last.text
    *_, record = await records(town)
    assert not record.applied


async def test_the_choice_of_an_agent_stands(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    chosen = replace(case, owner=ServiceId("astreinte"), agent_choice=ServiceId("astreinte"))
    await town.store.commit([Unit((), cases=(CaseWrite(chosen, case.version),))], START)
    kept = await withdraw(town, chosen)
    assert kept.owner == "astreinte"


@pytest.mark.parametrize("act", ["close", "refuse"])
async def test_a_case_that_has_ended_is_left_alone(town, act):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    for _ in range(3):
        token = town.signer.sign(PARTNER, case.number, case.owner)
        said = {"kind": "act", "token": token, "act": act, "text": "", "reason": "non"}
        case = (await town.hear("web", **said)).case
    assert case.status in {Status.RESOLVED, Status.REFUSED}
    before = len(await records(town))
    assert (await withdraw(town, case)).owner == case.owner
    assert len(await records(town)) == before


async def test_a_deadline_of_the_old_service_is_no_longer_told(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    moved = await withdraw(town, case)
    assert moved.generation == case.generation + 1
    assert await town.store.next_due(TIMER) is not None
    town.clock.pass_(days=6)
    await town.clockwork.run_once()
    alerts = [d.service for d in await town.waiting() if d.kind is DeliveryKind.ALERT]
    assert sorted(alerts) == ["guichet-metropole", "proprete"]
    assert town.clock.now() - START > timedelta(days=5)
