"""A mail in a service's name that its own domain disowns is no word of that service."""

from __future__ import annotations

import pytest

from router.archive import Action
from router.delivery import DeliveryKind
from router.tokens import PARTNER


async def _answers(town, case, text="C'est réparé.", **said):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    return await town.hear(f"{case.owner}@services.example", text, tokens=[token], **said)


async def test_a_disowned_answer_reaches_nobody_and_an_agent_looks(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    told = len(await town.to("ana"))
    heard = await _answers(town, case, trust="failed", photos=1, size=50_000)
    assert (heard.action, heard.case.status) == (Action.PARTNER, case.status)
    assert len(await town.to("ana")) == told
    assert heard.case.proofs == ()
    assert "a-verifier" in heard.case.labels
    notes = [event.text for event in await town.store.events(case.id)]
    assert any("C'est réparé." in text and "n'est pas transmise" in text for text in notes)


async def test_the_service_is_told_once_how_else_to_answer(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    [forward] = [d for d in await town.waiting() if d.kind is DeliveryKind.FORWARD]
    for _ in range(3):
        await _answers(town, case, trust="failed")
    notices = [d for d in await town.waiting() if d.kind is DeliveryKind.NOTICE]
    assert [d.address for d in notices] == [forward.address]
    assert "par les liens" in notices[0].text


@pytest.mark.parametrize("trust", ["unverified", "verified"])
async def test_an_answer_of_which_nothing_bad_is_known_goes_to_the_person(town, trust):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await _answers(town, case, trust=trust)
    assert "C'est réparé." in (await town.to("ana"))[-1].text


async def test_a_citizen_whose_mail_is_disowned_is_heard_all_the_same(town):
    heard = await town.hear("ana", "Le lampadaire est éteint", trust="failed")
    assert heard.action is Action.CREATE
    assert len(await town.to("ana")) == 1
