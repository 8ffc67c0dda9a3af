"""The tracking number: shown in groups, read forgivingly, and never mistaken for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidInput
from router.tracking import ALPHABET, RANDOM_BITS, find, from_bits, parse, printed

numbers = st.integers(0, 2**RANDOM_BITS - 1).map(from_bits)
separators = st.sampled_from(["", "-", " ", ".", " - ", "–"])


@given(numbers)
def test_is_shown_in_groups_of_four_four_and_three(number):
    assert [len(group) for group in printed(number).split("-")] == [4, 4, 3]


@given(numbers, separators, st.booleans())
def test_reads_any_case_and_spacing(number, separator, lower):
    text = printed(number).replace("-", separator)
    assert parse(text.lower() if lower else text) == number


@given(numbers)
def test_takes_o_for_zero_and_i_or_l_for_one(number):
    assert parse(number.replace("0", "O").replace("1", "l")) == number
    assert parse(number.replace("0", "o").replace("1", "I")) == number


@given(numbers, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_notices_any_single_wrong_symbol(number, place, symbol):
    wrong = number[:place] + symbol + number[place + 1 :]
    if wrong != number:
        with pytest.raises(InvalidInput):
            parse(wrong)


@given(numbers, st.integers(0, 9))
def test_notices_any_swap_of_neighbours(number, place):
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if wrong != number:
        with pytest.raises(InvalidInput):
            parse(wrong)


@given(numbers, separators, st.sampled_from(["Bonjour, où en est {} ?", "[#{}] Re: tag", "{}"]))
def test_is_found_in_running_text(number, separator, sentence):
    assert number in find(sentence.format(printed(number).replace("-", separator).lower()))


@pytest.mark.parametrize("text", ["", "7K4M", "bonjour", "0612345678", "7K4M-Q2XD-9TCU", "é" * 11])
def test_refuses_what_is_no_number_in_one_sentence(text):
    with pytest.raises(InvalidInput, match="is not a tracking number"):
        parse(text)


@given(st.text(max_size=300))
def test_looks_through_any_text_and_lists_no_more_than_asked(text):
    assert len(find(text, limit=4)) <= 4
