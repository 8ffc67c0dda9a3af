"""What decides a case has a name that people read, also where no rule of a file does."""

from __future__ import annotations

import pytest

from router.words.rule_names import by_rule


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("eclairage", "règle eclairage"),
        ("competence:voirie:partout", "la table des compétences (famille voirie, partout)"),
        ("a_defaut:metropole", "le responsable par défaut (metropole)"),
        ("choix_agent", "le choix d'un agent"),
    ],
)
def test_what_decides_is_named_to_people(rule: str, said: str) -> None:
    assert by_rule(rule) == said
