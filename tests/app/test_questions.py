"""What a person is asked, how it is worded, and what the answer changes."""

from __future__ import annotations

import json

import pytest

from channels.partners.sheet import ASKED
from router.words.answers import KEPT, PERSONAL
from router.words.questions import WORDED
from router.words.texts import TextId, text
from rules.vocabulary import FACTS

RULES = """
- id: perdu
  si: {contient: [parapluie]}
  alors: {responsable: guichet, demander: [date, description, photo]}
- id: a-bout
  si: {categorie: bruit, desordre: {min: 7}}
  alors: {responsable: astreinte}
- id: pour-qui
  si: {categorie: voirie, expediteur: commerce}
  alors: {responsable: routes}
- id: vite
  si: {categorie: eclairage, urgence: haute}
  alors: {responsable: astreinte}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


def worded(fact: str, language: str = "fr") -> str:
    return text(WORDED[fact], language).text


async def last(ruled, person="ana") -> str:
    return (await ruled.sent(person))[-1].text


def test_every_fact_that_rules_can_ask_for_has_its_own_words():
    assert set(WORDED) == set(FACTS)
    shared = {fact for fact in WORDED if WORDED[fact] is TextId.QUESTION_WHAT}
    assert shared == {"categorie", "description"}
    assert len({worded(fact) for fact in WORDED}) == len(set(WORDED.values()))


async def test_facts_are_asked_one_after_another_and_none_twice(ruled):
    heard = await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    case = heard.case
    assert worded("date") in await last(ruled)
    heard = await ruled.hear("ana", "hier soir")
    assert heard.case.id == case.id
    assert worded("description") in await last(ruled)
    heard = await ruled.hear("ana", "noir, avec un manche en bois")
    assert worded("photo") in await last(ruled)
    heard = await ruled.hear("ana", "", photos=1)
    assert (heard.case.id, heard.case.attachments) == (case.id, 1)
    assert heard.case.questions == ("date", "description", "photo")
    assert "?" not in await last(ruled)


@pytest.mark.parametrize(
    ("said", "asked", "answer", "owner"),
    [
        ("La musique est trop forte à Rezé", "desordre", "8 sur 10", "astreinte"),
        ("La musique est trop forte à Rezé", "desordre", "2 sur 10", "mairie-reze"),
        ("Un nid-de-poule à Rezé", "expediteur", "je suis un commerce", "routes"),
        ("Un nid-de-poule à Rezé", "expediteur", "une habitante", "voirie-m"),
        ("Le lampadaire est éteint à Rezé", "urgence", "oui !", "astreinte"),
        ("Le lampadaire est éteint à Rezé", "urgence", "non", "eclairage-m"),
    ],
)
async def test_an_answer_decides_who_is_in_charge(ruled, said, asked, answer, owner):
    first = await ruled.hear("ana", said)
    assert worded(asked) in await last(ruled)
    second = await ruled.hear("ana", answer)
    assert (second.case.id, second.case.owner) == (first.case.id, owner)
    assert asked not in (second.decision.questions if second.decision else ())


async def test_what_a_category_needs_is_asked_too_one_by_one(ruled):
    path = ruled.town.folder / "categories.yaml"
    path.write_text(
        path.read_text().replace("mots: [trottoir]", "mots: [trottoir], questions: [lieu, duree]")
    )
    await ruled.rule(RULES.replace("categorie: voirie, ", "categorie: voirie, contient: [banc], "))
    await ruled.hear("ana", "Le trottoir est cassé")
    assert worded("lieu") in await last(ruled)
    heard = await ruled.hear("ana", "rue de la Poterie")
    assert worded("duree") in await last(ruled)
    assert heard.case.place.street
    await ruled.hear("ana", "trois jours")
    assert "?" not in await last(ruled)


ASKING = """
- id: perdu
  si: {{contient: [parapluie]}}
  alors: {{responsable: guichet, demander: [{fact}]}}
"""
DANGER = """
- id: gaz
  priorite: danger
  si: {contient: ["odeur de gaz"]}
  alors: {responsable: astreinte, urgence: immediate}
