"""A defect of the rule engine costs no citizen his case: it goes to the desk, and the case says why."""

from __future__ import annotations

import json

import pytest
from ruled import Ruled

import app.rulebook as rulebooks
from router.case import EventKind

RULES = "- {id: bruit, si: {categorie: bruit}, alors: {responsable: voirie-m}}"
SENTENCE = (
    "Guichet est responsable par défaut, car le moteur des règles a échoué sur cette demande "
    "(ZeroDivisionError)."
)


@pytest.fixture
async def ruled(tmp_path, store, ids, monkeypatch):
    """A town whose engine stumbles over one word."""
    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    made.stumbles_over = {"bing"}
    for name in ("decide", "read"):
        job = stumbling(getattr(rulebooks, name), made.stumbles_over)
        monkeypatch.setattr(rulebooks, name, job)
    return made


def stumbling(job, words):
    def run(ruleset, facts, *more, **options):
        if any(word in facts.text for word in words):
            raise ZeroDivisionError
        return job(ruleset, facts, *more, **options)

    return run


async def last(ruled, case) -> dict[str, object]:
    decided = [e for e in await ruled.store.events(case.id) if e.kind is EventKind.DECIDED]
    return {"sentence": decided[-1].text, **json.loads(decided[-1].data)}


async def test_a_case_over_which_the_engine_stumbles_goes_to_the_desk_and_says_so(ruled):
    worked = await ruled.hear("ana", "bing, un mur")
    said = await last(ruled, worked.case)
    assert (said["owner"], said["failed"], said["no_rule"]) == ("guichet", True, False)
    assert said["sentence"] == SENTENCE
    assert len(await ruled.sent("ana", "acknowledgement")) == 1


async def test_a_case_for_which_no_rule_holds_is_told_apart(ruled):
    said = await last(ruled, (await ruled.hear("ana", "un mur à Nantes")).case)
    assert (said["owner"], said["failed"], said["no_rule"]) == ("guichet", False, True)


async def test_one_message_that_fails_holds_up_no_other(ruled):
    heard = await ruled.hear_all([("ana", "bing", {}), ("bob", "Trop de bruit à Nantes", {})])
    assert {worked.case.owner for worked in heard} == {"guichet", "voirie-m"}


async def test_a_case_keeps_its_service_when_the_engine_stumbles_over_what_is_added(ruled):
    case = (await ruled.hear("ana", "Trop de bruit à Nantes")).case
    worked = await ruled.hear("ana", "bing, toujours là")
    assert (worked.case.id, worked.case.owner) == (case.id, "voirie-m")
    assert worked.case.text.endswith("bing, toujours là")


async def test_a_case_that_is_refused_goes_to_the_desk_when_the_engine_stumbles(ruled):
    case = (await ruled.hear("ana", "Trop de bruit à Nantes")).case
    ruled.stumbles_over.add("bruit")
    await ruled.act(case, "refuse", reason="pas nous")
    case = await ruled.case(case)
    assert (case.owner, case.status.open) == ("guichet", True)
    assert (await last(ruled, case))["failed"] is True
