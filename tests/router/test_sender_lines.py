"""Where a person says who he is: his name and his home, and nothing about the matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.words.masking import Known, masked
from router.words.sender_lines import sender_lines

PAUL = Known(("Paul Durand",))
BODY = "L'abribus de l'arrêt Commerce est cassé."


@pytest.mark.parametrize(
    ("signed", "told"),
    [
        ("Paul Durand\n12 rue Scribe", "[nom masqué]\n[domicile masqué]"),
        ("DURAND Paul\n12, rue Scribe", "[nom masqué]\n[domicile masqué]"),
        ("M. P. Durand\n12 bis avenue Jean Jaurès", None),
        ("Durand\nAppt 4, bât. B\n12 r. Scribe", None),
        ("Paul\n12 rue scribe\n44000 Nantes", "[nom masqué]\n[domicile masqué]\n44000 Nantes"),
        (
            "Cordialement, Paul Durand, 12 rue Scribe, 44000 Nantes",
            "Cordialement, [nom masqué], [domicile masqué], 44000 Nantes",
        ),
        ("Cordialement,\nPaul Durand\nGardien\n12 rue Scribe", None),
        ("Mit freundlichen Grüßen\nPaul Durand\n12 rue Scribe", None),
        ("Paul Durand\nAdresse : 12 rue Scribe", "[nom masqué]\nAdresse : [domicile masqué]"),
        ("Paul Durand - 12 rue Scribe - 06 12 34 56 78",
         "[nom masqué] - [domicile masqué] - [numéro masqué]"),
        ("Je suis Paul Durand, merci", "Je suis [nom masqué], merci"),
        ("my name is paul durand.", "my name is [nom masqué]."),
    ],
)  # fmt: skip
def test_the_name_and_the_home_of_who_writes_are_masked(signed, told):
    hidden = masked(f"{BODY}\n\n{signed}", PAUL)
    assert "urand" not in hidden.casefold()
    assert "scribe" not in hidden.casefold()
    assert "jaurès" not in hidden.casefold()
    assert hidden.startswith(BODY)
    assert told is None or hidden == f"{BODY}\n\n{told}"


@pytest.mark.parametrize(
    "said",
    [
        "12 rue Scribe, le trottoir est sale\nPlace Viarme aussi",
        "Le banc de la place Paul Durand est cassé",
        "Devant l'école Paul Durand, 12 rue Scribe, il fait noir",
        "C'est sale.\nRue Scribe est pire",
        "Merci de venir au 12 rue Scribe",
        "Merci, 12 rue Scribe",
        "Les tags\nJardin des Plantes\n12 rue Scribe",
        "Arrêt Commerce\n12 rue Scribe\n",
        "Lieu : 12 rue Scribe",
        "Paul a vu 2 rats",
    ],
)
def test_what_is_said_of_the_matter_stays(said):
    assert masked(said, PAUL) == said
    assert masked(f"{BODY}\n{said}", Known()) == f"{BODY}\n{said}"


def test_the_place_of_the_case_is_never_hidden():
    said = "Le lampadaire est éteint.\n\nPaul Durand\n12 rue Scribe\nNantes"
    told = masked(said, Known(("Paul Durand",), "12 rue Scribe"))
    assert told == said.replace("Paul Durand", "[nom masqué]")
    assert masked("Place\nNantes", Known(("Nantes",), "Nantes")) == "Place\nNantes"


def test_a_name_that_tells_a_body_and_not_a_person_stays():
    said = "Les poubelles débordent.\nMairie de Nantes\n"
    assert masked(said, Known(("Mairie de Nantes",))) == said


def test_what_was_added_below_a_signature_hides_nothing_of_it():
    said = f"{BODY}\nPaul Durand\n12 rue Scribe\nToujours rien depuis lundi."
    assert masked(said, PAUL) == (
        f"{BODY}\n[nom masqué]\n[domicile masqué]\nToujours rien depuis lundi."
    )


WORDS = st.sampled_from(
    ["Paul", "Durand", "12", "rue", "Scribe", "\n", ", ", ". ", "Cordialement", "Nantes", "44000", "sale"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_spans_stand_in_their_lines_and_never_overlap(text):
    last = 0
    for block in sender_lines(text, "Paul Durand"):
        assert last <= block.start < block.end <= len(text)
        last = block.end
        for start, end in (*block.names, *block.homes):
            assert block.start <= start < end <= block.end
            assert text[start:end].strip() == text[start:end]


@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_makes_it_fail(text, name):
    sender_lines(text, name)