"""
WORDS = {
    "date": "hier soir",
    "heure": "vers 22 h",
    "duree": "trois semaines",
    "numero": "A 4512",
    "vehicule": "une camionnette blanche",
    "immatriculation": "AB-123-CD",
    "personne": "mon voisin du dessus",
    "nom": "Ana Perrin",
    "telephone": "06 39 98 12 34",
    "courriel": "ana@mail.example",
    "contact": "le soir au 06 39 98 12 34",
}


def test_every_fact_is_a_fact_of_the_rules_or_kept_by_name_or_never_asked():
    read = {"urgence", "desordre", "expediteur", "nature"}
    taken_in = {"lieu", "adresse", "rue", "commune", "categorie", "description", "photo"}
    assert KEPT | read | taken_in | {"piece_jointe", "canal", "langue"} == set(FACTS)
    assert set(WORDS) == KEPT == set(ASKED)


@pytest.mark.parametrize("fact", sorted(KEPT))
async def test_what_no_rule_looks_at_is_kept_under_its_name(ruled, fact):
    await ruled.rule(ASKING.format(fact=fact))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    assert worded(fact) in await last(ruled)
    heard = await ruled.hear("ana", WORDS[fact])
    assert [(one.fact, one.text) for one in heard.case.answers] == [(fact, WORDS[fact])]
    told = (await ruled.sent("a@m.example"))[-1]
    shown = [{"fact": fact, "text": WORDS[fact]}]
    assert json.loads(told.data).get("answers", []) == ([] if fact in PERSONAL else shown)
    assert (WORDS[fact] in told.data + told.text) is (fact not in PERSONAL)
    assert (WORDS[fact] in heard.case.text) is (fact not in PERSONAL)
    assert json.loads(told.data)["added"]
    assert (heard.case.reporters[0].name == "Ana Perrin") is (fact == "nom")


@pytest.mark.parametrize("fact", sorted(PERSONAL))
async def test_what_is_personal_is_read_by_a_service_that_may_know_the_person(ruled, fact):
    path = ruled.town.folder / "services.yaml"
    path.write_text(
        path.read_text().replace("id: guichet,", "id: guichet, voit: [texte, contact],")
    )
    await ruled.rule(ASKING.format(fact=fact))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    await ruled.hear("ana", WORDS[fact])
    sheet = json.loads((await ruled.sent("a@m.example"))[-1].data)
    assert sheet["added"] == WORDS[fact]
    assert sheet["answers"] == [{"fact": fact, "text": WORDS[fact]}]


@pytest.mark.parametrize("fact", sorted(PERSONAL))
async def test_a_corrected_personal_answer_is_kept_apart_too(ruled, fact):
    await ruled.rule(ASKING.format(fact=f"{fact}, date"))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    await ruled.hear("ana", WORDS[fact], id="answer")
    heard = await ruled.hear("ana", "06 39 98 56 78", kind="edit", edited="answer")
    told = (await ruled.sent("a@m.example"))[-1]
    assert json.loads(told.data)["added"]
    assert "06 39 98 56 78" not in heard.case.text + told.data + told.text
    assert [(one.fact, one.text) for one in heard.case.answers] == [(fact, "06 39 98 56 78")]


async def test_a_correction_of_other_words_is_told_beside_a_personal_answer(ruled):
    await ruled.rule(ASKING.format(fact="telephone"))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé", id="first")
    await ruled.hear("ana", WORDS["telephone"])
    text = "J'ai perdu un parapluie noir à Rezé"
    heard = await ruled.hear("ana", text, kind="edit", edited="first")
    assert text in heard.case.text
    assert json.loads((await ruled.sent("a@m.example"))[-1].data)["added"] == text


async def test_a_danger_told_beside_a_personal_answer_is_for_whoever_acts(ruled):
    await ruled.rule(ASKING.format(fact="telephone") + DANGER)
    case = (await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")).case
    text = f"06 39 98 12 34, et il y a une odeur de gaz. {case.number}"
    heard = await ruled.hear("ana", text)
    assert (heard.case.id, heard.case.owner) == (case.id, "astreinte")
    assert "odeur de gaz" in heard.case.text


async def test_a_mere_thank_you_answers_nothing(ruled):
    await ruled.rule(ASKING.format(fact="date"))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    heard = await ruled.hear("ana", "merci beaucoup")
    assert heard.case.answers == ()


@pytest.mark.parametrize("fact", ["canal", "langue"])
async def test_what_every_message_shows_is_never_asked(ruled, fact):
    await ruled.rule(ASKING.format(fact=fact))
    await ruled.hear("ana", "J'ai perdu un parapluie à Rezé")
    assert worded(fact) not in await last(ruled)


async def test_who_has_named_the_commune_is_asked_only_for_the_street(ruled):
    path = ruled.town.folder / "categories.yaml"
    path.write_text(
        path.read_text().replace("mots: [trottoir]", "mots: [trottoir], questions: [lieu]")
    )
    await ruled.rule(RULES.replace("categorie: voirie, ", "categorie: voirie, contient: [banc], "))
    await ruled.hear("ana", "Le trottoir est cassé à Rezé")
    assert worded("rue") in await last(ruled)
    assert worded("lieu") not in await last(ruled)
    heard = await ruled.hear("ana", "12 rue de la Poterie")
    assert heard.case.place.communes == ("44143",)
    assert heard.case.place.text == "12 rue de la Poterie"
    assert "?" not in await last(ruled)
