"""Which words follow from which: whatever text holds the one holds the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.lint.meaning import phrase_implies, same_word
from rules.phrases import Phrase, near, parse_phrase
from rules.text import Text

WORDS = ["fuite", "banc", "mur", "gaz", "odeur"]
texts = st.lists(st.sampled_from([*WORDS, "x", "\n"]), max_size=9).map(" ".join)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    singles = [
        one
        for written in draw(st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=3, unique=True))
        if (one := parse_phrase(written)) is not None
    ]
    return near(tuple(singles), draw(st.integers(1, 4))) if len(singles) > 1 else singles[0]


WRITTEN = [*WORDS, "fuite gaz", "odeur gaz", "=banc", "mu*"]


@given(phrases(), phrases(), st.lists(texts, min_size=5, max_size=20))
def test_what_is_implied_holds_wherever_the_other_does(
    one: Phrase, other: Phrase, told: list[str]
) -> None:
    if phrase_implies(one, other):
        for text in told:
            assert Text(text).find(one) is None or Text(text).find(other) is not None


@given(st.permutations([*WORDS[:3], "odeur gaz"]), st.integers(1, 9), st.integers(0, 9))
def test_words_near_each_other_have_no_order(words: list[str], span: int, more: int) -> None:
    parts = tuple(one for word in words if (one := parse_phrase(word)) is not None)
    one, other = near(parts, span), near(tuple(sorted(parts, key=str)), span + more)
    assert phrase_implies(one, other)
    assert same_word(one, other)
    assert same_word(other, one)
