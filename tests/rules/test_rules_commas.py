"""A comma in braces cuts a text: what is proposed is accepted, and nothing more is told of it."""

from __future__ import annotations

import re

import pytest
from rules_town import Town

from rules.trials import run

RULE = "- {id: a, si: {contient: [livre]}, alors: {responsable: guichet}}"


def trial(town: Town, case: str) -> list[str]:
    """Write a test of the rule, and list what is wrong with it."""
    town.rules(RULE)
    essai = f"  - {{cas: {{{case}, commune: Rezé}}, attendu: {{regle: a}}}}\n"
    town.write("regles/essai.yaml", f"territoire: metropole\nregles: []\nessais:\n{essai}")
    return town.errors


@pytest.mark.parametrize(
    "text", ["Bonjour, la boîte à livres", "Oui, non, le livre, merci", "Un livre, l'autre, 3,5 m"]
)
def test_a_text_that_a_comma_cuts_is_accepted_as_it_is_proposed(text: str, town: Town) -> None:
    (error,) = trial(town, f"texte: {text}")
    proposed = re.search(r"« (texte: \".*\") »", error)
    assert proposed is not None
    assert trial(town, proposed[1]) == []
    assert [result.passed for result in run(town.ruleset())] == [True]


@pytest.mark.parametrize("text", [f"Le livre, {'très ' * 30}loin", 'Le livre, "ici"'])
def test_what_cannot_be_shown_whole_is_told_without(text: str, town: Town) -> None:
    (error,) = trial(town, f"texte: {text}")
    assert error.endswith("Mettez tout le texte de « texte » entre guillemets.")


def test_a_required_value_that_a_comma_cuts_is_told_once(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [livre]}, alors: {escalade: {apres: 1,5 jours, vers: guichet}}}"
    )
    (error,) = town.errors
    assert "Une durée s'écrit sans virgule" in error
