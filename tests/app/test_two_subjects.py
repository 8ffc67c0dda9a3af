"""A message that speaks of two things: each place with its own matter, and nothing is lost."""

from __future__ import annotations

import json

import pytest

from router.reading.subjects import parts_of

TWO = "1. Le lampadaire du 12 rue Scribe à Nantes est éteint. 2. La chaussée est défoncée, nid-de-poule place Viarme à Nantes."
RULES = """
- id: gaz
  priorite: danger
  si: {contient: [odeur de gaz]}
  alors: {responsable: astreinte, urgence: immediate}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


@pytest.mark.parametrize(
    ("said", "category", "street"),
    [
        (TWO, "voirie", "place Viarme"),
        (TWO.replace(". 2.", "\n2."), "voirie", "place Viarme"),
        ("Je suis passé par la rue Scribe. Le lampadaire est éteint place Viarme.",
         "eclairage", "place Viarme"),
        ("Musique et vacarme place Viarme et le lampadaire rue Scribe est éteint",
         "bruit", "place Viarme"),
        ("Le lampadaire rue Scribe est éteint et il y a du vacarme, de la musique place Viarme",
         "bruit", "place Viarme"),
        # the place of the category's words is kept where they name none, or the same one
        ("Le lampadaire est éteint. Devant le 12 rue Scribe. Pas loin de la place Viarme.",
         "eclairage", "rue Scribe"),
        ("Lampadaire éteint rue Scribe. Au 12 rue Scribe, à l'angle de la place Viarme.",
         "eclairage", "rue Scribe"),
        ("Lampadaire éteint près de la place Viarme. Adresse : 12 rue Scribe. Je passe rue Noire.",
         "eclairage", "rue Scribe"),
        # a danger decides before any category
        ("Odeur de gaz rue Scribe. La chaussée est défoncée, nid-de-poule place Viarme.",
         "voirie", "rue Scribe"),
        ("La chaussée est défoncée, nid-de-poule place Viarme. Odeur de gaz au 12 rue Scribe.",
         "voirie", "rue Scribe"),
    ],
)  # fmt: skip
async def test_the_place_is_that_of_the_words_that_decide(ruled, said, category, street):
    case = (await ruled.hear("ana", said)).case
    assert (case.category, case.place.street) == (category, street)


async def test_the_commune_that_another_part_tells_completes_the_place(ruled):
    said = "À Rezé le lampadaire du 12 rue Noire est éteint. Nid-de-poule, chaussée rue Blanche."
    place = (await ruled.hear("ana", said)).case.place
    assert (place.street, place.communes) == ("rue Blanche", ("44143",))


async def test_a_point_says_more_than_any_part(ruled):
    case = (await ruled.hear("ana", TWO, location=[47.215, -1.555])).case
    assert case.place.point is not None


async def test_what_else_the_message_speaks_of_is_told_to_the_service_and_to_the_desk(ruled):
    case = (await ruled.hear("ana", TWO)).case
    assert "Le message parle aussi de : Éclairage" in await ruled.told(case)
    assert case.labels == ("plusieurs-sujets",)
    (forward,) = await ruled.sent("v@m.example")
    assert json.loads(forward.data)["also"] == ["Éclairage"]


@pytest.mark.parametrize(
    "said",
    [
        "Le lampadaire est éteint.\nIl y a aussi de la musique et du vacarme.",
        "- Lampadaire éteint\n- Musique, vacarme",
        "Lampadaire éteint à Rezé. Musique, vacarme la nuit. Par ailleurs lampadaire rue Noire.",
    ],
)
async def test_what_a_list_or_a_word_adds_is_told_without_a_place_of_its_own(ruled, said):
    assert (await ruled.hear("ana", said)).case.beside == ("eclairage",)


@pytest.mark.parametrize(
    "said",
    [
        "Le lampadaire du trottoir est éteint rue Scribe",
        "Le lampadaire rue Scribe et celui de la place Viarme sont éteints",
        "La chaussée est défoncée rue Scribe. Le trottoir aussi.",
        "Il y a du bruit et le lampadaire est éteint rue Scribe",
        "Le lampadaire est tombé rue Scribe. Il y a de la musique quand il bouge.",
        "Nid-de-poule, chaussée défoncée rue Scribe. Cela fait un vacarme.",
    ],
)
async def test_one_matter_is_never_told_to_be_two(ruled, said):
    case = (await ruled.hear("ana", said)).case
    assert case.beside == ()
    assert not [told for told in await ruled.told(case) if "parle aussi" in told]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (TWO, 2),
        ("- un trou\n- un lampadaire\n\nMerci", 3),
        ("M. Durand, 3 av. Jean Jaurès", 1),
        ("rue du Dr. Zamenhof", 1),
        ("Éteint ! Et sale ?", 2),
        ("Lampadaire HS. Les poubelles aussi", 2),
        ("x\n" * 1_000, 12),
        ("", 0),
    ],
)
def test_a_text_is_cut_into_sentences_and_items(text, parts):
    assert len(parts_of(text)) == parts
    assert "".join("".join(parts_of(text)).split()) == "".join(text[:2_000].split())
