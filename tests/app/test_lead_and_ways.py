"""A category's lead that keeps the clock, and ways of transmission that are not connected here."""

from __future__ import annotations

import pytest

RULES = """
- id: trottoirs
  si: {categorie: trottoir}
  alors: {responsable: mairie-du-lieu, delai: 4 jours}
- id: autoroute
  si: {contient: [autoroute]}
  alors: {responsable: routes, transmettre_par: open311}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    path = made.town.folder / "categories.yaml"
    path.write_text(
        path.read_text().replace(
            "famille: voirie\n", "famille: voirie\n    chef_de_file: voirie-m\n"
        )
    )
    await made.rule(RULES)
    return made


def services(ruled, instead: str) -> None:
    path = ruled.town.folder / "services.yaml"
    path.write_text(path.read_text().replace('"https://r.example"}, contact: {', instead))


async def pavement(ruled):
    return (await ruled.hear("ana", "Le trottoir est cassé à Rezé")).case


async def to_lead(ruled, kind="notice") -> list[str]:
    return [d.text for d in await ruled.sent("v@m.example", kind)]


async def test_the_lead_keeps_the_clock_until_another_has_accepted(ruled):
    case = await pavement(ruled)
    assert (case.owner, case.lead) == ("mairie-reze", "voirie-m")
    assert await to_lead(ruled) == [
        "Vous gardez le délai de cette demande jusqu'à ce que Mairie de Rezé l'accepte."
    ]
    await ruled.pass_(days=5)
    assert len(await to_lead(ruled, "alert")) == 1


async def test_who_accepts_takes_the_clock_and_the_lead_is_told(ruled):
    case = await pavement(ruled)
    await ruled.act(case, "accept")
    case = await ruled.case(case)
    assert (case.status, case.lead) == ("accepted", None)
    assert "désormais le sien" in (await to_lead(ruled))[-1]
    await ruled.pass_(days=5)
    assert await to_lead(ruled, "alert") == []
    assert len(await ruled.sent("m@r.example", "alert")) == 1


async def test_a_refusal_moves_the_case_and_leaves_the_deadline_of_the_lead(ruled):
    case = await pavement(ruled)
    due = case.due_at
    await ruled.pass_(days=1)
    await ruled.act(case, "refuse", reason="pas chez nous")
    case = await ruled.case(case)
    assert (case.owner, case.due_at) == ("voirie-m", due)
    await ruled.act(case, "accept")
    assert (await ruled.case(case)).lead is None


async def test_a_lead_in_charge_itself_is_told_nothing_more(ruled):
    case = (await ruled.hear("ana", "Un nid-de-poule à Rezé")).case
    assert (case.owner, case.lead) == ("voirie-m", None)
    assert await to_lead(ruled) == []


async def test_a_way_that_is_not_connected_is_told_on_the_case_that_went_by_mail(ruled):
    services(ruled, '"https://r.example"}, contact: {courriel: r@r.example, ')
    await ruled.rule(RULES)
    case = (await ruled.hear("ana", "Un trou sur l'autoroute à Rezé")).case
    assert len(await ruled.sent("r@r.example", "forward")) == 1
    assert any("« open311 » est demandé pour Routes" in text for text in await ruled.told(case))


async def test_a_service_without_a_mail_address_is_said_to_need_a_person(ruled):
    case = (await ruled.hear("ana", "Un trou sur l'autoroute à Rezé")).case
    assert case.owner == "routes"
    [note] = [t for t in await ruled.told(case) if "prévenez ce service" in t]
    assert "n'a pas d'adresse de courriel" in note


async def test_the_usual_way_needs_no_word(ruled):
    case = await pavement(ruled)
    assert not [text for text in await ruled.told(case) if "est demandé" in text]


async def test_a_rule_can_have_a_service_written_to_that_works_another_way(ruled):
    services(ruled, '"https://r.example"}, contact: {courriel: r@r.example, ')
    await ruled.rule(RULES.replace("transmettre_par: open311", "transmettre_par: email"))
    case = (await ruled.hear("ana", "Un trou sur l'autoroute à Rezé")).case
    assert len(await ruled.sent("r@r.example", "forward")) == 1
    assert not [text for text in await ruled.told(case) if "est demandé" in text]
