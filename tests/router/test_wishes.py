"""What people want of us beside an answer: to be left alone, to be written to again, to be known."""

import pytest

from router.archive import Action
from router.case import EventKind, ReporterRole, Visibility
from router.delivery import DeliveryKind
from router.tokens import PAGE, PARTNER
from router.tracking import printed


async def test_where_the_provider_confirms_nothing_an_opt_out_is_confirmed_once(town):
    for _ in range(3):
        assert (await town.hear("ana", kind="stop")).action is Action.OPT_OUT
    (only,) = await town.to("ana")
    assert only.kind is DeliveryKind.HELP
    assert "START" in only.text


async def test_a_message_that_is_taken_back_stays_on_its_case_which_says_so(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", id="first")).case
    heard = await town.hear("ana", kind="taken_back", ref="first")
    assert (heard.action, heard.case.id, heard.case.text) == (Action.APPEND, case.id, case.text)
    [note] = [e for e in await town.store.events(case.id) if e.kind is EventKind.NOTE]
    assert (note.text, note.visibility) == (
        "La personne a retiré un de ses messages.", Visibility.SERVICE,
    )  # fmt: skip
    assert len(await town.to("ana")) == 1


async def test_what_is_taken_back_and_of_no_case_changes_nothing(town):
    heard = await town.hear("ana", kind="taken_back", ref="unknown")
    assert (heard.action, heard.case) == (Action.IGNORE, None)


async def test_who_writes_encrypted_is_told_once_a_day_that_nobody_can_read_it(town):
    for _ in range(3):
        heard = await town.hear("ana", kind="encrypted")
        assert (heard.action, heard.case) == (Action.IGNORE, None)
    (told,) = await town.to("ana")
    assert told.kind is DeliveryKind.HELP
    assert "112" in told.text
    town.clock.pass_(days=1)
    await town.hear("ana", kind="encrypted")
    assert len(await town.to("ana")) == 2


async def test_an_opt_out_that_the_provider_has_confirmed_is_not_confirmed_again(town):
    await town.hear("ana", kind="stop", confirmed=True)
    assert await town.to("ana") == []


async def test_who_comes_back_is_told_so_and_answered_again(town):
    await town.hear("ana", kind="stop", confirmed=True)
    await town.hear("ana", kind="start")
    await town.hear("ana", "Le lampadaire est éteint")
    told, receipt = await town.to("ana")
    assert told.kind is DeliveryKind.HELP
    assert receipt.kind is DeliveryKind.ACKNOWLEDGEMENT


async def test_an_answer_does_not_leave_to_who_opted_out_and_the_case_says_so(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await town.hear("ana", kind="stop", confirmed=True)
    token = town.signer.sign(PARTNER, case.number, "eclairage")
    await town.hear("eclairage@services.example", "Réparé.", tokens=[token])
    assert [each.kind for each in await town.to("ana")] == [DeliveryKind.ACKNOWLEDGEMENT]
    failed = [e for e in await town.store.events(case.id) if e.kind is EventKind.DELIVERY_FAILED]
    assert len(failed) == 1
    assert "ne veut plus" in failed[0].text


@pytest.mark.parametrize("known", [False, True])
async def test_whom_to_call_in_danger_is_told_even_to_who_wants_no_messages(town, known):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await town.hear("ana", kind="stop", confirmed=True)
    before = len(await town.to("ana"))
    number = f" {printed(case.number)}" if known else ""
    danger = (await town.hear("ana", f"ça sent le gaz{number}")).case
    (told,) = (await town.to("ana"))[before:]
    assert (told.danger, told.asked) == (True, "")
    assert printed(danger.number) not in told.text  # the numbers to call, and nothing else
    await town.hear("ana", "Le banc est cassé")
    assert len(await town.to("ana")) == before + 1


async def test_who_blocked_us_is_written_nothing_in_danger_either(town):
    await town.hear("ana", "Le lampadaire est éteint")
    await town.hear("ana", kind="block")
    before = len(await town.to("ana"))
    await town.hear("ana", "ça sent le gaz")
    assert len(await town.to("ana")) <= before + 1


async def test_no_word_of_a_person_stands_in_a_line_that_all_may_see(town):
    words = "Je suis Ana Diaz et le lampadaire est éteint"
    case = (await town.hear("ana", words)).case
    await town.hear("ana", f"Toujours éteint, signé Ana {printed(case.number)}")
    for event in await town.store.events(case.id):
        if event.visibility is Visibility.CITIZEN:
            assert "Ana" not in event.text + event.data


async def test_a_word_from_the_page_of_the_reporter_is_the_reporters(town):
    first = (await town.hear("ana", "Le lampadaire est éteint")).case
    token = town.signer.sign(PAGE, first.number, first.reporters[0].address.key)
    heard = await town.hear("page-1", f"C'est rue Scribe {printed(first.number)}", tokens=[token])
    assert (heard.action, heard.case.id) == (Action.APPEND, first.id)
    assert "C'est rue Scribe" in heard.case.text
    assert [reporter.role for reporter in heard.case.reporters] == [ReporterRole.REPORTER]
    (reply,) = await town.to("page-1")
    assert "tiers" not in reply.text


@pytest.mark.parametrize("whose", ["eve", ""])
async def test_a_word_from_the_page_of_somebody_else_is_a_third_partys(town, whose):
    first = (await town.hear("ana", "Le lampadaire est éteint")).case
    key = f"memory|town||{whose}" if whose else first.reporters[0].address.key
    token = town.signer.sign(PAGE, first.number, key)
    if not whose:
        token = token[:-1] + ("a" if token[-1] != "a" else "b")
    heard = await town.hear("page-1", f"Et ma rue ? {printed(first.number)}", tokens=[token])
    assert (heard.action, heard.case.id) == (Action.APPEND, first.id)
    assert "Et ma rue" not in heard.case.text
    assert [reporter.role for reporter in heard.case.reporters] == [
        ReporterRole.REPORTER,
        ReporterRole.THIRD_PARTY,
    ]


async def test_who_is_asked_what_it_is_about_answers_on_the_same_case(town):
    asked = await town.hear("ana", "Bonjour")
    assert asked.action is Action.ASK
    told = await town.hear("ana", "Le lampadaire est éteint")
    assert (told.action, told.case.id) == (Action.APPEND, asked.case.id)
    assert (told.case.category, told.case.owner) == ("eclairage", "eclairage")
    other = await town.hear("ana", "La poubelle déborde")
    assert other.case.id != asked.case.id
