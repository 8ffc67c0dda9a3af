"""Who wrote in public and then writes in private hears, once, what there was for him."""

from __future__ import annotations

from dataclasses import replace

import pytest
from town import Town

from router.case import EventKind, Status
from router.delivery import DeliveryKind, DeliveryState
from router.words.texts import TextId, text
from router.work import CaseWrite, Unit

LAMP, RUBBISH = "Le lampadaire est éteint", "La poubelle déborde"
HELLO = "bonjour"
ANSWER = "Rebouché au 12 rue Lambert, tél. 06 12 34 56 78"
NEWS, MENTION = (text(one, "fr").text for one in (TextId.PUBLIC_NEWS, TextId.PUBLIC_MENTION))


async def in_public(town: Town, words: str = LAMP, person: str = "ana", where: str = "square"):
    return (await town.hear(where, words, public=True, who=person)).case


async def in_private(town: Town, words: str = HELLO, person: str = "ana", **more):
    return await town.hear(f"room of {person}", words, who=person, **more)


async def acted(town: Town, case, act: str = "progress", words: str = ANSWER):
    token = town.signer.sign("p", case.number, case.owner)
    said = {"reason" if act == "refuse" else "text": words}
    await town.hear(str(case.owner), kind="act", token=token, act=act, **said)


async def heard(town: Town, person: str = "ana") -> list[str]:
    """List what was written to a person in private, in the order in which it leaves."""
    there = sorted(await town.to(f"room of {person}"), key=lambda one: one.id)
    return [one.text for one in there]


async def withheld(town: Town) -> list[str]:
    return [one.text for one in await town.store.list_deliveries([DeliveryState.WITHHELD], 1000)]


async def now(town: Town, case):
    return await town.store.case_by_id(case.id)


# --- hearing ---------------------------------------------------------------------------------


async def test_a_bare_hello_is_enough_to_hear_all_that_waited_in_its_order(town):
    case = await in_public(town)
    await acted(town, case, "accept", "")
    await acted(town, case, words="On y est presque.")
    await acted(town, case, "close", ANSWER)
    assert await heard(town) == []
    town.clock.pass_(days=3)
    worked = await in_private(town)
    receipt, accepted, nearly, answer, added = await heard(town)
    assert str(case.number)[:4] in receipt
    assert "Service eclairage" in accepted
    assert "On y est presque." in nearly
    assert ANSWER in answer
    assert str(case.number)[:4] in added
    assert worked.case.id == case.id
    assert await withheld(town) == []


async def test_nothing_of_it_stood_in_public(town):
    case = await in_public(town)
    await acted(town, case, "close")
    await in_private(town)
    assert [one.text for one in await town.to("square")] == [MENTION, NEWS]


async def test_what_he_says_is_kept_on_the_case_and_reopens_nothing(town):
    case = await in_public(town)
    await acted(town, case, "close")
    await in_private(town)
    case = await now(town, case)
    assert case.status is Status.RESOLVED
    assert HELLO in case.text
    said = [one.text for one in await town.store.events(case.id) if one.kind is EventKind.MESSAGE]
    assert said == [HELLO]


async def test_he_is_reached_in_private_from_then_on(town):
    case = await in_public(town)
    await in_private(town)
    [reporter] = (await now(town, case)).reporters
    assert (reporter.address.value, reporter.public) == ("room of ana", False)
    before = await heard(town)
    await acted(town, case, "close")
    [answer] = (await heard(town))[len(before) :]
    assert ANSWER in answer
    assert [one.text for one in await town.to("square")] == [MENTION]


async def test_those_who_work_on_the_case_read_once_that_he_is_reached_now(town):
    case = await in_public(town)
    hellos = [town.envelope("room of ana", HELLO, id=id, who="ana") for id in ("one", "two")]
    await town.store.accept(hellos)
    await town.router.run_once()
    await in_private(town)
    notes = [one.text for one in await town.store.events(case.id) if "en privé" in one.text]
    assert len([one for one in notes if "maintenant en privé" in one]) == 1


