"""Categories by their words: the same words in the same order, whatever process reads them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

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
