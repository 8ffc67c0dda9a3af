"""A service that refuses a case and names who is in charge."""

from __future__ import annotations

import pytest
from ruled import Ruled

RULES = """
- id: bruit
  si: {categorie: bruit}
  alors: {responsable: voirie-m}
- id: gaz
  priorite: danger
  si: {contient: [gaz]}
  alors: {responsable: astreinte}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


async def noise(ruled):
    return (await ruled.hear("ana", "La musique est trop forte à Rezé")).case


def name(ruled, service: str) -> str:
    return ruled.rulebook.directory.service(service).name("fr")


@pytest.mark.parametrize("by", ["id", "name", "spelling"])
async def test_the_service_that_a_refusal_names_gets_the_case(ruled, by):
    case = await noise(ruled)
    named = {"id": "astreinte", "name": name(ruled, "astreinte")}
    instead = named.get(by) or f"  {named['name'].upper()} "
    await ruled.act(case, "refuse", reason="pas nous", instead=instead)
    moved = await ruled.case(case)
    assert (moved.owner, moved.status) == ("astreinte", "assigned")
    assert f"pas nous\nService désigné : {named['name']}" in await ruled.told(case)
    assert name(ruled, "astreinte") in (await ruled.sent("ana", "progress"))[-1].text


async def test_a_name_that_is_none_of_ours_is_told_and_the_rules_choose(ruled):
    case = await noise(ruled)
    await ruled.act(case, "refuse", reason="pas nous", instead="La Poste")
    moved = await ruled.case(case)
    assert moved.owner not in {"voirie-m", "astreinte"}
    assert "pas nous\nService désigné : La Poste (inconnu ici)" in await ruled.told(case)


async def test_who_names_itself_or_who_has_refused_is_not_obeyed(ruled):
    case = await noise(ruled)
    await ruled.act(case, "refuse", reason="pas nous", instead="voirie-m")
    moved = await ruled.case(case)
    assert moved.owner != "voirie-m"
    await ruled.act(moved, "refuse", reason="pas nous non plus", instead="voirie-m")
    assert (await ruled.case(case)).owner != "voirie-m"


async def test_a_danger_stays_with_who_acts_on_dangers(ruled):
    case = (await ruled.hear("ana", "Odeur de gaz à Rezé")).case
    assert case.owner == "astreinte"
    ref = case.reporters[0].refs[0]
    await ruled.act(case, "refuse", reason="pas nous", instead="voirie-m")
    assert (await ruled.case(case)).owner != "voirie-m"
    again = await ruled.hear("ana", "toujours le gaz", refs=[ref])
    assert again.case.owner != "voirie-m"