async def test_nothing_is_told_twice_whatever_he_says_next(town):
    case = await in_public(town)
    await acted(town, case, "close")
    await in_private(town, id="once")
    first = await heard(town)
    await town.store.accept([town.envelope("room of ana", HELLO, id="once", who="ana")])
    await town.router.run_once()
    assert await heard(town) == first
    town.clock.pass_(days=1)
    await in_private(town, "bonjour encore")
    assert sum(ANSWER in one for one in await heard(town)) == 1


async def test_who_never_writes_in_private_loses_nothing(town):
    case = await in_public(town)
    await acted(town, case, "close")
    town.clock.pass_(days=400)
    assert any(ANSWER in one for one in await withheld(town))
    await in_private(town)
    assert any(ANSWER in one for one in await heard(town))


@pytest.mark.parametrize("kind", ["help", "start"])
async def test_a_word_that_steers_is_enough_too_and_what_follows_is_of_the_case(town, kind):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await town.hear("room of ana", kind=kind, who="ana")
    assert any(ANSWER in one for one in await heard(town))
    assert (await in_private(town, "merci")).case.id == case.id


async def test_who_wants_nothing_more_is_told_nothing_until_he_does_again(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await town.hear("room of ana", kind="stop", who="ana")
    await in_private(town)
    assert not any(ANSWER in one for one in await heard(town))
    await town.hear("room of ana", kind="start", who="ana")
    assert sum(ANSWER in one for one in await heard(town)) == 1


async def test_a_photo_goes_along(town):
    case = await in_public(town)
    token = town.signer.sign("p", case.number, case.owner)
    photo = {"name": "a.jpg", "media_type": "image/jpeg", "size": 20_000, "ref": "r"}
    await town.hear(
        str(case.owner), kind="act", token=token, act="close", text=ANSWER, attachments=[photo]
    )
    await in_private(town)
    [answer] = [one for one in await town.to("room of ana") if ANSWER in one.text]
    assert "a.jpg" in answer.data


# --- to which case ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "c'est rue Lambert",
        "Le lampadaire est devant chez moi, rue Lambert",
        "Le lampadaire est toujours éteint",
        "Bonjour, comme vous me le demandez, voici où cela se trouve exactement : rue Lambert tout au bout",
        "Le lampadaire éteint",
    ],
)
async def test_what_goes_on_with_what_he_said_in_public_is_added_to_it(town, words):
    case = await in_public(town)
    town.clock.pass_(days=2)
    assert (await in_private(town, words)).case.id == case.id


@pytest.mark.parametrize(
    "words",
    [
        RUBBISH,
        "Je voudrais savoir si vous pouvez me dire quand la piscine ouvrira de nouveau ses portes",
    ],
)
async def test_who_speaks_of_something_else_has_a_new_case_and_hears_what_waited(town, words):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    worked = await in_private(town, words)
    assert worked.case.id != case.id
    assert sum(ANSWER in one for one in await heard(town)) == 1
    await acted(town, case, "close", "Fini.")
    assert any("Fini." in one for one in await heard(town))


async def test_another_place_is_something_else(town):
    case = await in_public(town, "Le lampadaire est éteint rue Scribe")
    assert (await in_private(town, "Le lampadaire est éteint rue Lambert")).case.id != case.id


async def test_of_several_it_is_the_one_that_he_was_invited_to_last(town):
    first = await in_public(town, LAMP, where="square")
    town.clock.pass_(days=1)
    last = await in_public(town, RUBBISH, where="square")
    town.clock.pass_(days=1)
    await acted(town, first, words=ANSWER)
    town.clock.pass_(days=1)
    assert (await in_private(town)).case.id == first.id
    assert (await now(town, last)).reporters[0].address.value == "room of ana"
    assert [str(one.number)[:4] in (await heard(town))[0] for one in (first, last)] == [True, False]


