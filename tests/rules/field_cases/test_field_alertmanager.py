"""Cases of Alertmanager's route tests, told as facts of a city.

Source: prometheus/alertmanager, dispatch/route_test.go (TestRouteMatch, TestRouteMatchers,
TestInheritParentGroupByAll, TestRouteWalk), Apache-2.0; read in November 2026, nothing copied.
There a tree of routes is walked, a child inherits from its parent, and `continue` lets a second
route receive too. Here the owner and the effects are separate: one rule decides, all rules that
hold add their effects, and the deeper route is a rule written above the wider one.

The labels became facts: owner is the category, env the channel (sms for testing, email for
production), level=critical the urgency « immédiate », group_by=role and wait=long are words.
"""

from __future__ import annotations

import pytest
from rules_town import Town

ROUTES = """
- id: essai
  si: {categorie: voirie, canal: sms}
  sauf: [{urgence: immediate}, {contient: [faux*]}]
  alors: {responsable: routes, etiquettes: [groupe-entier]}
- id: production-1
  si: {categorie: voirie, canal: email}
  sauf: {urgence: immediate}
  alors: {responsable: astreinte, informer: [guichet], delai: 1 jour}
- id: production-2
  si: {categorie: voirie, canal: [email, courrier]}
  sauf: {urgence: immediate}
  alors: {responsable: eclairage-m, informer: [mairie-nantes], etiquettes: [metier], delai: 2 jours}
- id: equipe-a
  si: {categorie: voirie}
  sauf: {urgence: immediate}
  alors: {responsable: voirie-m, etiquettes: [equipe-a]}
- id: equipes-b-et-c
  si: {categorie: [bruit, eclairage]}
  alors: {responsable: astreinte, etiquettes: [lieu, objet], delai: 2 heures}
- id: role-essai-long
  si: {contient_tous: [rôle, longtemps], canal: sms}
  alors: {responsable: routes, delai: 2 jours}
- id: role-essai
  si: {contient: [rôle], canal: sms}
  alors: {responsable: routes}
- id: role
  si: {contient: [rôle]}
  alors: {etiquettes: [role]}
"""
NORMAL = "urgence: normale"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(
            f"{{categorie: voirie, canal: web, {NORMAL}}}",
            "{regle: equipe-a, responsable: voirie-m, etiquettes: [equipe-a]}",
            id="owner=team-A alone stays with the parent",
        ),
        pytest.param(
            f"{{categorie: trottoir, canal: telegram, {NORMAL}}}",
            "{regle: equipe-a, responsable: voirie-m}",
            id="env=unset matches no child",
        ),
        pytest.param(
            f"{{categorie: bruit, canal: web, {NORMAL}}}",
            "{regle: equipes-b-et-c, etiquettes: [lieu, objet], delai: 2 heures}",
            id="owner=team-B",
        ),
        pytest.param(
            f"{{categorie: eclairage, canal: sms, {NORMAL}}}",
            "{regle: equipes-b-et-c, responsable: astreinte, delai: 2 heures}",
            id="owner=team-C",
        ),
        pytest.param(
            f"{{categorie: voirie, canal: sms, {NORMAL}}}",
            "{regle: essai, responsable: routes, etiquettes: [groupe-entier, equipe-a]}",
            id="env=testing goes to the child and keeps what the parent adds",
        ),
        pytest.param(
            f"{{categorie: voirie, canal: email, {NORMAL}}}",
            "{regle: production-1, responsable: astreinte, informer: [guichet, mairie-nantes],"
            " etiquettes: [metier, equipe-a], delai: 1 jour}",
            id="continue: the first owns, the second only adds its effects",
        ),
        pytest.param(
            f"{{categorie: voirie, canal: courrier, {NORMAL}}}",
            "{regle: production-2, responsable: eclairage-m, delai: 2 jours,"
            " pas_informes: [guichet]}",
            id="env=produ.* without the first",
        ),
        pytest.param(
            f"{{texte: un rôle, canal: web, {NORMAL}}}",
            "{responsable: guichet, priorite: a_defaut, etiquettes: [role]}",
            id="a route without a receiver keeps the default receiver",
        ),
        pytest.param(
            f"{{texte: un rôle, canal: sms, {NORMAL}}}",
            "{regle: role-essai, responsable: routes, etiquettes: [role]}",
            id="env=testing, group_by=role",
        ),
        pytest.param(
            f"{{texte: un rôle depuis longtemps, canal: sms, {NORMAL}}}",
            "{regle: role-essai-long, responsable: routes, etiquettes: [role], delai: 2 jours}",
            id="wait=long, the deepest",
        ),
        pytest.param(
            f"{{texte: longtemps, canal: sms, {NORMAL}}}",
            "{responsable: guichet, priorite: a_defaut}",
            id="wait=long without its parents matches nothing",
        ),
        pytest.param(
            "{categorie: voirie, canal: sms, urgence: immediate}",
            "{regle: 'competence:voirie:partout', responsable: voirie-m}",
            id="level=critical leaves the whole branch",
        ),
        pytest.param(
            "{categorie: voirie, canal: email, urgence: immediate}",
            "{priorite: competence, pas_informes: [guichet, mairie-nantes]}",
            id="level=critical leaves both children that continue",
        ),
        pytest.param(
            f"{{texte: fausse alerte, categorie: voirie, canal: sms, {NORMAL}}}",
            "{regle: essai}",
            id="a word that only resembles the excluded one",
        ),
        pytest.param(
            f"{{texte: un faux-plafond, categorie: voirie, canal: sms, {NORMAL}}}",
            "{regle: equipe-a, responsable: voirie-m}",
            id="baz=quux falls back on the parent",
        ),
        pytest.param(
            f"{{texte: rien, canal: web, {NORMAL}}}",
            "{responsable: guichet, priorite: a_defaut}",
            id="no label at all",
        ),
    ],
)
def test_a_case_finds_the_rule_of_its_route(case: str, expected: str, town: Town) -> None:
    town.rules(ROUTES)
    town.expect(case, expected)


