"""What is proposed for a word that nobody knows: one that is near, or the values worth a look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.problems import closest, proposal

SHOWN = 13
WORD = st.text("abcdeimnorstu-", min_size=1, max_size=12)
FAR = st.text("vwxyz", min_size=1, max_size=12)
"""Words that are like no name."""
NAMES = st.lists(WORD, unique=True, max_size=30)
FEW = st.lists(WORD, unique=True, min_size=1, max_size=SHOWN)
MANY = st.lists(WORD, unique=True, min_size=SHOWN + 1, max_size=30)


def listed(sentence: str) -> list[str]:
    return sentence.removeprefix("Valeurs possibles : ").rstrip(".").removesuffix(", …").split(", ")


@given(WORD, NAMES)
def test_what_is_proposed_is_known(word: str, names: list[str]) -> None:
    near = closest(word, names)
    assert near is None or near in names
    if near is None and names:
        assert set(listed(proposal(word, names))) <= set(names)


@given(FAR, FEW)
def test_a_short_list_is_shown_whole_whatever_its_order(word: str, names: list[str]) -> None:
    assert listed(proposal(word, names)) == sorted(names)
    assert proposal(word, names) == proposal(word, names, commonest_first=True)


@given(FAR, MANY)
def test_of_a_long_list_the_commonest_are_shown_first(word: str, names: list[str]) -> None:
    assert listed(proposal(word, names, commonest_first=True)) == names[:SHOWN]


def test_of_a_long_list_the_nearest_are_shown_first() -> None:
    names = [f"couche-{letter}" for letter in "abcdefghijklmnopqrst"]
    assert listed(proposal("mobile-home", [*names, "zone-mobile"]))[0] == "zone-mobile"


def test_a_guess_that_shares_some_letters_only_is_not_made() -> None:
    assert closest("facebook", ["webhook", "sms"]) is None
    assert closest("$vide", ["$victime", "$feu"]) is None


def test_what_is_only_misspelt_is_guessed() -> None:
    services = ["mairie-reze", "eclairage", "responsable", "Rezé"]
    for word, meant in [
        ("Mairie de Rezé", "mairie-reze"),
        ("eclairag", "eclairage"),
        ("Rezey", "Rezé"),
        ("responsble", "responsable"),
        ("mairie@reze.example", "mairie-reze"),
    ]:
        assert closest(word, services) == meant
