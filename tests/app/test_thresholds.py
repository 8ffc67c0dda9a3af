"""Steps that act when so many people confirm a case, each of them once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.decision import Facts, Urgency
from router.tracking import printed

RULES = """
- id: confirme
  si: {categorie: bruit}
  seuils:
    - {confirmations: 2, informer: [astreinte], proposer: réunion}
    - {confirmations: 3, informer: [astreinte, voirie-m], urgence: haute, etiquettes: [tous]}
    - {confirmations: 5, responsable: guichet, repondre: merci}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


async def confirm(ruled, case, *people, trust="verified"):
    """Have people write with the number of the case; gives the case as it is then."""
    for person in people:
        words = f"Moi aussi : {printed(case.number)}"
        await ruled.hear(person, words, trust=trust)
    return await ruled.case(case)


async def notices(ruled, address) -> int:
    return len(await ruled.sent(address, "notice"))


async def noise(ruled):
    return (await ruled.hear("ana", "La musique est trop forte à Rezé")).case


async def test_each_step_acts_once_when_it_is_reached(ruled):
    case = await noise(ruled)
    assert await notices(ruled, "s@m.example") == 0
    case = await confirm(ruled, case, "bob")
    assert (case.confirmations, case.urgency) == (2, Urgency.NORMAL)
    assert await notices(ruled, "s@m.example") == 1
    assert case.proposals == ("réunion",)
    case = await confirm(ruled, case, "carl")
    assert (case.urgency, case.labels) == (Urgency.HIGH, ("tous",))
    assert await notices(ruled, "s@m.example") == 2  # this step tells it too
    assert await notices(ruled, "v@m.example") == 1
    await confirm(ruled, case, "carl", "bob")  # no one new
    assert await notices(ruled, "s@m.example") == 2
    assert "Seuil atteint : confirme : 3" in await ruled.told(case)


OPINIONS = """
- id: confirme
  si: {categorie: bruit}
  alors: {consulter: [routes]}
  seuils:
    - {confirmations: 2, consulter: [astreinte]}
    - {confirmations: 4, consulter: [astreinte, voirie-m, routes]}
"""


@pytest.mark.parametrize("jump", [False, True])
async def test_a_step_asks_for_opinions_each_once(jump, ruled):
    await ruled.rule(OPINIONS)
    case = await noise(ruled)
    assert len(await ruled.sent("https://r.example", "opinion")) == 1
    if jump:
        words = f"Moi aussi : {printed(case.number)}"
        people = ("bob", "carl", "dora", "eva")
        await ruled.hear_all([(one, words, {"trust": "verified"}) for one in people])
        assert (await ruled.case(case)).confirmations == 5
    else:
        await confirm(ruled, case, "bob")
        assert len(await ruled.sent("s@m.example", "opinion")) == 1
        await confirm(ruled, case, "carl", "dora")
    await ruled.rule(OPINIONS + "# publié de nouveau\n")
    await confirm(ruled, case, "fanny")
    for address in ("https://r.example", "s@m.example", "v@m.example"):
        assert len(await ruled.sent(address, "opinion")) == 1, address
        assert await ruled.sent(address, "notice") == []


async def test_an_address_that_nobody_vouches_for_confirms_nothing(ruled):
    case = await noise(ruled)
    case = await confirm(ruled, case, "bob", "carl", trust="unverified")
    assert case.confirmations == 1
    assert await notices(ruled, "s@m.example") == 0


async def test_a_step_gives_the_case_to_another_and_its_text_reaches_the_reporter(ruled):
    case = await noise(ruled)
    assert case.owner == "mairie-reze"
    case = await confirm(ruled, case, "bob", "carl", "dora", "eva")
    assert case.owner == "guichet"
    thanks = [d for d in await ruled.sent("ana") if d.text == f"Merci {printed(case.number)}"]
    assert len(thanks) == 1
    case = await confirm(ruled, case, "fanny")
    assert case.owner == "guichet"
    assert len(await ruled.sent("ana")) == 2  # the receipt, and the text of the step


MOVES = """
- id: confirme
  si: {categorie: bruit}
  seuils:
    - {confirmations: 3, responsable: guichet, urgence: haute}
"""


async def started(ruled, *acts):
    case = await noise(ruled)
    for act in acts:
        await ruled.act(case, act)
    return await ruled.case(case)


