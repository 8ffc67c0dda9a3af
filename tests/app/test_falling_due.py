"""What falls due on a case has it looked at again, under the rules of that day."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ruled import Ruled

from router.case import Status
from router.record import Cause
from router.work import CaseWrite, Unit

LAMPS = """
- id: lampes
  si: {{categorie: eclairage}}
  alors: {{responsable: {owner}, delai: {delay}, escalade: {{apres: 8 jours, vers: mairie-du-lieu}}}}
"""


def lamps(owner="eclairage-m", delay="3 jours"):
    return LAMPS.format(owner=owner, delay=delay)


@pytest.fixture
async def ruled(tmp_path, store, ids):
    made = Ruled(tmp_path, store, ids)
    await made.rule(lamps())
    return made


async def lamp(ruled):
    return (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case


async def causes(ruled, case):
    """List why the case was decided, first to last."""
    records = await ruled.store.decisions(case.received_at)
    return [one.cause for one in reversed(records) if one.case_id == case.id]


async def test_a_deadline_has_the_case_decided_again_and_says_so(ruled):
    case = await lamp(ruled)
    await ruled.pass_(days=3, hours=1)
    assert await causes(ruled, case) == [Cause.NEW, Cause.TIMER]
    assert "en-retard" in (await ruled.case(case)).labels
    assert len(await ruled.sent("e@m.example", "alert")) == 1


async def test_a_case_that_nobody_began_goes_where_the_rules_of_now_send_it(ruled):
    case = await lamp(ruled)
    await ruled.rule(lamps(owner="voirie-m", delay="30 jours"))
    told = len(await ruled.sent("ana"))
    await ruled.pass_(days=3, hours=1)
    moved = await ruled.case(case)
    assert (moved.owner, moved.status) == ("voirie-m", Status.ASSIGNED)
    assert len(await ruled.sent("ana")) == told + 1
    (left,) = await ruled.sent("e@m.example", "notice")
    assert "plus rien à faire" in left.text
    assert "en-retard" not in moved.labels  # what is promised now has not passed


async def test_where_what_is_promised_now_has_passed_too_its_service_is_told(ruled):
    case = await lamp(ruled)
    await ruled.rule(lamps(owner="voirie-m", delay="2 jours"))
    await ruled.pass_(days=3, hours=1)
    moved = await ruled.case(case)
    assert (moved.owner, "en-retard" in moved.labels) == ("voirie-m", True)
    assert len(await ruled.sent("v@m.example", "alert")) == 1


async def test_a_case_that_was_begun_stays_and_is_late(ruled):
    case = await lamp(ruled)
    await ruled.act(case, "accept")
    await ruled.rule(lamps(owner="voirie-m", delay="30 jours"))
    await ruled.pass_(days=3, hours=1)
    kept = await ruled.case(case)
    assert (kept.owner, "en-retard" in kept.labels) == ("eclairage-m", True)


async def test_what_an_agent_chose_stays(ruled):
    case = await lamp(ruled)
    chosen = replace(case, agent_choice=case.owner)
    await ruled.store.commit([Unit((), cases=(CaseWrite(chosen, case.version),))], case.received_at)
    await ruled.rule(lamps(owner="voirie-m"))
    await ruled.pass_(days=3, hours=1)
    assert (await ruled.case(case)).owner == "eclairage-m"


async def test_an_ended_case_is_not_looked_at(ruled):
    case = await lamp(ruled)
    await ruled.act(case, "close", text="C'est réparé.")
    await ruled.pass_(days=30)
    assert await causes(ruled, case) == [Cause.NEW]


async def test_an_engine_that_fails_takes_no_alarm_away(ruled, monkeypatch):
    await ruled.rule(lamps(owner="guichet"))
    case = await lamp(ruled)
    broken = ruled.rulebook.__class__.decide

    def failing(self, facts, *others):
        decision = broken(self, facts, *others)
        return replace(decision, failed=True, escalation=None, delay=None, rule="")

    monkeypatch.setattr(ruled.rulebook.__class__, "decide", failing)
    await ruled.pass_(days=9)
    assert (await ruled.case(case)).escalation == case.escalation
    assert len(await ruled.sent("m@r.example", "alert")) == 1
