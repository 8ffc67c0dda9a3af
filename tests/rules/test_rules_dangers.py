"""A danger that nobody is reminded of is told, and only such a one: the decision itself is the judge."""

from __future__ import annotations

from itertools import product

import pytest
from rules_town import CATEGORIES, SERVICES, Town

ALARM = "escalade: {apres: 2 heures, vers: routes}"
OWNERS = {
    "service": "responsable: astreinte",
    "role": "responsable: mairie-du-lieu",
    "parts": "repartir: [{part: a, responsable: astreinte}, {part: b, responsable: voirie-m}]",
    "nobody": "urgence: immediate",
}
RECIPIENTS = {
    "service": "astreinte",
    "role": "mairie-reze",
    "parts": "guichet",
    "nobody": "voirie-m",
}
PLACES = ["nowhere", "rule", "delay", "service", "category", "parent"]


def told(town: Town) -> list[str]:
    return [str(one) for one in town.problems if one.code == "danger-sans-alerte"]


def written(town: Town, owner: str, place: str, *, asks_category: bool) -> Town:
    """Write a danger of Rezé, with an alarm in one place."""
    services, categories = SERVICES, CATEGORIES
    if place == "service":
        service = f"{{id: {RECIPIENTS[owner]},"
        services = services.replace(service, f"{service} {ALARM},")
    elif place == "category":
        categories = categories.replace("{id: trottoir,", f"{{id: trottoir, {ALARM},")
    elif place == "parent":
        categories = categories.replace("id: voirie\n", f"id: voirie\n    {ALARM}\n")
    elsewhere = f"{{id: routes, {ALARM.replace('routes', 'guichet')},"
    if owner != "parts":  # somebody else's alarm counts for nothing
        services = services.replace("{id: routes,", elsewhere)
    town.write("services.yaml", services).write("categories.yaml", categories)
    own = {"rule": f", {ALARM}", "delay": ", delai: 2 heures"}.get(place, "")
    category = ", categorie: trottoir" if asks_category else ""
    return town.rules(
        f"- {{id: a, priorite: danger, si: {{contient: [incendie], commune: Rezé{category}}}, "
        f"alors: {{{OWNERS[owner]}{own}}}}}"
    )


@pytest.mark.parametrize(
    ("owner", "place", "asks_category"), list(product(OWNERS, PLACES, [True, False]))
)
def test_a_danger_is_told_of_just_when_its_decision_reminds_nobody(
    owner: str, place: str, asks_category: bool, town: Town
) -> None:
    written(town, owner, place, asks_category=asks_category)
    warned = told(town)
    category = ", categorie: trottoir" if asks_category else ""
    decided = town.decide(f"{{texte: Un incendie, commune: Rezé{category}}}")
    assert decided.danger
    silent = decided.escalation is None and decided.delay is None
    if owner == "role" and place == "service":  # other mairies of the role have none
        assert not silent
        assert len(warned) == 2
    else:
        assert bool(warned) is silent
        expected = "guichet" if owner == "nobody" and not asks_category else RECIPIENTS[owner]
        assert owner == "role" or all(f"« {expected} » ne répond pas" in one for one in warned)


def test_a_step_that_names_another_owner_needs_an_alarm_too(town: Town) -> None:
    rule = (
        "- {{id: a, priorite: danger, si: {{contient: [incendie]}}, "
        "alors: {{responsable: astreinte{}}}, seuils: [{{confirmations: 9, responsable: routes{}}}]}}"
    )
    own = ", escalade: {apres: 1 heure, vers: guichet}"
    for base, step, silent in (("", "", 2), ("", own, 1), (own, "", 0), (own, own, 0)):
        town.rules(rule.format(base, step))
        assert len(told(town)) == silent, (base, step)


def test_what_is_urgent_without_being_a_danger_keeps_the_days_of_its_category(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [incendie]}, alors: {responsable: astreinte, urgence: immediate}}"
    )
    assert told(town) == []


def test_the_last_resort_is_told_to_alarm_another(town: Town) -> None:
    town.rules(
        "- {id: a, priorite: danger, si: {contient: [incendie]}, alors: {responsable: guichet}}"
    )
    (warned,) = told(town)
    assert "vers: un autre service" in warned
