"""Signed tokens: short, free of names, and of no use once touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidInput
from router.tokens import PARTNER, REPLY, Signer, Token, party_of
from router.tracking import RANDOM_BITS, from_bits

numbers = st.integers(0, 2**RANDOM_BITS - 1).map(from_bits)
names = st.text(min_size=1, max_size=80)
SIGNER = Signer({"a": b"old key", "b": b"new key"}, "b")


@given(numbers, names, st.sampled_from([REPLY, PARTNER]), st.booleans())
def test_says_what_was_signed_in_any_case_of_letters(number, name, kind, upper):
    token = SIGNER.sign(kind, number, name)
    assert SIGNER.read(token.upper() if upper else token) == Token(kind, number, party_of(name))


@given(numbers, names)
def test_fits_the_local_part_of_an_address(number, name):
    assert len("guichet+" + SIGNER.sign(REPLY, number, name)) <= 64


@given(numbers, names, st.integers(0, 60), st.characters(codec="ascii"))
def test_is_refused_once_changed(number, name, place, character):
    token = SIGNER.sign(REPLY, number, name)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    if changed.lower() != token:
        with pytest.raises(InvalidInput):
            SIGNER.read(changed)


def test_a_key_can_be_changed_without_a_break_and_then_withdrawn():
    number = from_bits(42)
    before = Signer({"a": b"old key"}, "a").sign(REPLY, number, "x")
    assert SIGNER.read(before).number == number
    with pytest.raises(InvalidInput):
        Signer({"b": b"new key"}, "b").read(before)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_in_one_sentence(text):
    with pytest.raises(InvalidInput, match="not one of ours"):
        SIGNER.read(text)
