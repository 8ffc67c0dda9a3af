"""Words of the rules that were meant as several: told, with a proposal that is itself accepted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import Town

from rules.phrases import parse_phrase
from rules.reading.joined import joined

PROPOSED = re.compile(r"« (\[.*\]|\w+: .*?) »")
WORDS = [
    "24h/24",
    "7j/7",
    "km/h",
    "1,5 tonne",
    "rendez-vous",
    "poubelle (verte)",
    "banderole,",
    "PAS d'eau",
    "pas de lumière",
    "pas ramassé",
]
"""Signs that people put into one expression, which is found all the same."""


@pytest.mark.parametrize("sign", [", ", ",", ";", " / ", "/", "|", " | ", "\n", " OU "])
@pytest.mark.parametrize("words", [["banderole", "affiche"], ["=été", "fête foraine", "encombr*"]])
def test_words_joined_by_a_sign_are_told_with_a_list_that_is_accepted(
    sign: str, words: list[str], town: Town
) -> None:
    found = joined(sign.join(words), "fr", in_list=False)
    assert found is not None
    (proposed,) = PROPOSED.findall(found[1])
    town.rules(f"- {{id: a, si: {{contient: {proposed}}}, alors: {{responsable: guichet}}}}")
    (condition,) = town.ruleset().rules[0].rule.when[0].conditions
    assert [phrase.written for phrase in condition.groups[0].phrases] == words


@pytest.mark.parametrize("written", ["banderole ET affiche", "-fête", "PAS fête", "SAUF la fête"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_to_be_written_instead_is_accepted(written: str, language: str, town: Town) -> None:
    found = joined(written, language, in_list=True)
    assert found is not None
    proposed = PROPOSED.findall(found[1])[0]
    when = "if: {contains: [chaise]}" if language == "en" else "si: {contient: [chaise]}"
    if not proposed.startswith(("sauf", "except")):
        when, proposed = f"{when.partition(':')[0]}: {{{proposed}}}", "id: a"
    else:
        when = f"id: a, {when}"
    then = "then: {owner: guichet}" if language == "en" else "alors: {responsable: guichet}"
    head = f"langue: {language}\n{'territory' if language == 'en' else 'territoire'}: metropole\n"
    rules = "rules" if language == "en" else "regles"
    town.write("regles/z.yaml", f"{head}{rules}:\n  - {{{when}, {proposed}, {then}}}\n")
    assert town.errors == []


@pytest.mark.parametrize("word", WORDS)
def test_a_sign_within_a_word_is_no_mistake(word: str) -> None:
    assert joined(word, "fr", in_list=False) is None


def test_capitals_of_a_name_are_no_mistake() -> None:
    assert joined("MAISON ET JARDIN", "fr", in_list=True) is None
    assert joined("PAS DE CALAIS HABITAT", "fr", in_list=True) is None


@given(st.text(max_size=30))
def test_a_text_without_signs_is_read_as_it_is(text: str) -> None:
    """Nothing is told of words alone, and what is told is one sentence with a proposal."""
    found = joined(text, "fr", in_list=False)
    phrase = parse_phrase(text)
    if found is not None:
        assert found[1].endswith(".")
        assert "\n" not in found[0] + found[1]
    elif phrase is not None and text.isalpha():
        assert phrase.written == text
