"""A case that goes to another service before anybody has begun it: each reporter hears it once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_parts import write
from town import TownRules

from router.case import Reporter, ReporterRole
from router.decision import ServiceId
from router.message import Address
from router.tokens import PAGE
from router.tracking import printed
from router.work import CaseWrite, Unit

NOW_WITH = "maintenant confiée à : {}."


class CountingRules(TownRules):
    """Two people on one case give it to the lighting service."""

    def decide(self, facts, reading=None):
        decision = super().decide(facts, reading)
        many = facts.confirmations > 1
        return replace(decision, owner=ServiceId("eclairage")) if many else decision


async def moves_told(town, person, service="Service eclairage"):
    return sum(NOW_WITH.format(service) in one.text for one in await town.to(person))


async def shared(town, said="aidez moi", **of_zoe):
    """Open a case that Ana and Zoé have both reported, Zoé in English."""
    case = (await town.hear("ana", said)).case
    zoe = Reporter(Address("memory", "town", "zoe"), language="en", **of_zoe)
    more = replace(case, version=case.version + 1, reporters=(*case.reporters, zoe))
    await write(town.store, Unit((), cases=(CaseWrite(more, case.version),)))
    return more


async def test_every_other_reporter_hears_where_the_case_of_one_who_says_more_has_gone(town):
    case = await shared(town)
    heard = await town.hear("ana", "le lampadaire est éteint")
    assert (heard.case.id, heard.case.owner) == (case.id, "eclairage")
    assert await moves_told(town, "ana") == 1  # in the answer to what she said
    (told,) = await town.to("zoe")
    assert (told.kind, told.language) == ("progress", "en")
    assert "eclairage service" in told.text
    assert printed(case.number) in told.text


async def test_who_writes_from_his_page_hears_it_there_and_the_others_on_their_channels(town):
    case = await shared(town)
    token = town.signer.sign(PAGE, case.number, case.reporters[0].address.key)
    text = f"le lampadaire est éteint {printed(case.number)}"
    heard = await town.hear("ana@page", text, tokens=[token])
    assert heard.case.owner == "eclairage"
    assert await moves_told(town, "ana@page") == 1
    assert await moves_told(town, "ana") == 0
    assert len(await town.to("zoe")) == 1


async def test_a_third_party_who_confirms_moves_a_case_and_its_reporter_hears_it(town):
    town.rules = CountingRules()
    case = (await town.hear("ana", "aidez moi")).case
    heard = await town.hear("bob", f"moi aussi {printed(case.number)}", trust="verified")
    assert heard.case.owner == "eclairage"
    assert await moves_told(town, "ana") == 1
    assert await moves_told(town, "bob") == 0


@pytest.mark.parametrize("role", list(ReporterRole))
async def test_a_danger_that_takes_a_case_elsewhere_is_told_to_its_other_reporters(town, role):
    case = await shared(town, role=role)
    heard = await town.hear("ana", f"ça sent le gaz, demande {printed(case.number)}")
    assert (heard.case.id, heard.case.owner) == (case.id, "astreinte")
    assert await moves_told(town, "ana", "Service astreinte") == 0
    told = await town.to("zoe")
    assert len(told) == (role is ReporterRole.REPORTER)


async def test_a_case_that_stays_tells_nobody_else(town):
    await shared(town, "le lampadaire est éteint")
    await town.hear("ana", "le lampadaire clignote toujours")
    assert await town.to("zoe") == []
