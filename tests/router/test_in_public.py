"""Who writes in public reads there that there is news, and nothing of it."""

import pytest

from router.case import EventKind
from router.message import Address
from router.words.texts import LANGUAGES, TextId, text

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invitation_has_no_field_and_fits_a_post(language):
    written = text(TextId.PUBLIC_NEWS, language).text
    assert "{" not in written
    assert 0 < len(written) < 140