async def test_his_own_case_in_private_comes_first(town):
    own = (await in_private(town, RUBBISH)).case
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    assert (await in_private(town, "toujours rien ?")).case.id == own.id
    assert any(ANSWER in one for one in await heard(town))


async def test_a_number_wins(town):
    case = await in_public(town)
    other = (await in_private(town, RUBBISH, person="bob")).case
    worked = await in_private(town, f"toujours rien ? {other.number}")
    assert worked.case.id == other.id
    assert (await now(town, case)).reporters[0].address.value == "room of ana"


@pytest.mark.parametrize(("days", "same"), [(29, True), (31, False)])
async def test_an_invitation_is_one_to_go_on_for_thirty_days(town, days, same):
    case = await in_public(town)
    town.clock.pass_(days=days)
    worked = await in_private(town)
    assert (worked.case is not None and worked.case.id == case.id) is same
    assert str(case.number)[:4] in (await heard(town))[0]


@pytest.mark.parametrize(("days", "same"), [(13, True), (15, False)])
async def test_a_case_that_has_ended_takes_words_for_a_fortnight(town, days, same):
    case = await in_public(town)
    for refusal in (case, case):
        current = await now(town, refusal)
        await acted(town, current, "refuse", "Ce n'est pas à nous.")
    assert (await now(town, case)).status is Status.REFUSED
    town.clock.pass_(days=days)
    worked = await in_private(town)
    assert (worked.case is not None and worked.case.id == case.id) is same
    assert any("Ce n'est pas à nous." in one for one in await heard(town))


# --- questions -------------------------------------------------------------------------------


async def test_a_question_that_could_not_be_put_in_public_is_put_in_private(town):
    case = await in_public(town, "c'est flou")
    assert case.asked == "lieu"
    await in_private(town)
    questions = [one for one in await town.to("room of ana") if one.kind is DeliveryKind.QUESTION]
    assert [one.asked for one in questions] == ["lieu"]
    assert (await now(town, case)).asked == "lieu"
    worked = await in_private(town, "rue Lambert")
    assert worked.case.id == case.id
    assert (await now(town, case)).place.street == "rue lambert"


async def test_a_question_that_he_answers_before_he_hears_it_is_not_put(town):
    case = await in_public(town, "c'est flou")
    worked = await in_private(town, "c'est rue Lambert")
    assert worked.case.id == case.id
    assert [one for one in await town.to("room of ana") if one.kind is DeliveryKind.QUESTION] == []


async def test_what_he_says_before_he_hears_a_question_is_no_answer_to_it(town):
    case = await in_public(town, "Il y a du tapage")
    assert case.asked == "date"
    assert (await in_private(town, "toujours rien ?")).case.id == case.id
    asked = await now(town, case)
    assert (asked.asked, asked.answers) == ("date", ())
    questions = [one for one in await town.to("room of ana") if one.kind is DeliveryKind.QUESTION]
    assert [one.asked for one in questions] == ["date"]
    assert (await in_private(town, "hier vers vingt heures")).case.id == case.id
    assert [(one.fact, one.text) for one in (await now(town, case)).answers] == [
        ("date", "hier vers vingt heures")
    ]


async def test_what_a_service_asks_is_told_and_what_he_says_then_is_the_answer(town):
    case = await in_public(town)
    await acted(town, case, "progress", "De quelle couleur est-il ?")
    await in_private(town)
    assert any("De quelle couleur" in one for one in await heard(town))
    assert (await in_private(town, "vert")).case.id == case.id


# --- others ----------------------------------------------------------------------------------