def test_a_label_that_is_missing_is_not_taken_for_another_value(town: Town) -> None:
    """There a missing label counts as empty, so level!=critical holds; here it is unknown.

    The case goes to the competence table meanwhile, and the trace says what is not known.
    """
    town.rules(ROUTES)
    decision = town.decide("{categorie: voirie, canal: web}")
    assert decision.priority == "competence"
    assert "equipe-a" in decision.trace["unknown"]


@pytest.mark.parametrize(
    ("child", "labels"),
    [("canal: sms", ["parent"]), ("canal: email", ["parent", "enfant-2"])],
)
def test_a_child_adds_to_what_its_parent_groups_by(
    child: str, labels: list[str], town: Town
) -> None:
    """TestInheritParentGroupByAll: one child says nothing of its own, the other does."""
    town.rules("""
        - {id: enfant-1, si: {categorie: bruit, canal: sms}, alors: {responsable: routes}}
        - {id: enfant-2, si: {categorie: bruit, canal: email},
           alors: {responsable: voirie-m, etiquettes: [enfant-2]}}
        - {id: parent, si: {categorie: bruit}, alors: {etiquettes: [parent]}}
        """)
    decision = town.decide(f"{{categorie: bruit, {child}}}")
    assert sorted(decision.labels) == sorted(labels)


def test_rules_are_walked_in_the_order_of_their_lines(town: Town) -> None:
    """TestRouteWalk: every route is visited once, in order."""
    town.rules(ROUTES)
    ruleset = town.ruleset()
    assert [one.rule.id for one in ruleset.rules] == [
        *("essai", "production-1", "production-2", "equipe-a", "equipes-b-et-c"),
        *("role-essai-long", "role-essai", "role"),
    ]


def test_one_wrong_route_is_told_and_not_skipped(town: Town) -> None:
    """prometheus/alertmanager#1150: one team's typing error blocked every team in silence."""
    town.rules(ROUTES.replace("canal: sms}", "canal: smss}", 1))
    assert len(town.errors) == 1
    assert "smss → sms ?" in town.errors[0]
