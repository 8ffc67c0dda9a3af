"""Categories by their words: the same words in the same order, whatever process reads them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rules.categorise import categories_of
from rules.model import Category
from rules.phrases import parse_phrase
from rules.problems import At
from rules.text import Text

_READ = """
from rules.categorise import Categories
from rules.model import Category
from rules.problems import At
from rules.phrases import parse_phrase
from rules.text import Text

written = ["gare", "gare sur", "gare sur la", "gare sur la piste", "gare sur la piste cyclable"]
phrases = tuple(parse_phrase(each) for each in written)
category = Category(id="velo", at=At("a.yaml", 1, 1), family="voirie", names={}, phrases=phrases)
print(Categories({"velo": category}).of(Text("un camion gare sur la piste cyclable")))
"""


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_words_that_begin_at_one_place_have_one_order_in_every_process(seed: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _READ],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == str(
        (
            "velo",
            ["gare", "gare sur", "gare sur la", "gare sur la piste", "gare sur la piste cyclable"],
        )
    )


def _category(name: str, *written: str) -> Category:
    phrases = tuple(phrase for each in written if (phrase := parse_phrase(each)))
    return Category(
        id=name, at=At("a.yaml", 1, 1), family="voirie", names={"fr": name}, phrases=phrases
    )


def test_versions_with_the_same_categories_share_their_sorted_words() -> None:
    first = categories_of({"velo": _category("velo", "piste"), "banc": _category("banc", "banc")})
    again = categories_of({"velo": _category("velo", "piste"), "banc": _category("banc", "banc")})
    assert again is first


@pytest.mark.parametrize("turn", [False, True])
def test_the_category_named_first_wins_a_tie_whatever_was_read_before(turn: bool) -> None:
    own = {"velo": _category("velo", "piste"), "herbe": _category("herbe", "piste")}
    other = dict(reversed(own.items()))
    for known in (other, own) if turn else (own, other):
        assert categories_of(known).of(Text("la piste"))[0] == next(iter(known))


def test_a_word_that_a_category_gains_is_found_whatever_was_read_before() -> None:
    for written in (("piste",), ("piste", "vélo"), ("piste",)):
        known = categories_of({"velo": _category("velo", *written)})
        assert known.of(Text("un vélo"))[0] == ("velo" if "vélo" in written else None)