async def test_nobody_else_hears_of_it_not_even_in_the_same_group(town):
    case = await in_public(town, LAMP, "ana")
    other = await in_public(town, RUBBISH, "bob")
    await acted(town, case, words="Pour Ana.")
    await acted(town, other, words="Pour Bob.")
    await in_private(town, person="bob")
    await in_private(town, person="eve")
    assert any("Pour Bob." in one for one in await heard(town, "bob"))
    assert not any("Pour Ana." in one for one in await heard(town, "bob"))
    assert not any("Pour Ana." in one or "Pour Bob." in one for one in await heard(town, "eve"))
    await in_private(town, person="ana")
    assert any("Pour Ana." in one for one in await heard(town, "ana"))
    assert not any("Pour Bob." in one for one in await heard(town, "ana"))


async def test_the_same_id_on_another_account_is_another_person(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await town.hear("room of ana", HELLO, who="ana", account="other")
    assert not any(ANSWER in one for one in await heard(town))


async def test_the_same_name_is_not_the_same_person(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await town.hear("room of ana", HELLO, who="another ana")
    await town.hear("square", HELLO)
    assert not any(ANSWER in one for one in await heard(town))


async def test_words_in_public_do_not_let_it_leave(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await in_public(town, HELLO)
    assert any(ANSWER in one for one in await withheld(town))
    assert not any(
        ANSWER in one.text for one in await town.waiting() if one.address.value == "square"
    )


async def test_who_is_no_longer_on_the_case_is_told_nothing_of_it(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    current = await now(town, case)
    gone = replace(current, reporters=())
    await town.store.commit([Unit((), cases=(CaseWrite(gone, current.version),))], town.clock.now())
    await in_private(town)
    assert not any(ANSWER in one for one in await heard(town))


@pytest.mark.parametrize("there_too", [True, False])
async def test_of_a_case_that_was_merged_he_hears_only_where_he_reports_the_one_that_goes_on(
    town, there_too
):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    other = (await in_private(town, LAMP, person="bob")).case
    merged = await now(town, case)
    people = (*other.reporters, *(merged.reporters if there_too else ()))
    writes = (
        CaseWrite(replace(merged, merged_into=other.id, status=Status.MERGED), merged.version),
        CaseWrite(replace(other, reporters=people), other.version),
    )
    await town.store.commit([Unit((), cases=writes)], town.clock.now())
    await in_private(town)
    assert any(ANSWER in one for one in await heard(town)) is there_too
    assert not any(ANSWER in one for one in await heard(town, "bob"))


async def test_what_he_says_in_public_again_is_his_own_and_told_in_private(town):
    case = await in_public(town)
    await in_private(town)
    before = len(await heard(town))
    worked = await town.hear("square", "Le lampadaire est toujours éteint", public=True, who="ana")
    assert worked.case.id == case.id
    [reporter] = (await now(town, case)).reporters
    assert (reporter.address.value, reporter.public) == ("room of ana", False)
    await acted(town, case, "close")
    assert ANSWER in (await heard(town))[-1]
    assert len(await heard(town)) == before + 1


@pytest.mark.parametrize("known", [False, True])
async def test_what_follows_from_what_he_adds_in_public_is_told_once_in_private(town, known):
    case = await in_public(town, "Il y a un problème depuis des mois et personne ne vient le voir")
    if known:
        await in_private(town)
    worked = await in_public(town, "c'est toujours le lampadaire")
    assert (worked.id, worked.owner) == (case.id, "eclairage")
    await in_private(town)
    moves = [one for one in await heard(town) if "change de service" in one]
    assert len(moves) == 1
    assert "Service eclairage" in moves[0]


async def test_what_is_asked_of_what_he_adds_in_public_is_asked_at_once_in_private(town):
    case = await in_public(town, "Il y a un problème")
    await in_private(town)
    assert (await in_public(town, "toujours du tapage")).id == case.id
    questions = [one.asked for one in await town.to("room of ana") if one.asked]
    assert questions[-1] == "date"
    assert (await in_private(town, "hier vers vingt heures")).case.id == case.id
    assert [one.text for one in (await now(town, case)).answers] == ["hier vers vingt heures"]


async def test_another_member_of_the_group_is_a_third_party_once_he_is_known_in_private(town):
    case = await in_public(town)
    await in_private(town)
    await town.hear("square", "toujours rien ?", public=True, who="bob")
    await acted(town, case, "close")
    assert not any(ANSWER in one for one in await withheld(town))
    await in_private(town, person="bob")
    assert not any(ANSWER in one for one in await heard(town, "bob"))


# --- danger ----------------------------------------------------------------------------------


async def test_whom_to_call_is_said_in_public_at_once(town):
    worked = await town.hear("square", "Ça sent le gaz", public=True, who="ana")
    assert worked.reply.text.startswith(town.rules.known["gaz"])
    again = await town.hear("square", "Ça sent encore le gaz", public=True, who="ana")
    assert town.rules.known["gaz"] in again.reply.text


async def test_in_danger_whom_to_call_comes_first_and_what_waited_with_the_next_words(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    await in_private(town, "Ça sent le gaz")
    [alone] = await heard(town)
    assert alone.startswith(town.rules.known["gaz"])
    await in_private(town)
    assert sum(ANSWER in one for one in await heard(town)) == 1


async def test_a_part_of_a_case_is_told_with_its_whole(town):
    whole = await in_public(town, "Le lampadaire est éteint et la poubelle déborde")
    for part in await town.store.children(whole.id):
        await acted(town, part, words=f"De {part.owner}.")
    await in_private(town)
    told = await heard(town)
    assert any("De eclairage." in one for one in told)
    assert any("De proprete." in one for one in told)
    assert (await now(town, whole)).reporters[0].address.value == "room of ana"


# --- at the same moment ----------------------------------------------------------------------


class Meeting:
    """A store on which another worker writes just before the first commit."""

    def __init__(self, store, meanwhile):
        self._store, self._meanwhile = store, [meanwhile]

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def commit(self, units, now):
        while self._meanwhile:
            await self._meanwhile.pop()()
        return await self._store.commit(units, now)


async def met(town: Town, first, then) -> None:
    """Have one worker begin with ``first``, and another work ``then`` before it can commit."""

    async def meanwhile():
        await town.store.accept([then])
        while await town.router.run_once():
            pass

    await town.store.accept([first])
    slow = replace(town.router, store=Meeting(town.store, meanwhile))
    while await slow.run_once():
        pass


@pytest.mark.parametrize("words", [LAMP, f"{LAMP} et la poubelle déborde"])
@pytest.mark.parametrize("hello_first", [True, False])
async def test_an_answer_and_a_private_word_at_the_same_moment_meet(town, words, hello_first):
    whole = await in_public(town, words)
    parts = await town.store.children(whole.id) or [whole]
    await acted(town, parts[-1], "accept", "")
    case = await now(town, parts[0])
    token = town.signer.sign("p", case.number, case.owner)
    act = town.envelope(str(case.owner), ANSWER, kind="act", token=token, act="progress")
    hello = town.envelope("room of ana", HELLO, who="ana")
    await met(town, *((hello, act) if hello_first else (act, hello)))
    assert sum(ANSWER in one for one in await heard(town)) == 1
    assert await withheld(town) == []


async def test_who_writes_in_two_rooms_at_the_same_moment_hears_it_once(town):
    case = await in_public(town)
    await acted(town, case, words=ANSWER)
    rooms = [town.envelope(room, HELLO, who="ana") for room in ("room of ana", "room of bob")]
    await met(town, *rooms)
    told = await heard(town, "ana") + await heard(town, "bob")
    assert sum(ANSWER in one for one in told) == 1


async def test_a_post_and_a_private_word_that_are_worked_together_are_one_affair(town):
    post = town.envelope("square", LAMP, public=True, who="ana")
    await town.store.accept([post, town.envelope("room of ana", HELLO, who="ana")])
    while await town.router.run_once():
        pass
    assert len({one.case.id for one in town.seen}) == 1
    assert await withheld(town) == []
    assert len(await heard(town)) == 2
