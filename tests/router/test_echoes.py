"""What the house writes by itself is recognised when it comes back; what people write is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.words.echoes import LEAST, is_echo
from router.words.texts import LANGUAGES, Style, TextId, text

FIELDS = {
    "numero": "7K4M-Q2XD-9TC",
    "service": "Service de la voirie (Nantes)",
    "contact": "3, rue M. Curie, 44000 Nantes, voirie@nantes.example. En signes : 0 800 01 02 03",
    "delai": "27/11/2026",
    "lieu": "12 bis rue Scribe",
    "lien": "https://guichet.nantes.example/suivi/7K4M-Q2XD-9TC",
    "recu": "26/11/2026",
    "echeance": "26/01/2027",
    "tribunal": "6, allée de l'Île-Gloriette, 44000 Nantes",
}
AUTOMATIC = [
    TextId.ACKNOWLEDGEMENT, TextId.RIGHTS_REFUSED, TextId.RIGHTS_ACCEPTED, TextId.RIGHTS_DEPENDS,
    TextId.APPENDED, TextId.THIRD_PARTY, TextId.PASSED_ON, TextId.REROUTED, TextId.REDIRECT,
    TextId.QUESTION_PLACE, TextId.HELP, TextId.EMPTY, TextId.OPTED_OUT, TextId.EMERGENCY,
]  # fmt: skip


def told(text_id: TextId, language: str, style: Style = Style.LONG, **fields: str) -> str:
    return text(text_id, language, style=style, **(fields or FIELDS)).text


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", AUTOMATIC)
def test_what_the_house_says_by_itself_is_an_echo(
    text_id: TextId, language: str, style: Style
) -> None:
    receipt = told(TextId.ACKNOWLEDGEMENT, language, style)
    assert is_echo(f"{receipt}\n\n{told(text_id, language, style)}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_lacks_its_field_is_not_missed(language: str) -> None:
    few = {"numero": FIELDS["numero"], "service": FIELDS["service"], "lien": FIELDS["lien"]}
    assert is_echo(told(TextId.ACKNOWLEDGEMENT, language, **few))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_carriers_do_to_a_text_hides_nothing(language: str) -> None:
    receipt = told(TextId.ACKNOWLEDGEMENT, language, Style.SHORT)
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", receipt) if not unicodedata.combining(c)
    )
    assert is_echo(plain.replace("\n", " \r\n"))


@settings(deadline=None)  # the first text pays for what the house is known to write
@given(
    language=st.sampled_from(LANGUAGES),
    marks=st.text(
        st.characters(categories=("Mn", "Cf")).filter(lambda mark: mark.casefold() == mark),
        min_size=1,
        max_size=3,
    ),
    every=st.integers(1, 9),
)
def test_no_mark_between_the_letters_hides_it(language: str, marks: str, every: int) -> None:
    receipt = told(TextId.ACKNOWLEDGEMENT, language, numero=FIELDS["numero"])
    marked = "".join(
        c + marks if c.isalpha() and place % every == 0 else c for place, c in enumerate(receipt)
    )
    assert is_echo(marked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", [TextId.ANSWER, TextId.REFUSED])
def test_what_a_service_answers_is_never_an_echo(text_id: TextId, language: str) -> None:
    said = told(text_id, language, **FIELDS, reponse="Le lampadaire sera réparé demain.")
    assert not is_echo(said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "said", ["C'est toujours cassé.", "Et alors ?", "Merci, mais quand ?", "Rue Scribe"]
)
def test_one_word_of_a_person_beside_ours_makes_it_a_message(language: str, said: str) -> None:
    receipt = told(TextId.ACKNOWLEDGEMENT, language)
    assert not is_echo(f"{said}\n{receipt}")
    assert not is_echo(f"{receipt}\n{said}")


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", AUTOMATIC)
def test_what_a_person_writes_under_our_words_is_no_part_of_their_last_field(
    text_id: TextId, language: str, style: Style
) -> None:
    """Many of our texts end with whom to call, which is a line like any other."""
    ours = told(text_id, language, style)
    for said in (
        "Il y a le feu chez moi, au secours",
        "Et quand ?",
        "C'est faux : rien n'est fait.",
    ):
        assert not is_echo(f"{ours}\n{said}")
        assert not is_echo(f"{ours}\n\n{said}")


@pytest.mark.parametrize("said", ["Oui", "Non", "Quel est votre nom ?", "Bonjour", "", "Merci."])
def test_short_words_are_anybodys(said: str) -> None:
    assert not is_echo(said)


@given(st.text(max_size=400))
def test_whatever_is_written_is_judged(said: str) -> None:
    assert not is_echo(said) or len(said) >= LEAST


def test_a_long_text_of_our_sentences_is_judged_in_bounded_steps() -> None:
    assert not is_echo(told(TextId.ACKNOWLEDGEMENT, "fr") * 50)
