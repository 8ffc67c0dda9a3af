"""Rules that count: what was said before at a place, by a person, of a kind, and how many confirm."""

from __future__ import annotations

import json

import pytest

from router.record import Cause

RULES = """
- id: bruit-repete
  si: {categorie: bruit, recurrence: {fois: 2, en: 30 jours, par: lieu}}
  alors: {informer: [astreinte], etiquettes: [point-noir]}
- id: bruit-de-la-meme
  si: {categorie: bruit, recurrence: {fois: 2, en: 10 jours, par: personne}}
  alors: {etiquettes: [a-rappeler]}
- id: panne
  si: {categorie: eclairage, afflux: {fois: 3, categorie: eclairage, dans: Rezé, en: 30 min}}
  alors: {urgence: haute, etiquettes: [panne]}
"""
NOISE = "Musique trop forte {} rue de la Poterie à {}"


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


async def noise(ruled, person, street="au 3", town="Rezé", **said):
    return (await ruled.hear(person, NOISE.format(street, town), **said)).case


async def test_what_comes_back_at_a_place_is_known_by_the_cases_before(ruled):
    labels = [(await noise(ruled, f"p{n}", f"au {n}")).labels for n in range(1, 4)]
    assert labels == [(), (), ("point-noir",)]
    (notice,) = await ruled.sent("s@m.example")
    assert json.loads(notice.data)["kind"] == "notice"


async def test_another_place_another_kind_or_an_older_one_does_not_count(ruled):
    await noise(ruled, "a", town="Nantes")
    await ruled.hear("b", "Un lampadaire éteint rue de la Poterie à Rezé")
    await noise(ruled, "c")
    await ruled.pass_(days=31)
    assert (await noise(ruled, "d")).labels == ()
    assert (await noise(ruled, "e")).labels == ()
    assert (await noise(ruled, "f")).labels == ("point-noir",)


async def test_a_person_is_known_again_wherever_it_is(ruled):
    for town in ("Rezé", "Nantes"):
        assert "a-rappeler" not in (await noise(ruled, "ana", town=town)).labels
        await ruled.pass_(days=1)
    assert "a-rappeler" in (await noise(ruled, "ana", "au bout de la", "Orvault")).labels
    assert "a-rappeler" not in (await noise(ruled, "bob", "au bout de la", "Orvault")).labels


async def test_a_surge_counts_the_case_itself_and_only_its_territory_and_time(ruled):
    lamp = "Le lampadaire est éteint à {}"
    await ruled.hear("a", lamp.format("Rezé"))
    await ruled.pass_(minutes=31)
    await ruled.hear("b", lamp.format("Rezé"))
    await ruled.hear("c", lamp.format("Nantes"))
    assert (await ruled.hear("d", lamp.format("Rezé"))).case.labels == ()
    assert (await ruled.hear("e", lamp.format("Rezé"))).case.labels == ("panne",)


async def test_cases_of_one_batch_count_each_other(ruled):
    lamp = "Le lampadaire est éteint à Rezé"
    heard = await ruled.hear_all([(f"p{n}", lamp, {}) for n in range(5)])
    assert [worked.case.labels for worked in heard] == [(), (), *[("panne",)] * 3]


async def test_the_facts_record_what_was_counted_and_decide_the_same_again(ruled):
    for n in range(3):
        await noise(ruled, f"p{n}")
    [record, *_] = await ruled.store.decisions(ruled.clock.now())
    counts = {count.name: count.number for count in record.facts.counts}
    assert counts["recurrence par categorie, lieu en 30 jours"] == 2
    again = ruled.rulebook.decide(record.facts)
    assert "point-noir" in again.labels
    assert again.trace["facts"]["comptes"] == counts


async def test_nothing_is_counted_for_a_case_that_no_rule_wants_it_for(ruled, monkeypatch):
    async def never(self, sought):
        raise AssertionError("nothing had to be counted")

    monkeypatch.setattr(type(ruled.store), "count_cases", never)
    await ruled.hear("ana", "Un nid-de-poule rue de la Poterie à Rezé")


async def test_a_place_that_comes_as_an_answer_is_counted_then(ruled):
    for n in range(2):
        await noise(ruled, f"p{n}")
    first = await ruled.hear("ana", "La musique est trop forte")
    assert first.case.labels == ()
    second = await ruled.hear("ana", "rue de la Poterie à Rezé")
    assert second.case.id == first.case.id
    assert "point-noir" in second.case.labels
    records = await ruled.store.decisions(ruled.clock.now())
    assert [one.cause for one in records if one.case_id == first.case.id] == [
        Cause.ADDED,
        Cause.NEW,
    ]
    assert len(await ruled.sent("s@m.example")) == 1


async def test_a_surge_without_a_territory_is_that_of_its_file(ruled):
    ruled.town.rules(
        "- id: ici\n  si: {afflux: {fois: 2, en: 1 heure}}\n  alors: {etiquettes: [vague]}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    await ruled.rule(RULES)
    await ruled.hear("a", "Le trottoir est cassé à Nantes")
    assert (await ruled.hear("b", "Le trottoir est cassé à Rezé")).case.labels == ()
    assert (await ruled.hear("c", "La musique est forte à Rezé")).case.labels == ()
    assert (await ruled.hear("d", "Le trottoir est cassé à Rezé")).case.labels == ("vague",)
