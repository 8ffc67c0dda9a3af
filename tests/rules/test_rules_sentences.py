"""Where sentences begin, in step with the words that rules compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sentences import sentence_starts
from rules.words import folded

texts = st.text(
    st.characters(max_codepoint=0x17F) | st.sampled_from(".!?… \n'’。؟ŒœA") | st.characters(),
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("Pas de lampe. Ordure partout", {3}),
        ("Pas de lampe.Ordure partout", {3}),
        ("Il y en a 3.5 de trop", set()),
        ("www.nantes.example, rue basse", set()),
        ("Quoi ?! Rien... non", {1, 2}),
        ("une ligne\net sa suite", set()),
        ("un alinéa\n\net un autre", {2}),
    ],
)
def test_a_sentence_begins_behind_the_stop_of_another(text: str, starts: set[int]) -> None:
    assert sentence_starts(text) == starts


@given(texts)
def test_no_stop_lies_within_a_word(text: str) -> None:
    assert all(0 <= start <= len(folded(text)) for start in sentence_starts(text))


@given(texts, texts)
def test_what_follows_a_stop_is_counted_from_it(one: str, other: str) -> None:
    whole = f"{one}. {other}"
    before = len(folded(one))
    assert before in sentence_starts(whole)
    assert {before + start for start in sentence_starts(other)} <= sentence_starts(whole)
