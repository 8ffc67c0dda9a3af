"""Two and more installations: a case is offered, accepted, told of, given back, and never goes round."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

import pytest
from cell_towns import CellRules, CellTown, elsewhere, settle

from router.archive import Action, CaseFilter
from router.case import EventKind, Status
from router.cells import AtEnd, Share, Speaks
from router.decision import ServiceId, Urgency
from router.message import Address, Envelope
from router.tracking import printed
from router.words.texts import TextId, text
from router.work import Timer, TimerKind, Unit


@pytest.fixture
async def towns(tmp_path):
    """Nantes hands « voie » to the metropole, which has roads and hands « canal » to the region."""
    async with _towns(
        tmp_path,
        nantes=({"voie": "chez-metropole"}, ["metropole"]),
        metropole=({"voie": "proprete", "canal": "chez-region"}, ["nantes", "region"]),
        region=({"canal": "eclairage"}, ["metropole"]),
    ) as found:
        yield found


@asynccontextmanager
async def _towns(folder, **plans):
    found = {}
    for name, (words, others) in plans.items():
        (folder / name).mkdir()
        url = f"sqlite:///{folder / name / 'town.sqlite'}"
        found[name] = CellTown(url, name, words, others)
        await found[name].store.open()
    for name, (_, others) in plans.items():
        for other in others:
            if other in found:
                found[name].tie(found[other])
    yield tuple(found.values())
    for town in found.values():
        await town.store.close()


async def _report(town, text="Un trou dans la voie", person="ana"):
    return (await town.hear(person, text)).case


async def _notes(town, number):
    case = await town.case(number)
    return [event.text for event in await town.store.events(case.id)]


async def test_a_case_is_ours_until_the_other_accepts_it_under_the_same_number(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await nantes.post()
    assert ((await nantes.case(case.number)).gone.accepted) is False
    await metropole.route()
    there = await metropole.case(case.number)
    assert (there.owner, there.status, there.text) == ("proprete", Status.ASSIGNED, case.text)
    assert (there.came.cell, there.came.hops, there.came.epoch) == ("nantes", ("nantes",), 1)
    await settle(*towns)
    here = await nantes.case(case.number)
    assert (here.gone.cell, here.gone.accepted, here.epoch) == ("metropole", True, 1)


async def test_what_the_service_does_there_is_told_here_on_the_persons_own_channel(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    told = len(await nantes.told("ana"))
    await metropole.word("proprete", case.number, act="accept")
    await settle(*towns)
    assert (await nantes.case(case.number)).status is Status.ACCEPTED
    await metropole.word("proprete", case.number, act="close", text="Le trou est bouché.")
    await settle(*towns)
    assert (await nantes.case(case.number)).status is Status.RESOLVED
    new = (await nantes.told("ana"))[told:]
    assert len(new) == 2
    assert "Le trou est bouché." in new[1]
    assert [d for d in await metropole.waiting() if d.address.channel == "memory"] == []


async def test_what_the_person_adds_reaches_the_service_there_and_joins_the_same_case(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    await nantes.hear("ana", "Le trou est toujours là, plus profond")
    await settle(*towns)
    assert "plus profond" in (await metropole.case(case.number)).text
    [*_, last] = await metropole.to("proprete@services.example")
    assert "plus profond" in last.text


async def test_who_takes_no_offer_says_why_and_the_rules_choose_another(towns):
    nantes, metropole, _ = towns
    metropole.agree(["nantes", "region"], until=date(2026, 11, 1))
    case = await _report(nantes)
    await settle(*towns)
    here = await nantes.case(case.number)
    assert (here.owner, here.gone) == ("guichet-metropole", None)
    assert await metropole.case(case.number) is None
    assert any("accord" in text for text in await _notes(nantes, case.number))


async def test_a_case_that_nobody_there_wants_comes_back_under_a_new_epoch(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    await metropole.word("proprete", case.number, act="refuse", reason="Pas à nous")
    await settle(*towns)
    assert (await metropole.case(case.number)).owner == "guichet-metropole"
    await metropole.word("guichet-metropole", case.number, act="refuse", reason="Voie privée")
    await settle(*towns)
    there, here = await metropole.case(case.number), await nantes.case(case.number)
    assert (there.status, there.came.ended) == (Status.PASSED_ON, True)
    assert (here.owner, here.gone, here.epoch) == ("guichet-metropole", None, 2)
    assert any("Voie privée" in text for text in await _notes(nantes, case.number))


async def test_a_case_given_back_can_be_offered_again_and_is_the_same_case_there(towns):
    nantes, metropole, _ = towns
    nantes.rules.others["eau"] = elsewhere("metropole", id=ServiceId("eau"))
    case = await _report(nantes)
    await settle(*towns)
    first = await metropole.case(case.number)
    await metropole.word("proprete", case.number, act="refuse", reason="Non")
    await settle(*towns)
    token = metropole.signer.sign("p", case.number, "guichet-metropole")
    nantes.rules.words = {"voie": "eau"}
    await metropole.hear("desk", kind="act", token=token, act="refuse", reason="Non")
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    assert (here.owner, here.gone.accepted, here.epoch) == ("eau", True, 3)
    assert (there.id, there.came.epoch, there.came.ended) == (first.id, 3, False)
    assert (there.owner, there.status) == ("proprete", Status.ASSIGNED)
    await metropole.word("proprete", case.number, act="close", text="Fait après tout.")
    await settle(*towns)
    assert "Fait après tout." in (await nantes.told("ana"))[-1]


async def _moved_before_it_is_accepted(nantes, metropole):
    """Have the metropole take a case that Nantes, meanwhile, has given to a service of its own."""
    case = await _report(nantes)
    await nantes.post()
    nantes.rules.words = {"voie": "eclairage"}
    await _redecide(nantes, await nantes.case(case.number))
    await metropole.route()  # accepts what it was offered
    return case


async def test_a_case_that_moves_before_it_is_accepted_is_withdrawn_there(towns):
    nantes, metropole, _ = towns
    case = await _moved_before_it_is_accepted(nantes, metropole)
    assert not (await metropole.case(case.number)).came.ended
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    assert (here.owner, here.gone, here.epoch) == ("eclairage", None, 2)
    assert (there.status, there.came.ended) == (Status.PASSED_ON, True)


async def test_who_accepts_an_offer_that_counts_no_more_is_told_again(towns):
    nantes, metropole, _ = towns
    nantes.wires["metropole"].holding = True
    case = await _report(nantes)
    await nantes.post()
    nantes.rules.words = {"voie": "eclairage"}
    await _redecide(nantes, await nantes.case(case.number))
    await nantes.post()  # the withdrawal is lost on the way, the offer is late
    offer, _lost = nantes.wires["metropole"].held
    nantes.wires["metropole"].holding = False
    await metropole.store.accept([offer])
    await settle(*towns)
    assert (await metropole.case(case.number)).came.ended
    assert (await nantes.case(case.number)).owner == "eclairage"


async def test_another_installation_waits_until_the_case_has_been_given_back(tmp_path):
    async with _towns(
        tmp_path,
        nantes=({"voie": "chez-metropole"}, ["metropole", "region"]),
        metropole=({}, ["nantes"]),
        region=({}, ["nantes"]),
    ) as (nantes, metropole, region):
        case = await _report(nantes)
        await settle(nantes, metropole, region)
        nantes.rules.words = {"voie": "chez-region"}
        await _redecide(nantes, await nantes.case(case.number))
        await nantes.post()
        await region.route()
        assert await region.case(case.number) is None
        await settle(nantes, metropole, region)
        here, there = await nantes.case(case.number), await region.case(case.number)
        assert (here.owner, here.gone.cell, here.gone.accepted) == ("chez-region", "region", True)
        assert there.came.epoch == here.epoch == 3
        assert (await metropole.case(case.number)).came.ended


async def test_a_danger_told_later_alerts_here_whoever_has_the_case(towns):
    nantes, _metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    await nantes.hear("ana", f"{case.number} ça sent le gaz")
    await settle(*towns)
    alerted = [d for d in await nantes.waiting() if d.address.value.startswith("astreinte@")]
    assert alerted


async def test_a_word_that_comes_twice_or_late_changes_nothing(towns):
    nantes, metropole, _ = towns
    nantes.wires["metropole"].copies = metropole.wires["nantes"].copies = 3
    case = await _report(nantes)
    await settle(*towns)
    await metropole.word("proprete", case.number, act="progress", text="On vient lundi")
    await settle(*towns)
    told = [text for text in await nantes.told("ana") if "lundi" in text]
    assert len(told) == 1


async def test_states_told_out_of_order_do_not_go_back(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    wire = metropole.wires["nantes"]
    wire.holding = True
    await metropole.word("proprete", case.number, act="accept")
    await metropole.route()
    await metropole.post()
    wire.holding = False
    await metropole.word("proprete", case.number, act="close", text="Fait.")
    await settle(*towns)
    assert (await nantes.case(case.number)).status is Status.RESOLVED
    told = len(await nantes.told("ana"))
    await nantes.store.accept(wire.held)
    await settle(*towns)
    assert (await nantes.case(case.number)).status is Status.RESOLVED
    assert len(await nantes.told("ana")) == told


async def test_states_told_after_a_restore_count_though_their_numbers_began_again(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    here = await nantes.case(case.number)
    incarnation, sequence = here.gone.heard
    metropole.agree(["nantes", "region"], incarnation=incarnation + 1)
    body = {
        "transfer": {
            "word": "status", "from": "metropole", "to": "nantes", "number": case.number,
            "epoch": here.epoch, "incarnation": incarnation + 1, "sequence": 1,
            "status": "in_progress", "text": "",
        }
    }  # fmt: skip
    await _say(nantes, "metropole", case.number, body)
    assert (await nantes.case(case.number)).status is Status.IN_PROGRESS
    old = {**body["transfer"], "incarnation": incarnation, "sequence": sequence + 50}
    await _say(nantes, "metropole", case.number, {"transfer": {**old, "status": "resolved"}})
    assert (await nantes.case(case.number)).status is Status.IN_PROGRESS


async def _say(town, account, number, body):
    key = Address("cell", account, number).key
    raw = json.dumps(body).encode()
    name = f"said-{town.ids.next()}"
    await town.store.accept([Envelope("cell", account, name, key, raw, town.clock.now())])
    await town.route()


async def test_a_case_goes_on_to_a_third_and_its_answers_come_all_the_way_back(towns):
    nantes, _metropole, region = towns
    nantes.rules.words["canal"] = "chez-metropole"
    case = await _report(nantes, "Le canal déborde")
    await settle(*towns)
    there = await region.case(case.number)
    assert (there.owner, there.came.hops) == ("eclairage", ("nantes", "metropole"))
    await region.word("eclairage", case.number, act="close", text="La vanne est ouverte.")
    await settle(*towns)
    for town in towns:
        assert (await town.case(case.number)).status is Status.RESOLVED
    assert "La vanne est ouverte." in (await nantes.told("ana"))[-1]


async def test_a_case_given_back_by_the_third_can_go_back_to_the_first(towns):
    nantes, metropole, region = towns
    nantes.rules.words["canal"] = "chez-metropole"
    case = await _report(nantes, "Le canal déborde")
    await settle(*towns)
    for town, service in (
        (region, "eclairage"),
        (region, "guichet-metropole"),
        (metropole, "guichet-metropole"),
    ):
        await town.word(service, case.number, act="refuse", reason="Pas nous")
        await settle(*towns)
    here = await nantes.case(case.number)
    assert (here.owner, here.gone) == ("guichet-metropole", None)
    assert here.epoch == (await metropole.case(case.number)).epoch > 2


async def test_a_case_that_would_go_round_stays_at_the_desk(tmp_path):
    async with _towns(
        tmp_path,
        nantes=({"voie": "chez-metropole"}, ["metropole"]),
        metropole=({"voie": "chez-nantes"}, ["nantes"]),
    ) as (nantes, metropole):
        case = await _report(nantes)
        await settle(nantes, metropole)
        there = await metropole.case(case.number)
        assert (there.owner, there.gone) == ("guichet-metropole", None)
        assert there.refused_by == ("chez-nantes",)
        assert (await nantes.case(case.number)).gone.accepted


async def test_after_four_hops_the_desk_keeps_it(tmp_path):
    names = ["a", "b", "c", "d", "e", "f"]
    plans = {
        name: (
            {"voie": f"chez-{names[i + 1]}"} if i + 1 < len(names) else {},
            [n for n in (names[max(0, i - 1)], names[min(5, i + 1)]) if n != name],
        )
        for i, name in enumerate(names)
    }
    async with _towns(tmp_path, **plans) as towns:
        case = await _report(towns[0])
        await settle(*towns)
        holders = [await town.case(case.number) for town in towns]
    assert [found is not None for found in holders] == [True] * 5 + [False]
    assert holders[4].owner == "guichet-metropole"


async def test_a_case_that_has_been_taken_for_anothers_number_is_declined(towns):
    _nantes, metropole, _ = towns
    own = await _report(metropole, "Une poubelle", "leo")
    body = {
        "transfer": {
            "word": "offer", "from": "nantes", "to": "metropole", "number": own.number,
            "epoch": 1, "hops": ["nantes"],
        },
        "case": {"text": "Un trou dans la voie"},
    }  # fmt: skip
    await _say(metropole, "nantes", own.number, body)
    there = await metropole.case(own.number)
    assert (there.came, there.text) == (None, own.text)
    [said] = [d for d in await metropole.waiting() if d.address.channel == "cell"]
    assert json.loads(said.data)["transfer"]["word"] == "decline"


@pytest.mark.parametrize(
    ("transfer", "why"),
    [
        ({"to": "rezé"}, "s'appelle"),
        ({"hops": ["metropole", "nantes"]}, "déjà passée"),
        ({"hops": ["a", "b", "c", "d", "nantes"]}, "4 fois"),
        ({"hops": []}, "ne finit pas par « nantes »"),
        ({"hops": ["region"]}, "ne finit pas par « nantes »"),
        ({"hops": ["nantes", "region"]}, "ne finit pas par « nantes »"),
    ],
)
async def test_an_offer_that_should_not_have_come_is_declined_with_the_reason(towns, transfer, why):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    said = {
        "word": "offer", "from": "nantes", "to": "metropole", "number": case.number, "epoch": 1,
        "hops": ["nantes"], **transfer,
    }  # fmt: skip
    await _say(metropole, "nantes", case.number, {"transfer": said, "case": {"text": "voie"}})
    assert await metropole.case(case.number) is None
    [answer] = [d for d in await metropole.waiting() if d.address.channel == "cell"]
    told = json.loads(answer.data)["transfer"]
    assert told["word"] == "decline"
    assert why in told["text"]


async def test_a_case_that_was_accepted_and_moves_is_asked_back_and_then_goes_on(towns):
    nantes, metropole, _region = towns
    case = await _report(nantes)
    await settle(*towns)
    before = await nantes.case(case.number)
    nantes.rules.words = {"voie": "eclairage"}
    await _redecide(nantes, before)
    assert (await nantes.case(case.number)).gone.recalled
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    assert (here.owner, here.gone, here.epoch) == ("eclairage", None, 2)
    assert (there.status, there.came.ended) == (Status.PASSED_ON, True)
    [*_, last] = await metropole.to("proprete@services.example")
    assert "a repris cette demande" in last.text


async def _redecide(town, case):
    unit = Unit(
        claims=(),
        timers=(
            Timer(town.ids.next(), case.id, TimerKind.REDECIDE, town.clock.now(), case.generation),
        ),
    )
    await town.store.commit([unit], town.clock.now())
    town.clock.pass_(seconds=1)
    await town.clockwork.run_once()


async def test_the_owner_may_write_to_the_people_itself_where_that_is_agreed(towns):
    nantes, metropole, _ = towns
    nantes.agree(["metropole"], speaks=Speaks.OWNER)
    metropole.agree(["nantes", "region"], speaks=Speaks.OWNER, accounts={"memory": "other"})
    case = await _report(nantes)
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    assert (here.gone.speaks, there.came.speaks) == (True, True)
    [reporter] = there.reporters
    assert (reporter.address.account, reporter.address.value) == ("other", "ana")
    told = len(await nantes.told("ana"))
    await metropole.word("proprete", case.number, act="close", text="Fait.")
    await settle(*towns)
    assert "Fait." in (await metropole.told("ana"))[-1]
    assert len(await nantes.told("ana")) == told
    assert (await nantes.case(case.number)).status is Status.RESOLVED


async def test_nobody_is_handed_over_who_could_not_be_reached_there(towns):
    nantes, metropole, _ = towns
    nantes.agree(["metropole"], speaks=Speaks.OWNER)
    metropole.agree(["nantes", "region"], speaks=Speaks.OWNER)  # no account of that channel
    case = await _report(nantes)
    await settle(*towns)
    assert (await nantes.case(case.number)).gone.speaks is False
    await metropole.word("proprete", case.number, act="close", text="Fait.")
    await settle(*towns)
    assert "Fait." in (await nantes.told("ana"))[-1]


async def test_people_are_named_to_the_other_only_where_it_speaks_to_them(towns):
    nantes, _metropole, _ = towns
    await _report(nantes)
    await settle(*towns)
    [offer] = [json.loads(body) for body in nantes.wires["metropole"].said]
    assert offer["transfer"]["people"] == []
    assert "ana" not in json.dumps(offer["transfer"])


@pytest.mark.parametrize("share", list(Share))
async def test_what_is_not_agreed_is_not_told(towns, share):
    nantes, metropole, _ = towns
    left = frozenset(Share) - {share}
    nantes.agree(["metropole"], shares=left)
    metropole.agree(["nantes", "region"], shares=left)
    case = await _report(nantes)
    await settle(*towns)
    await nantes.hear("ana", "Le trou est toujours là, plus profond")
    await metropole.word("proprete", case.number, act="accept")
    await metropole.word("proprete", case.number, act="close", text="Le trou est bouché.")
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    assert here.status is Status.RESOLVED  # the end is always told
    assert ("plus profond" in there.text) is (share is not Share.ADDITIONS)
    answered = any("bouché" in text for text in await nantes.told("ana"))
    assert answered is (share is not Share.ANSWERS)
    steps = [e.data for e in await nantes.store.events(here.id) if e.kind is EventKind.STATUS]
    assert ("accepted" in steps) is (share is not Share.STATUS)


@pytest.mark.parametrize("at_end", list(AtEnd))
async def test_an_agreement_that_ends_leaves_nobody_without_an_owner(towns, at_end):
    nantes, metropole, _ = towns
    nantes.agree(["metropole"], at_end=at_end)
    metropole.agree(["nantes", "region"], at_end=at_end)
    case = await _report(nantes)
    await settle(*towns)
    end = {"transfer": {"word": "end", "to": "", "number": case.number, "epoch": 0}}
    await _say(nantes, "metropole", case.number, end)
    await settle(*towns)
    here, there = await nantes.case(case.number), await metropole.case(case.number)
    if at_end is AtEnd.KEEP:
        assert (here.owner, there.came.ended) == ("chez-metropole", False)
    else:
        assert (here.owner, here.gone) == ("guichet-metropole", None)
        assert there.came.ended


async def test_the_receiver_can_end_an_agreement_too(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    end = {"transfer": {"word": "end", "to": "", "number": case.number, "epoch": 0}}
    await _say(metropole, "nantes", case.number, end)
    await settle(*towns)
    assert (await nantes.case(case.number)).owner == "guichet-metropole"
    assert (await metropole.case(case.number)).status is Status.PASSED_ON


async def test_an_urgent_case_is_urgent_there_and_a_confidential_one_is_so(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    body = {
        "transfer": {
            "word": "offer", "from": "nantes", "to": "metropole", "number": case.number,
            "epoch": 1, "hops": ["nantes"], "confidential": True,
        },
        "case": {"text": "La voie", "urgency": "immediate"},
    }  # fmt: skip
    await _say(metropole, "nantes", case.number, body)
    there = await metropole.case(case.number)
    assert (there.urgency, there.confidential) == (Urgency.IMMEDIATE, True)


async def test_a_question_there_is_asked_here_and_answered_there(towns):
    nantes, metropole, _ = towns
    nantes.rules.words["flou"] = "chez-metropole"
    case = await _report(nantes, "C'est flou, un trou")
    await settle(*towns)
    asked = await nantes.told("ana")
    assert (await metropole.case(case.number)).asked == "lieu"
    assert len(asked) == 2  # the receipt, and what is asked there
    await nantes.hear("ana", "rue Crébillon")
    await settle(*towns)
    there = await metropole.case(case.number)
    assert "rue Crébillon".lower() in there.text.lower()


async def test_an_answer_that_comes_a_day_later_is_still_an_answer(towns):
    nantes, metropole, _ = towns
    nantes.rules.words["flou"] = "chez-metropole"
    case = await _report(nantes, "C'est flou, un trou")
    await settle(*towns)
    nantes.clock.pass_(days=1)
    answered = await nantes.hear("ana", "12 rue Crébillon")
    assert answered.case.number == case.number
    await settle(*towns)
    assert "12 rue Crébillon" in (await metropole.case(case.number)).text


async def test_what_is_added_to_a_case_that_is_not_there_opens_none(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes, "Une poubelle")
    said = {"word": "addition", "from": "nantes", "to": "metropole", "number": case.number}
    body = {"transfer": {**said, "epoch": 1}, "case": {"added": "Un trou dans la voie"}}
    await _say(metropole, "nantes", case.number, body)
    assert await metropole.store.cases(CaseFilter()) == []
    [line] = await metropole.store.journal()
    assert line.action is Action.IGNORE


async def test_of_a_case_in_parts_no_part_goes_back_to_where_it_came_from(towns):
    nantes, metropole, _ = towns
    metropole.rules.words = {}
    metropole.rules.others["lamps"] = elsewhere("nantes", id=ServiceId("eclairage"))
    case = await _report(nantes, "La voie : un lampadaire et une poubelle")
    await settle(*towns)
    whole = await metropole.case(case.number)
    parts = await metropole.store.children(whole.id)
    assert {part.owner for part in parts} == {"guichet-metropole", "proprete"}
    assert all(part.came is None and part.gone is None for part in parts)


async def test_each_part_that_goes_on_knows_where_the_whole_has_been_and_ends_it(towns):
    nantes, metropole, region = towns
    metropole.rules.words = {}
    metropole.rules.others["lamps"] = elsewhere("region", id=ServiceId("eclairage"))
    case = await _report(nantes, "La voie : un lampadaire et une poubelle")
    await settle(*towns)
    [there] = await region.store.cases(CaseFilter())
    assert there.came.hops == ("nantes", "metropole")
    assert there.public_number == case.number
    await region.word(there.owner, there.number, act="close", text="Réparé.")
    await settle(*towns)
    assert "Réparé." in (await nantes.told("ana"))[-1]
    assert (await nantes.case(case.number)).status is not Status.RESOLVED
    bins = next(
        part
        for part in await metropole.store.children((await metropole.case(case.number)).id)
        if part.owner == "proprete"
    )
    await metropole.word("proprete", bins.number, act="close", text="Vidée.")
    await settle(*towns)
    assert (await nantes.case(case.number)).status is Status.RESOLVED


async def test_who_is_answered_there_of_a_part_gets_the_number_he_knows_and_a_page_there(towns):
    _nantes, metropole, region = towns
    metropole.rules.words = {}
    metropole.rules.others["lamps"] = elsewhere("region", id=ServiceId("eclairage"))
    for town, others in ((metropole, ["nantes", "region"]), (region, ["metropole"])):
        town.agree(others, speaks=Speaks.OWNER, accounts={"memory": "other"})
    await metropole.hear("zoe", "Un lampadaire et une poubelle")
    [whole] = [c for c in await metropole.store.cases(CaseFilter()) if c.parent is None]
    await settle(*towns)
    [there] = await region.store.cases(CaseFilter())
    photo = {"name": "a.jpg", "media_type": "image/jpeg", "size": 30_000, "ref": "a"}
    await region.word(there.owner, there.number, act="close", attachments=[photo])
    await settle(*towns)
    told = (await region.told("zoe"))[-1]
    assert printed(whole.number) in told
    assert f"/suivi/{printed(there.number)}" in told


async def test_a_case_in_parts_that_is_asked_back_stops_each_of_its_services(towns):
    nantes, metropole, _ = towns
    metropole.rules.words = {}
    case = await _report(nantes, "La voie : un lampadaire et une poubelle")
    await settle(*towns)
    nantes.rules.words = {"voie": "eclairage"}
    await _redecide(nantes, await nantes.case(case.number))
    await settle(*towns)
    whole = await metropole.case(case.number)
    for part in await metropole.store.children(whole.id):
        assert part.status is Status.PASSED_ON
        [*_, last] = await metropole.to(f"{part.owner}@services.example")
        assert "a repris cette demande" in last.text


async def test_every_word_finds_one_owner_in_each_town(towns):
    nantes, metropole, _ = towns
    case = await _report(nantes)
    await settle(*towns)
    for word in ("withdraw", "recall", "accept", "decline", "status", "question", "return"):
        for epoch in (0, 1, 2, 7):
            said = {
                "word": word, "from": "x", "to": "y", "number": case.number, "epoch": epoch,
                "incarnation": 9, "sequence": 9, "status": "merged", "text": "a",
            }  # fmt: skip
            await _say(nantes, "metropole", case.number, {"transfer": said})
            await _say(metropole, "nantes", case.number, {"transfer": said})
            await settle(*towns)
            for town in (nantes, metropole):
                found = await town.case(case.number)
                assert town.rules.service(ServiceId(found.owner)) is not None


async def test_who_wrote_in_public_is_told_nothing_in_public_by_the_other_installation_either(
    towns,
):
    nantes, metropole, _ = towns
    nantes.agree(["metropole"], speaks=Speaks.OWNER)
    metropole.agree(["nantes", "region"], speaks=Speaks.OWNER, accounts={"memory": "other"})
    case = (await nantes.hear("ana", "Un trou dans la voie", public=True)).case
    await settle(*towns)
    await metropole.word("proprete", case.number, act="close", text="Le trou est bouché.")
    await settle(*towns)
    [told] = await metropole.told("ana")
    assert told == text(TextId.PUBLIC_NEWS, "fr").text


class _Blind(CellRules):
    """Sees no danger where the other installation does."""

    def decide(self, facts, reading=None):
        return super().decide(replace(facts, text=facts.text.replace("gaz", "g-z")))


async def test_what_two_installations_say_by_themselves_stays_within_the_budget_of_a_day(towns):
    nantes, metropole, _ = towns
    nantes.rules = _Blind(nantes.rules.words, nantes.rules.others)
    for town in (nantes, metropole):
        town.policy = replace(town.policy, automatic_per_day=3, dangers_per_day=2)
        town.router = replace(town.router, policy=town.policy)
    case = await _report(nantes)
    await settle(*towns)
    for n in range(15):
        await nantes.hear("ana", f"{case.number} ça sent le gaz dans la voie, numéro {n}")
        await settle(*towns)
    told = await nantes.to("ana")
    assert len(told) <= 5
    assert all(one.automatic for one in told)
    assert any("Appelez le 18" in one.text and one.danger for one in told)
    words = [json.loads(body)["transfer"] for body in metropole.wires["nantes"].said]
    assert len([one for one in words if one.get("danger")]) <= 5


async def test_a_danger_that_the_other_sees_is_told_though_the_budget_is_spent(towns):
    nantes, *_ = towns
    nantes.rules = _Blind(nantes.rules.words, nantes.rules.others)
    case = await _report(nantes)
    await settle(*towns)
    nantes.policy = replace(nantes.policy, automatic_per_day=1)
    nantes.router = replace(nantes.router, policy=nantes.policy)
    await nantes.hear("ana", f"{case.number} ça sent le gaz dans la voie")
    await settle(*towns)
    assert any("Appelez le 18" in one for one in await nantes.told("ana"))
