"""A danger told about a known case reaches who acts on dangers, whatever that case says beside it."""

from __future__ import annotations

import pytest

from router.decision import Urgency
from router.tracking import printed

RULES = """
- id: odeur
  priorite: danger
  si: {contient: [odeur de gaz]}
  sauf: {contient: [exercice]}
  alors: {responsable: astreinte, urgence: immediate}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


@pytest.mark.parametrize("before", ["un trou dans la chaussée", "bruit d'un exercice"])
@pytest.mark.parametrize("person", ["ana", "zoe"])
async def test_it_is_read_beside_whatever_was_said_before(ruled, person, before):
    known = (await ruled.hear("ana", f"{before}, rue Scribe à Nantes")).case
    heard = await ruled.hear(person, f"odeur de gaz ! demande {printed(known.number)}")
    assert heard.decision.danger
    case = await ruled.case(heard.case)
    assert (case.owner, case.urgency) == ("astreinte", Urgency.IMMEDIATE)
    assert case.place.street == known.place.street
    same = person == "ana" and "exercice" not in before
    assert (case.id == known.id) is same


async def test_what_is_said_to_be_none_is_none(ruled):
    known = (await ruled.hear("ana", "un trou dans la chaussée, rue Scribe à Nantes")).case
    words = f"odeur de gaz, exercice des pompiers, demande {printed(known.number)}"
    heard = await ruled.hear("zoe", words)
    assert heard.case.id == known.id
    assert (await ruled.case(known)).urgency is known.urgency


async def test_a_date_that_was_told_before_the_danger_holds_no_more(ruled):
    path = ruled.town.folder / "categories.yaml"
    path.write_text(
        path.read_text().replace("famille: voirie\n", "famille: voirie\n    delai: 5 jours\n")
    )
    await ruled.rule(RULES)
    known = (await ruled.hear("ana", "un trou dans la chaussée, rue Scribe à Nantes")).case
    assert known.due_at is not None
    words = f"odeur de gaz dans la chaussée ! demande {printed(known.number)}"
    case = await ruled.case((await ruled.hear("ana", words)).case)
    assert (case.id, case.owner, case.due_at) == (known.id, "astreinte", None)


async def test_a_date_holds_no_more_either_where_the_danger_stays_with_its_service(ruled):
    path = ruled.town.folder / "categories.yaml"
    path.write_text(
        path.read_text().replace("famille: voirie\n", "famille: voirie\n    delai: 5 jours\n")
    )
    await ruled.rule(RULES.replace("responsable: astreinte", "responsable: voirie-m"))
    known = (await ruled.hear("ana", "un nid-de-poule, rue Scribe à Nantes")).case
    assert (known.owner, known.due_at is None) == ("voirie-m", False)
    words = f"odeur de gaz dans le nid-de-poule ! demande {printed(known.number)}"
    case = await ruled.case((await ruled.hear("ana", words)).case)
    assert (case.id, case.owner, case.due_at) == (known.id, "voirie-m", None)
