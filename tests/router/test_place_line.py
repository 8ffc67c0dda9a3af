"""The place of a case in one line says nothing twice, and leaves nothing out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.words.place_line import one_line


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (
            ("rue Jean Jaurès", "5 rue Jean Jaurès", None, "Nantes"),
            "5 rue Jean Jaurès, Nantes",
        ),
        (("5 rue jean jaures", "rue Jean Jaurès", "", "Nantes"), "5 rue jean jaures, Nantes"),
        (("rue Foch", "rue Fochard", "44000", "Nantes"), "rue Foch, rue Fochard, 44000, Nantes"),
        (("Nantes", "NANTES"), "Nantes"),
        (("12 rue Haute, 44000 Nantes", "44000", "Nantes"), "12 rue Haute, 44000 Nantes"),
        ((None, " ", ""), ""),
    ],
)
def test_a_part_that_a_longer_one_holds_is_not_said_again(
    parts: tuple[str | None, ...], line: str
) -> None:
    assert one_line(parts) == line


@given(st.lists(st.text("aé5 ", max_size=6)))
def test_every_word_that_was_given_is_in_the_line_and_in_any_order_of_the_parts(
    parts: list[str],
) -> None:
    written = set(words(one_line(parts)))

    assert written == set(words(" ".join(parts)))
    assert written == set(words(one_line(reversed(parts))))


def words(text: str) -> list[str]:
    return text.replace(",", " ").replace("é", "e").split()
