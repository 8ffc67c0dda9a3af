"""What one of our own counters writes to another is no citizen's request."""

from __future__ import annotations

import pytest

from router.archive import Action, CaseFilter
from router.directory import Counter


@pytest.fixture
def counters(town, monkeypatch):
    known = (
        Counter("c", "memory", "town", "44109", "fr"),
        Counter("d", "memory", "Rezé@x", "44143", "fr"),
    )
    monkeypatch.setattr(town.rules, "counters", lambda: known)
    return known


async def test_another_counter_of_ours_is_a_machine_and_starts_no_loop(town, counters):
    heard = await town.hear("rezé@x", "Le lampadaire est éteint rue Scribe")
    assert (heard.action, heard.case) == (Action.IGNORE, None)
    assert await town.to("rezé@x") == []


async def test_a_service_that_shares_its_mailbox_with_a_counter_is_heard(town, counters):
    case = (await town.hear("ana", "Le lampadaire est éteint rue Scribe")).case
    token = town.signer.sign("p", case.number, case.owner)
    await town.hear("rezé@x", "Réparé hier soir.", tokens=[token])
    assert any("Réparé hier soir." in one.text for one in await town.to("ana"))


async def test_a_danger_that_another_counter_hands_on_is_read(town, counters):
    heard = await town.hear("rezé@x", "Ça sent le gaz rue Scribe")
    assert heard.case is not None
    assert "a-verifier" in heard.case.labels
    assert await town.to("rezé@x") == []


async def test_whoever_is_no_counter_is_a_citizen(town, counters):
    await town.hear("ana", "Le lampadaire est éteint rue Scribe")
    assert len(await town.store.cases(CaseFilter())) == 1
    assert len(await town.to("ana")) == 1
