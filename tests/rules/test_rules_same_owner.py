"""Two rules of one owner are no conflict; that they name the same services is not enough."""

from __future__ import annotations

import pytest
from rules_town import SERVICES, Town

SPLIT = "repartir: [{{part: arbre, responsable: {}}}, {{part: eau, responsable: {}}}]"
ROLES = (
    "  tourne: {{Nantes: mairie-reze, Rezé: mairie-nantes, Orvault: mairie-orvault}}\n"
    "  pareil: {{Nantes: mairie-nantes, Rezé: mairie-reze, Orvault: mairie-orvault}}\n"
    "  q1: {{Nantes: {0}, bellevue: mairie-nantes, centre: paix-nantes}}\n"
    "  q2: {{Nantes: {0}, bellevue: paix-nantes, centre: mairie-nantes}}\n"
    "  q3: {{Nantes: {0}, bellevue: mairie-nantes, centre: paix-nantes}}\n"
)


def conflicts(town: Town, one: str, other: str, si: str = "contient: [arbre]") -> int:
    town.write("services.yaml", SERVICES + ROLES.format("mairie-nantes"))
    for name, alors in (("a", one), ("b", other)):
        town.rules(f"- {{id: {name}, si: {{{si}}}, {alors}}}", f"regles/{name}.yaml")
    return sum(one.code == "conflit" and one.severity == "error" for one in town.problems)


def alors(owner: str) -> str:
    return f"alors: {{responsable: {owner}}}"


def steps(base: str, step: str) -> str:
    return f"{alors(base)}, seuils: [{{confirmations: 5, responsable: {step}}}]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (alors("mairie-du-lieu"), alors("tourne")),
        (steps("voirie-m", "routes"), steps("routes", "voirie-m")),
        (steps("voirie-m", "routes"), alors("voirie-m")),
        (
            f"alors: {{{SPLIT.format('routes', 'voirie-m')}}}",
            f"alors: {{{SPLIT.format('voirie-m', 'routes')}}}",
        ),
    ],
)
def test_the_same_services_in_another_place_are_a_conflict(
    one: str, other: str, town: Town
) -> None:
    assert conflicts(town, one, other) == 1


def test_roles_that_differ_by_quarter_are_a_conflict(town: Town) -> None:
    si = "contient: [arbre], commune: Nantes"
    assert conflicts(town, alors("q1"), alors("q2"), si) == 1
    assert conflicts(town, alors("q1"), alors("q3"), si) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (alors("mairie-du-lieu"), alors("pareil")),
        (steps("mairie-du-lieu", "routes"), steps("pareil", "routes")),
        (
            f"alors: {{{SPLIT.format('routes', 'voirie-m')}}}",
            f"alors: {{{SPLIT.format('routes', 'voirie-m')}}}",
        ),
    ],
)
def test_roles_that_mean_the_same_everywhere_are_none(one: str, other: str, town: Town) -> None:
    assert conflicts(town, one, other) == 0


def test_a_role_is_looked_at_only_where_both_rules_act(town: Town) -> None:
    si = "contient: [arbre], commune: Orvault"
    assert conflicts(town, alors("tourne"), alors("mairie-du-lieu"), si) == 0
    assert conflicts(town, alors("tourne"), alors("mairie-orvault"), si) == 0


def test_at_an_object_roles_are_looked_at_too(town: Town) -> None:
    si = "contient: [arbre], sur: peripherique"
    assert conflicts(town, alors("tourne"), alors("mairie-du-lieu"), si) == 1
