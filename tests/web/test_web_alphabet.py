"""Names stand in the order in which a French reader looks for them."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
import web_fakes
from hypothesis import given
from hypothesis import strategies as st
from web_fakes import SERVICES, Browser

from web.alphabet import order

FAMILIES = [
    "Aide sociale",
    "Eau et assainissement",
    "Éclairage public",
    "école",
    "Espaces verts",
    "État civil",
    "Œuvres",
    "Voirie",
]


@given(st.randoms())
def test_accents_and_capitals_come_where_a_dictionary_has_them(chance: random.Random) -> None:
    shuffled = chance.sample(FAMILIES, len(FAMILIES))

    assert sorted(shuffled, key=order) == FAMILIES


def test_an_accent_decides_between_words_that_are_alike() -> None:
    assert sorted(["cotés", "cote", "côté"], key=order) == ["cote", "côté", "cotés"]


async def test_the_page_of_who_does_what_is_in_that_order_after_the_desk(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = ("voirie", "etat-civil", "accueil", "eclairage", "eau", "espaces-verts")
    services = tuple(replace(SERVICES[1], family=family) for family in families)
    monkeypatch.setattr(web_fakes, "SERVICES", services)

    page = (await browser.get("/qui-fait-quoi")).text

    _desk, *others = re.findall(r'<h2 id="family-\d+">(.*)</h2>', page)
    initials = [name[0] for name in others]
    assert initials == ["E", "É", "E", "É", "V"]
