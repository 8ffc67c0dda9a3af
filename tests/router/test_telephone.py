"""A number is written in one form, as people say it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.words.telephone import spoken


@given(st.from_regex(r"\+33[1-9][0-9]{8}", fullmatch=True))
def test_a_french_number_is_grouped_as_the_library_of_numbers_groups_it(number: str) -> None:
    parsed = phonenumbers.parse(number)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)

    assert spoken(number).replace(" ", "") == national.replace(" ", "")
    if phonenumbers.is_valid_number(parsed):
        assert spoken(number) == national


@given(st.from_regex(r"0[1-9][0-9]{8}", fullmatch=True))
def test_however_it_was_typed_it_is_written_alike_and_once_is_enough(number: str) -> None:
    written = spoken(number)

    assert written == spoken(f"+33{number[1:]}") == spoken(".".join(number)) == spoken(written)


@pytest.mark.parametrize(
    "number", ["3639", "112", "+4930123456", "+352 26 12 34", "voir le site", ""]
)
def test_another_number_stays_as_it_is_given(number: str) -> None:
    assert spoken(number) == number
