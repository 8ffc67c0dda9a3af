"""Warnings about what is allowed but probably not meant."""

from __future__ import annotations

from datetime import date

import pytest
from rules_town import SERVICES, Town, collection, feature, square

from rules.checking import check
from understanding.territory import Territory


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


HOURS = """
calendriers:
  bureau: {jours: lun-ven, heures: 9h-17h}
  toujours: {jours: lun-dim, heures: 0h-24h}
  reste: {jours: lun-dim, sauf: [bureau]}
"""
NORMAL = "- {id: a, si: {contient: [pont]}, alors: {responsable: routes}}"


def closing(town: Town, hours: str, deputy: str = "", deputy_hours: str = "") -> None:
    """Give a service its hours, and another one to stand in for it."""
    mine = f"horaires: {hours}" + (f", suppleant: {deputy}" if deputy else "")
    services = SERVICES.replace("{id: routes,", f"{{id: routes, {mine},")
    if deputy_hours:
        services = services.replace(
            f"{{id: {deputy},", f"{{id: {deputy}, horaires: {deputy_hours},"
        )
    town.write("calendriers.yaml", HOURS).write("services.yaml", services)


@pytest.mark.parametrize(
    ("hours", "deputy", "warned"),
    [("bureau", "", 1), ("bureau", "guichet", 0), ("toujours", "", 0)],
)
def test_any_service_in_charge_that_closes_alone_is_told_once(
    hours: str, deputy: str, warned: int, town: Town
) -> None:
    closing(town, hours, deputy)
    town.rules(NORMAL + "\n" + NORMAL.replace("id: a", "id: b").replace("pont", "tunnel"))
    assert len(messages(town, "heures-sans-personne")) == warned


def test_who_is_in_charge_of_nothing_may_close(town: Town) -> None:
    closing(town, "bureau")
    town.rules(NORMAL.replace("responsable: routes", "informer: [routes]"))
    assert messages(town, "heures-sans-personne") == []


def test_the_last_resort_has_nobody_behind_it(town: Town) -> None:
    services = SERVICES.replace("{id: guichet,", "{id: guichet, horaires: bureau,")
    town.write("calendriers.yaml", HOURS).write("services.yaml", services)
    assert messages(town, "heures-sans-personne") == []


@pytest.mark.parametrize(("deputy_hours", "warned"), [("bureau", 1), ("reste", 0), ("toujours", 0)])
def test_a_danger_counts_the_hours_of_all_who_stand_in(
    deputy_hours: str, warned: int, town: Town
) -> None:
    closing(town, "bureau", "astreinte", deputy_hours)
    town.rules(NORMAL.replace("si:", "priorite: danger, si:"))
    told = messages(town, "heures-sans-personne")
    assert len(told) == warned
    assert all("dont les suppléants ferment aussi" in one for one in told)


def test_a_danger_looks_behind_a_role(town: Town) -> None:
    services = SERVICES.replace("{id: mairie-reze,", "{id: mairie-reze, horaires: bureau,")
    town.write("calendriers.yaml", HOURS).write("services.yaml", services)
    town.rules(NORMAL.replace("routes", "mairie-du-lieu").replace("si:", "priorite: danger, si:"))
    [told] = messages(town, "heures-sans-personne")
    assert "« mairie-reze »" in told


EFFECT = "- {id: a, si: {contient: [pont]}, alors: {%s}}"


def untested(town: Town, expected: str) -> bool:
    """Whether the rule counts as untested beside one test of a bridge."""
    town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        f"  - {{cas: {{texte: un pont}}, attendu: {{priorite: a_defaut, {expected}}}}}\n",
    )
    problems = check(town.folder, Territory.from_description, date(2026, 11, 26)).problems
    found = [one for one in problems if one.code == "regle-sans-essai"]
    assert all("un effet de la règle « a »" in one.message for one in found)
    return bool(found)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("urgence: haute", "urgence: haute"),
        ("informer: [routes]", "informer: [routes]"),
        ("consulter: [routes]", "consulter: [routes]"),
        ("etiquettes: [haut]", "etiquettes: [haut]"),
        ("proposer: visite", "proposer: [visite]"),
        ("demander: [photo]", "question: photo"),
        ("confidentiel: oui", "confidentiel: oui"),
        ("publier: non", "publier: non"),
        ("cloture: {preuve: photo}", "cloture: {preuve: photo}"),
    ],
)
def test_a_rule_without_an_owner_needs_a_test_of_an_effect(
    effect: str, expected: str, town: Town
) -> None:
    town.rules(EFFECT % effect)
    assert untested(town, "categorie: inconnue")
    assert not untested(town, expected)


def test_an_effect_that_another_rule_brings_tests_nothing(town: Town) -> None:
    town.rules(
        EFFECT % "urgence: haute" + "\n- {id: b, si: {contient: [lac]}, alors: {urgence: haute}}"
    )
    town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        "  - {cas: {texte: un pont}, attendu: {priorite: a_defaut, urgence: haute}}\n",
    )
    problems = check(town.folder, Territory.from_description, date(2026, 11, 26)).problems
    [told] = [one.message for one in problems if one.code == "regle-sans-essai"]
    assert "« b »" in told


def test_a_text_of_a_danger_without_an_owner_is_an_effect_too(town: Town) -> None:
    town.rules(
        "- {id: a, priorite: danger, si: {contient: [pont]}, alors: {repondre: consigne-gaz}}"
    )
    assert untested(town, "urgence: normale")
    assert not untested(town, "repondre: consigne-gaz")


@pytest.mark.parametrize(
    ("field", "longest"),
    [("service", "Routes nationales"), ("lieu", "Orvault"), ("numero", 13), ("delai", 10)],
)
@pytest.mark.parametrize("over", [0, 1])
def test_a_short_text_is_counted_with_the_longest_that_its_field_may_say(
    field: str, longest: str | int, over: int, town: Town
) -> None:
    length = longest if isinstance(longest, int) else len(longest)
    text = "a" * (160 - 2 * length + over) + f"{{{field}}}" * 2
    town.write("textes/plus.yaml", f"textes: {{t: {{fr: T, court: {{fr: '{text}'}}}}}}")
    found = messages(town, "sms-trop-long")
    assert ["(161 caractères sur 160, avec « " in one for one in found] == [True] * over
    assert all(f" » pour {{{field}}})" in one for one in found)
    if isinstance(longest, str):
        assert all(f"« {longest} »" in one for one in found)


@pytest.mark.parametrize(
    ("name", "most"),
    [("Pôle – l’œuvre à Nîmes", 160), ("حي", 70), ("Мерія", 70)],
)
def test_a_name_costs_more_by_its_letters_but_not_by_accents_that_an_sms_leaves_out(
    name: str, most: int, town: Town
) -> None:
    town.write(
        "services.yaml",
        SERVICES.replace("noms: {fr: Routes nationales}", f'noms: {{fr: "{(name * 9)[:40]}"}}'),
    )
    text = "a" * (most - len((name * 9)[:40])) + "{service}"
    for shown, warned in ((text, 0), (f"a{text}", 1)):
        town.write("textes/plus.yaml", f"textes: {{t: {{fr: T, court: {{fr: '{shown}'}}}}}}")
        assert len(messages(town, "sms-trop-long")) == warned
