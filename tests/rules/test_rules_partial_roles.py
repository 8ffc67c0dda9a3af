"""A role that has a service in a part of a commune only: asked of a person, told to a supervisor."""

from __future__ import annotations

import pytest
from rules_town import SERVICES, TERRITORY, Town, collection, feature, square

ELSEWHERE = "Rezé: mairie-reze, Orvault: mairie-orvault"


def told(town: Town, values: str) -> list[str]:
    town.write("services.yaml", f"{SERVICES}  quartier: {{{values}}}\n")
    return [
        one.message.partition("n'a pas de service à ")[2]
        for one in town.problems
        if one.code == "role-sans-valeur"
    ]


@pytest.mark.parametrize(
    ("values", "without"),
    [
        ("bellevue: paix-nantes", ["centre, Nantes hors de ses quartiers"]),
        ("bellevue: paix-nantes, centre: mairie-nantes", ["Nantes hors de ses quartiers"]),
        ("bellevue: paix-nantes, Nantes: mairie-nantes", []),
        ("bellevue: paix-nantes, metropole: voirie-m", []),
    ],
)
def test_a_part_of_a_commune_without_a_service_is_told(
    values: str, without: list[str], town: Town
) -> None:
    assert told(town, f"{values}, {ELSEWHERE}") == without


def test_quarters_that_fill_their_commune_need_no_value_of_the_commune(town: Town) -> None:
    north = collection(feature(square(-1.60, 47.25, -1.50, 47.30)))
    town.write("territoire/nord.geojson", north)
    drawn = "  - {id: nord, contour: nord.geojson}\nzones:"
    town.write("territoire/territoire.yaml", TERRITORY.replace("zones:", drawn))
    values = "bellevue: paix-nantes, centre: paix-nantes, nord: paix-nantes"
    assert told(town, f"{values}, {ELSEWHERE}") == []
    town.rules("- {id: a, si: {contient: [arbre]}, alors: {responsable: quartier}}")
    town.expect("{texte: arbre, commune: Nantes}", "{responsable: paix-nantes, question: aucune}")


@pytest.mark.parametrize(
    "values", ["bellevue: paix-nantes", "bellevue: paix-nantes, centre: paix-nantes"]
)
def test_a_commune_alone_does_not_lead_to_the_service_of_one_of_its_parts(
    values: str, town: Town
) -> None:
    town.write("services.yaml", f"{SERVICES}  quartier: {{{values}, {ELSEWHERE}}}\n")
    town.rules("- {id: a, si: {contient: [arbre]}, alors: {responsable: quartier}}")
    town.expect("{texte: arbre, commune: Nantes}", "{responsable: guichet, question: lieu}")
    town.expect(
        "{texte: arbre, point: [47.23, -1.58]}", "{responsable: paix-nantes, question: aucune}"
    )
    town.expect("{texte: arbre, point: [47.28, -1.52]}", "{responsable: guichet, question: aucune}")
