"""Every word of a service, in every order: nothing is lost, nobody is told twice, one owner stays."""

import itertools

import pytest

from router.archive import Action, CaseFilter
from router.case import Status
from router.delivery import DeliveryKind
from router.tokens import PARTNER
from router.tracking import printed

ACTS = ("accept", "progress", "refuse", "close", "reply")
REQUESTS = {"own": "Le lampadaire est éteint", "outside": "voiture sur le trottoir à Rezé"}


async def _say(town, case, act):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    if act == "reply":
        return await town.hear(f"{case.owner}@services.example", "Nous passons.", tokens=[token])
    return await town.hear("web", kind="act", token=token, act=act, text="", reason="pas à nous")


@pytest.mark.parametrize("acts", list(itertools.product(ACTS, repeat=2)), ids="-".join)
@pytest.mark.parametrize("request_", REQUESTS)
async def test_any_two_acts_in_any_order_are_worked(town, request_, acts):
    case = (await town.hear("ana", REQUESTS[request_])).case
    for act in acts:
        heard = await _say(town, case, act)
        assert heard.action is Action.PARTNER
        case = heard.case
    assert town.errors == []
    assert [line.action for line in await town.store.journal(action=Action.QUARANTINE)] == []
    (kept,) = await town.store.cases(CaseFilter())
    assert kept.owner
    assert "guichet-metropole" not in kept.refused_by or kept.status is Status.REFUSED


@pytest.mark.parametrize("act", ["accept", "progress", "close"])
async def test_a_button_pressed_twice_tells_the_person_once(town, act):
    case = (await town.hear("ana", REQUESTS["own"])).case
    once = (await _say(town, case, act)).case
    told = len(await town.to("ana"))
    await _say(town, once, act)
    assert len(await town.to("ana")) == told


async def test_a_town_outside_may_take_a_case_in_charge(town):
    case = (await town.hear("ana", REQUESTS["outside"])).case
    assert case.status is Status.PASSED_ON
    assert (await _say(town, case, "accept")).case.status is Status.ACCEPTED


async def test_a_town_outside_that_refuses_gives_the_case_to_the_desk(town):
    case = (await town.hear("ana", REQUESTS["outside"])).case
    moved = (await _say(town, case, "refuse")).case
    assert (moved.owner, moved.status) == ("guichet-metropole", Status.ASSIGNED)


async def test_a_service_that_answered_may_still_refuse(town):
    case = (await town.hear("ana", REQUESTS["own"])).case
    case = (await _say(town, case, "reply")).case
    moved = (await _say(town, case, "refuse")).case
    assert (moved.owner, moved.status) == ("guichet-metropole", Status.ASSIGNED)


async def test_the_desk_has_the_last_word_and_the_person_reads_the_reason(town):
    case = (await town.hear("ana", REQUESTS["own"])).case
    case = (await _say(town, case, "refuse")).case
    ended = (await _say(town, case, "refuse")).case
    assert ended.status is Status.REFUSED
    last = (await town.to("ana"))[-1]
    assert last.kind is DeliveryKind.ANSWER
    assert "pas à nous" in last.text


async def test_who_asks_after_a_case_that_was_passed_on_is_heard_on_that_case(town):
    case = (await town.hear("ana", REQUESTS["outside"])).case
    again = await town.hear("ana", "toujours rien")
    assert (again.action, again.case.id) == (Action.APPEND, case.id)
    added = [d for d in await town.to("mairie-reze@services.example") if "toujours" in d.text]
    assert len(added) == 1
    assert printed(case.number) in (await town.to("ana"))[-1].text
