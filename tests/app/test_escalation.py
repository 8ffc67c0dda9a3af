"""A rule that names who is told when nothing happens."""

from __future__ import annotations

import pytest

RULES = """
- id: lampes
  si: {categorie: eclairage}
  alors: {delai: 3 jours, escalade: {apres: 5 jours ouvrés, vers: mairie-du-lieu}}
- id: gaz
  priorite: danger
  si: {contient: [odeur de gaz]}
  alors: {responsable: astreinte, escalade: {apres: 1 heure, vers: guichet}}
- id: musique
  si: {categorie: bruit}
  alors: {responsable: voirie-m, escalade: {apres: 2 jours, vers: routes}}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES.replace("alors: {delai", "alors: {responsable: eclairage-m, delai"))
    return made


async def lamp(ruled, **said):
    return (await ruled.hear("ana", "Le lampadaire est éteint à Rezé", **said)).case


async def alerts(ruled, address="m@r.example"):
    return await ruled.sent(address, "alert")


async def test_who_the_rule_names_is_told_once_when_the_time_has_passed(ruled):
    case = await lamp(ruled)  # a Tuesday: five working days end on the next one
    await ruled.pass_(days=6, hours=23)
    assert await alerts(ruled) == []
    await ruled.pass_(hours=2)
    (alert,) = await alerts(ruled)
    assert "Éclairage" in alert.text
    assert "lampes : 5 jours ouvrés" in alert.text
    assert alert.text in await ruled.told(case)
    await ruled.pass_(days=30)
    assert len(await alerts(ruled)) == 1


@pytest.mark.parametrize("act", ["close", "answer"])
async def test_nobody_is_told_of_a_case_that_was_answered(ruled, act):
    case = await lamp(ruled)
    if act == "close":
        await ruled.act(case, "close", text="C'est réparé.")
    else:
        token = ruled.signer.sign("p", case.number, case.owner)
        await ruled.hear("agent", "C'est réparé.", tokens=[token])
    await ruled.pass_(days=30)
    assert await alerts(ruled) == []


async def test_one_that_was_only_accepted_is_still_waited_for(ruled):
    await ruled.act(await lamp(ruled), "accept")
    await ruled.pass_(days=30)
    assert len(await alerts(ruled)) == 1


async def test_another_owner_and_rule_have_an_alarm_of_their_own(ruled):
    case = await lamp(ruled)
    await ruled.hear(
        "ana", "il y a aussi une odeur de gaz", refs=[(await ruled.case(case)).reporters[0].refs[0]]
    )
    assert (await ruled.case(case)).owner == "astreinte"
    await ruled.pass_(hours=2)
    assert [a.service for a in await alerts(ruled, "a@m.example")] == ["guichet"]
    await ruled.pass_(days=30)
    assert await alerts(ruled) == []


async def test_a_late_start_tells_only_the_last_step(ruled):
    case = await lamp(ruled)
    await ruled.pass_(days=20)  # the deadline of three days and the alarm are both past
    assert len(await alerts(ruled)) == 1
    assert await alerts(ruled, "e@m.example") == []
    assert "en-retard" in (await ruled.case(case)).labels


async def test_in_time_each_step_is_told_when_it_falls_due(ruled):
    await lamp(ruled)
    await ruled.pass_(days=3, hours=1)
    assert len(await alerts(ruled, "e@m.example")) == 1
    await ruled.pass_(days=5)
    assert len(await alerts(ruled)) == 1
    assert len(await alerts(ruled, "e@m.example")) == 1


async def test_a_role_that_the_place_leaves_open_is_the_desk(ruled):
    await ruled.hear("ana", "Le lampadaire est éteint")
    await ruled.pass_(days=8)
    assert [a.service for a in await alerts(ruled, "a@m.example")] == ["guichet"]


async def test_a_change_of_rules_moves_the_alarm_of_a_case_that_is_decided_again(ruled):
    case = await lamp(ruled)
    await ruled.rule(
        RULES.replace("5 jours ouvrés", "20 jours").replace(
            "alors: {delai", "alors: {responsable: eclairage-m, delai"
        )
    )
    await ruled.hear("ana", "toujours éteint", refs=[(await ruled.case(case)).reporters[0].refs[0]])
    await ruled.pass_(days=10)
    assert await alerts(ruled) == []
    await ruled.pass_(days=11)
    assert len(await alerts(ruled)) == 1


async def test_an_alarm_of_the_table_says_so_in_words(ruled):
    path = ruled.town.folder / "categories.yaml"
    alarm = "{id: bruit, escalade: {apres: 2 jours, vers: voirie-m}, "
    path.write_text(path.read_text().replace("{id: bruit, ", alarm))
    await ruled.rule("- {id: a, si: {contient: [arbre]}, alors: {urgence: haute}}")
    await ruled.hear("ana", "Du bruit à Nantes")
    await ruled.pass_(days=3)
    (alert,) = await alerts(ruled, "v@m.example")
    assert (
        "(la table des compétences (famille tranquillite, Nantes) : 2 jours → voirie-m)"
        in alert.text
    )
