"""Who writes in public reads there that there is news, and nothing of it."""

import pytest

from router.case import EventKind
from router.delivery import DeliveryKind, DeliveryState
from router.message import Address
from router.telling.everyone import Everyone
from router.telling.writing import Writing
from router.words.texts import LANGUAGES, Style, TextId, text
from router.words.wording import Wording
from router.work import Claim, Gathered
from router.workspace import Workspace

ANSWER = "Madame Dupont, rebouché au 12 rue Lambert, tél. 06 12 34 56 78"
NEWS = text(TextId.PUBLIC_NEWS, "fr").text


async def _acted(town, case, act, words=""):
    token = town.signer.sign("p", case.number, case.owner)
    await town.hear(str(case.owner), kind="act", token=token, act=act, text=words)


async def _notes(town, case):
    events = await town.store.events(case.id)
    return [one for one in events if one.kind is EventKind.NOTE and "en public" in one.text]


@pytest.mark.parametrize("act", ["progress", "close", "accept"])
async def test_of_what_a_service_says_nothing_stands_in_public(town, act):
    case = (await town.hear("ana", "Le lampadaire est éteint", public=True)).case
    told = await town.to("ana")
    await _acted(town, case, act, "" if act == "accept" else ANSWER)
    assert [one.text for one in (await town.to("ana"))[len(told) :]] == [NEWS]
    assert len(await _notes(town, case)) == 1


async def test_a_day_brings_one_invitation_and_a_case_one_note(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", public=True)).case
    told = await town.to("ana")
    await _acted(town, case, "accept")
    await _acted(town, case, "progress", "On y est presque.")
    assert len(await town.to("ana")) == len(told) + 1
    town.clock.pass_(days=1)
    await _acted(town, case, "close", ANSWER)
    assert [one.text for one in (await town.to("ana"))[len(told) :]] == [NEWS, NEWS]
    assert len(await _notes(town, case)) == 1


async def test_who_wrote_in_private_on_the_same_case_is_told_in_full(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await _acted(town, case, "close", ANSWER)
    assert ANSWER in (await town.to("ana"))[-1].text
    assert await _notes(town, case) == []


async def test_an_address_is_public_or_not_as_its_latest_message_was(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", public=True)).case
    token = town.signer.sign("r", case.number, Address("memory", "town", "ana").key)
    await town.hear("ana", "Il est toujours éteint", tokens=[token])
    await _acted(town, case, "close", ANSWER)
    assert ANSWER in (await town.to("ana"))[-1].text


async def test_a_danger_that_another_sees_is_told_in_public_by_numbers_alone_and_at_once(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", public=True, who="ana")).case
    workspace = Workspace(Gathered(cases={case.id: case}), town.ids, town.clock.now())
    draft = workspace.begin(Claim("route", "x", "t", town.clock.now()))
    wording = Wording(town.rules, town.policy)
    everyone = Everyone(Writing(workspace, town.signer, town.policy, wording))
    for cause in ("one", "two"):
        everyone.fan_out(
            draft,
            case,
            DeliveryKind.PROGRESS,
            cause,
            TextId.ANSWER,
            automatic=True,
            answer=ANSWER,
            danger=True,
        )
    said = [one for one in draft.deliveries if one.state is DeliveryState.QUEUED]
    whom = text(TextId.EMERGENCY, "fr", style=Style.SHORT).text
    assert [one.text for one in said] == [f"{whom}\n\n{NEWS}"] * 2
    assert [(one.address.value, one.danger) for one in said] == [("ana", True)] * 2
    assert len({one.idem for one in said}) == 2
    kept = [one.text for one in draft.deliveries if one.state is DeliveryState.WITHHELD]
    assert len([one for one in kept if ANSWER in one]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invitation_has_no_field_and_fits_a_post(language):
    written = text(TextId.PUBLIC_NEWS, language).text
    assert "{" not in written
    assert 0 < len(written) < 140
