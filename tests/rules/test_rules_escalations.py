"""An escalation never comes back, unsaid, to who has the case already."""

from __future__ import annotations

from itertools import product

import pytest
from rules_town import SERVICES, Town

PLACES = {"Nantes": "mairie-nantes", "Rezé": "mairie-reze", "Orvault": "mairie-orvault"}
NAMES = ("mairie-du-lieu", "mairie-reze", "mairie-nantes", "guichet")


@pytest.mark.parametrize(("owner", "to"), list(product(NAMES, NAMES)))
def test_what_comes_back_somewhere_is_told_and_told_where(owner: str, to: str, town: Town) -> None:
    town.rules(
        f"- {{id: a, si: {{contient: [arbre]}}, alors: {{responsable: {owner},"
        f" escalade: {{apres: 2 jours, vers: {to}}}}}}}"
    )
    said = [str(one) for one in town.problems if "revient" in one.message]
    back = [
        place
        for place, own in PLACES.items()
        if (own if owner == "mairie-du-lieu" else owner) == (own if to == "mairie-du-lieu" else to)
    ]
    assert len(said) == bool(back)
    if not back or len(back) == len(PLACES):
        assert bool(town.errors) == bool(back)
        return
    assert town.errors == []
    for place in PLACES:
        assert (f"« {place} »" in said[0]) == (place in back)
        decision = town.decide(f"{{texte: arbre, commune: {place}}}")
        assert decision.escalation is not None
        assert (decision.escalation.to == decision.owner) == (place in back)


def test_a_service_whose_role_is_itself_is_told(town: Town) -> None:
    known = SERVICES.replace(
        "commune: Rezé, noms",
        "commune: Rezé, escalade: {apres: 1 jour, vers: mairie-du-lieu}, noms",
    )
    town.write("services.yaml", known)
    (error,) = town.errors
    assert "L'escalade du service « mairie-reze » revient à lui-même" in error


def test_a_way_back_through_a_service_s_own_escalation_is_told(town: Town) -> None:
    known = SERVICES.replace(
        "id: routes,", "id: routes, escalade: {apres: 1 jour, vers: mairie-du-lieu},"
    )
    town.write("services.yaml", known)
    town.rules(
        "- {id: a, si: {contient: [arbre], commune: [Nantes, Rezé]}, alors: {responsable:"
        " mairie-reze, escalade: {apres: 2 jours, vers: routes}}}"
    )
    (told,) = [one for one in town.problems if "revient" in one.message]
    assert told.severity == "warning"
    assert "« routes » y mène à « Rezé »." in str(told)
