"""Words of the rules in texts as people write them: forms, accents, beginnings, nearness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import Town

from rules.lexicon import lexicon
from rules.phrases import near, parse_phrase
from rules.text import Text
from rules.words import cut, fold, folded, lower


def found(written: str, text: str) -> bool:
    phrase = parse_phrase(written)
    assert phrase is not None
    return Text(text).find(phrase) is not None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("feu", "des feux rouges"),
        ("trous", "un trou"),
        ("vélo", "VELOS"),
        ("nid-de-poule", "des nids de poules"),
        ("cassé", "une lampe cassée"),
        ("lampadaire", "Les lampadaires"),
        ("dechet", "des déchets"),
        ("street light", "street lights"),
        ("eau", "d'eau"),
        ("œuvre", "les oeuvres"),
        ("fuite de gaz", "fuites de gaz"),
        ("travaux", "un travail"),
        ("bus", "les bus"),
        ("=marché", "le MARCHÉ"),
        ("encombr*", "encombrants"),
        ("вода", "Нет ВОДЫ, вода"),
        ("水", "没有水了"),
    ],
)
def test_a_word_is_found_in_all_its_forms(written: str, text: str) -> None:
    assert found(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("eau", "un agneau"),
        ("danger", "danser"),
        ("=marché", "je marche"),
        ("=lampe", "des lampes"),
        ("nid de poule", "nid d'une poule"),
        ("light", "un lit"),
        ("le", "les"),
        ("encombr*", "des combres"),
        ("feu", "feuille"),
        ("naître", "personne ne répond"),
        ("devoir", "au bord du quai"),
    ],
)
def test_a_word_is_not_found_in_another(written: str, text: str) -> None:
    assert not found(written, text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("une fuite de gaz", True),
        ("du gaz, je crois même à une fuite", False),
        ("gaz : il y a fuite", True),
        ("fuite et fumée, ou fumée et gaz fuite", True),
        ("ça fuit", False),
        ("fuites un deux trois quatre gaz", True),
        ("fuites un deux trois quatre cinq gaz", False),
    ],
)
def test_nearness_counts_words_in_any_order(text: str, holds: bool, town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: {proche: [fuite, gaz], mots: 5}}, alors: {urgence: haute}}"
    )
    assert (town.decide(f'{{texte: "{text}"}}').trace["true_rules"] == ["a"]) is holds


def test_nearness_finds_the_best_of_several_places() -> None:
    parts = tuple(phrase for word in ("aa", "bb", "cc") if (phrase := parse_phrase(word)))
    assert Text("bb x x aa x cc bb").find(near(parts, 3)) is not None


def test_nearness_never_runs_from_the_subject_into_the_text() -> None:
    parts = tuple(phrase for word in ("fuite", "gaz") if (phrase := parse_phrase(word)))
    assert Text("gaz", subject="fuite").find(near(parts, 9)) is None


def test_forms_of_one_word_count_once_for_a_category(town: Town) -> None:
    town.write(
        "categories.yaml",
        """
        categories:
          - {id: voirie, famille: voirie, noms: {fr: V}, mots: [trou, trous]}
          - {id: bruit, famille: tranquillite, noms: {fr: B}, mots: [bruit]}
        """,
    )
    town.expect("{texte: bruit dans un trou}", "{categorie: bruit}")


@given(st.sampled_from(["lampadaire", "école", "feux", "cassée", "dégâts", "nid", "tag", "bus"]))
def test_forms_contain_the_word_and_are_shared_by_all_of_them(word: str) -> None:
    forms = lexicon().inflections(word)
    assert all(found(word, form) for form in forms)
    assert forms == lexicon().inflections(word.upper().lower())


@given(st.text(st.characters(max_codepoint=0x17F) | st.sampled_from("’œŒ… \n-_'"), max_size=30))
def test_the_short_way_of_latin_letters_gives_the_words_of_the_long_way(text: str) -> None:
    assert folded(text) == cut(fold(lower(text)))


@pytest.mark.parametrize("byte", range(256))
def test_each_latin_letter_is_folded_as_the_long_way_does(byte: int) -> None:
    for text in (f"a{chr(byte)}b", f"é {chr(byte)} b", f"{chr(byte)}b", f"a{chr(byte)}"):
        assert folded(text) == cut(fold(lower(text)))


@pytest.mark.parametrize("written", ["=œuvre", "=oeuvre", "=Œuvre"])
@pytest.mark.parametrize("said", ["une oeuvre", "une œuvre", "UNE ŒUVRE"])
def test_an_exact_word_finds_its_ligature_and_the_reverse(
    written: str, said: str, town: Town
) -> None:
    town.rules(f'- {{id: a, si: {{contient: ["{written}"]}}, alors: {{responsable: routes}}}}')
    town.expect(f"{{texte: {said}}}", "{responsable: routes}")