@pytest.mark.parametrize("acts", [(), ("accept",), ("accept", "progress")])
async def test_a_step_moves_a_case_that_was_started_and_all_are_told_once(ruled, acts):
    await ruled.rule(MOVES)
    case = await started(ruled, *acts)
    assert case.owner == "mairie-reze"
    heard = len(await ruled.sent("ana"))
    case = await confirm(ruled, case, "bob", "carl")
    assert (case.owner, case.status, case.urgency) == ("guichet", "assigned", Urgency.HIGH)
    (left,) = await ruled.sent("m@r.example", "notice")
    assert "est maintenant confiée à ce service : Guichet" in left.text
    sheets = [d for d in await ruled.sent("a@m.example", "forward") if d.text == case.text]
    assert len(sheets) == 1
    assert [d.kind for d in (await ruled.sent("ana"))[heard:]] == ["progress"]
    assert "Guichet" in (await ruled.sent("ana"))[-1].text
    assert len(await ruled.sent("bob")) == 1  # a third party is told nothing of the case
    assert "Seuil atteint : confirme : 3" in await ruled.told(case)
    case = await confirm(ruled, case, "dora")
    assert case.owner == "guichet"
    assert len(await ruled.sent("m@r.example", "notice")) == 1
    assert len(await ruled.sent("ana")) == heard + 1


async def test_a_danger_that_takes_a_case_from_who_works_on_it_tells_him_so(ruled):
    gas = "- {id: gaz, priorite: danger, si: {contient: [gaz]}, alors: {responsable: astreinte}}"
    await ruled.rule(MOVES + gas)
    case = await started(ruled, "accept")
    ref = case.reporters[0].refs[0]
    assert (await ruled.hear("ana", "ça sent le gaz maintenant", refs=[ref])).case.id == case.id
    assert (await ruled.case(case)).owner == "astreinte"
    (left,) = await ruled.sent("m@r.example", "notice")
    assert left.text.startswith("Cette demande est maintenant confiée à ce service : Astreinte")


async def test_a_step_that_was_passed_never_takes_back_what_was_placed_since(ruled):
    await ruled.rule(MOVES)
    case = await confirm(ruled, await started(ruled, "accept"), "bob", "carl")
    await ruled.act(case, "refuse", reason="pas nous")
    case = await ruled.case(case)
    owner = case.owner
    assert owner != "guichet"
    await ruled.act(case, "accept")
    assert (await confirm(ruled, case, "dora")).owner == owner


async def test_an_agent_s_choice_holds_against_a_step(ruled):
    await ruled.rule(MOVES)
    case = await started(ruled, "accept")
    facts = replace(facts_of(case), confirmations=3, confirmations_before=2)
    assert ruled.rulebook.decide(facts).reached.owner
    chosen = ruled.rulebook.decide(replace(facts, agent_choice="voirie-m"))
    assert (chosen.owner, chosen.reached.owner) == ("voirie-m", False)


def facts_of(case):
    return Facts(case.received_at, text=case.text, place=case.place, language="fr")


async def test_a_file_published_again_makes_no_step_act_again(ruled):
    case = await confirm(ruled, await noise(ruled), "bob", "carl")
    before = await notices(ruled, "s@m.example")
    await ruled.rule(RULES.replace("informer: [astreinte]", "informer: [astreinte, routes]"))
    await confirm(ruled, case, "dora")
    assert await notices(ruled, "s@m.example") == before


async def test_a_case_that_was_answered_is_not_taken_up_again_for_one_more_voice(ruled):
    case = await noise(ruled)
    await ruled.act(case, "close", text="C'est fait.")
    case = await confirm(ruled, case, "bob")
    assert case.status == "resolved"
    assert await notices(ruled, "s@m.example") == 0


async def test_one_who_has_to_know_of_the_place_is_told_once_it_is_known(ruled):
    await ruled.rule("- {id: a, si: {categorie: bruit}, alors: {informer: [mairie-du-lieu]}}")
    first = await ruled.hear("ana", "La musique est trop forte")
    assert await notices(ruled, "m@n.example") == 0
    await ruled.hear("ana", "à Nantes")
    assert await notices(ruled, "m@n.example") == 1
    assert (await ruled.case(first.case)).owner == "paix-nantes"
