"""What kept a rule from holding shows a list by its name with the first words that it holds."""

from __future__ import annotations

import re

import pytest
from rules_town import Town

from rules.explain import explain

LISTS = """
{
    courte: [clôture, grille],
    longue: [banc public, chaise, "=siège", {proche: [assise, cassée], mots: 4}, tabouret],
    bavarde: [une très longue expression de plusieurs mots, une autre expression aussi longue, pli],
}
"""
SHORT = "liste « courte » (clôture, grille)"
LONG = "liste « longue » (banc public, chaise, =siège, …)"


def told(town: Town, condition: str, language: str = "fr") -> str:
    """Tell why a rule does not hold that a word brings near."""
    lists = " ".join(LISTS.split())
    town.rules(
        f"- {{id: proche, si: {{contient: [arbre], tous: [{{canal: web}}], {condition}}},"
        " alors: {urgence: haute}}",
        listes=lists,
    )
    decision = town.decide("{texte: un arbre, commune: Nantes, canal: web}")
    said = explain(decision, language, town.ruleset())
    (line,) = [line for line in said.splitlines() if re.match("  - proche ?:", line)]
    return line


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("contient_tous: [arbre, $courte]", f"aucun mot de : {SHORT}"),
        ("contient_tous: [arbre, $longue]", f"aucun mot de : {LONG}"),
        ("contient_tous: [arbre, [$courte, haie]]", f"aucun mot de : {SHORT}, haie"),
        ("un_de: [{contient: [$longue]}, {canal: x}]", f"contient {LONG} ; canal x"),
        (
            "contient_tous: [[$courte, $longue, $bavarde]]",
            ": liste « courte », liste « longue », liste « bavarde »",
        ),
        (
            "contient_tous: [$bavarde]",
            "liste « bavarde » (une très longue expression de plusieurs mots, …)",
        ),
    ],
)
def test_a_list_is_told_by_its_name_with_its_first_words(
    condition: str, expected: str, town: Town
) -> None:
    line = told(town, condition)
    assert line.endswith(expected)
    assert "$" not in line


def test_an_exception_is_told_so_too(town: Town) -> None:
    lists = " ".join(LISTS.split())
    town.rules(
        "- {id: proche, si: {contient: [arbre]},"
        " sauf: {aucun_de: [{contient: [$courte]}]}, alors: {urgence: haute}}",
        listes=lists,
    )
    said = explain(town.decide("{texte: un arbre, commune: Nantes}"), ruleset=town.ruleset())
    assert f"  - proche : écartée par « sauf », aucun_de : contient {SHORT}" in said


def test_in_english_as_well(town: Town) -> None:
    assert told(town, "contient_tous: [arbre, $courte]", "en").endswith(
        "none of: list “courte” (clôture, grille)"
    )


def test_a_list_that_is_no_more_stays_as_it_was_cited(town: Town) -> None:
    town.rules(
        "- {id: proche, si: {contient_tous: [arbre, $partie]}, alors: {urgence: haute}}",
        listes="{partie: [haie]}",
    )
    decision = town.decide("{texte: un arbre, commune: Nantes}")
    town.rules("- {id: proche, si: {contient: [arbre]}, alors: {urgence: haute}}")
    assert "aucun mot de : $partie" in explain(decision, ruleset=town.ruleset())
    assert "aucun mot de : $partie" in explain(decision)
