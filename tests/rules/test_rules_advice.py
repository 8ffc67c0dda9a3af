"""Warnings about what is allowed but probably not meant."""

from __future__ import annotations

import pytest
from rules_town import SERVICES, Town, collection, feature, square


def messages(town: Town, code: str) -> list[str]:
    return [one.message for one in town.problems if one.code == code]


def test_a_word_that_is_another_without_its_accents(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [marché, lampadaire, éclairage]}, alors: {urgence: haute}}"
    )
    (message,) = messages(town, "mot-sans-accent")
    assert "« marché » lit aussi « marche »" in message
    (problem,) = [one for one in town.problems if one.code == "mot-sans-accent"]
    assert "=marché" in problem.fix
    town.rules('- {id: a, si: {contient: ["=marché"]}, alors: {urgence: haute}}')
    assert messages(town, "mot-sans-accent") == []


def test_a_form_that_is_a_foreign_word(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [tirer]}, alors: {urgence: haute}}")
    (message,) = messages(town, "forme-etrangere")
    assert "« tirer » lit aussi « tire »" in message


def test_quartiers_that_leave_a_gap(town: Town) -> None:
    assert len(messages(town, "territoires-troues")) == 1
    half = collection(feature(square(-1.60, 47.20, -1.55, 47.30)))
    other = collection(feature(square(-1.55, 47.20, -1.50, 47.30)))
    town.write("territoire/bellevue.geojson", half).write("territoire/centre.geojson", other)
    assert messages(town, "territoires-troues") == []


@pytest.mark.parametrize(("more", "warned"), [("", True), (", suppleant: guichet", False)])
def test_a_danger_for_a_service_that_closes(more: str, warned: bool, town: Town) -> None:
    town.write("calendriers.yaml", "calendriers: {bureau: {jours: lun-ven, heures: 9h-17h}}\n")
    town.write(
        "services.yaml", SERVICES.replace("{id: routes,", f"{{id: routes, horaires: bureau{more},")
    )
    town.rules("- {id: a, priorite: danger, si: {contient: [gaz]}, alors: {responsable: routes}}")
    assert bool(messages(town, "heures-sans-personne")) is warned


def test_names_in_the_language_of_a_counter(town: Town) -> None:
    town.write(
        "compteurs.yaml",
        "compteurs: [{id: s, canal: sms, adresse: '+33600000000', langue: en}]\n",
    )
    (message,) = messages(town, "nom-manquant")
    assert "« en »" in message
