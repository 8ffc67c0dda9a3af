"""Rules that nearly held, told nearest first to a person who asks why none of them did."""

from __future__ import annotations

import pytest
from rules_town import Town

from router.decision import Facts
from rules.compile import RuleSet
from rules.nearness import near_ones, nearest

RULES = """
- {id: gaz, priorite: danger, si: {contient: [gaz], categorie: trottoir},
   alors: {responsable: astreinte}}
- {id: rats, priorite: danger, si: {contient_tous: [rat, [mord, mordu]]},
   alors: {responsable: astreinte}}
- {id: fete, priorite: exception, si: {contient: [fanfare], categorie: bruit},
   alors: {responsable: routes}}
- {id: par-sms, si: {canal: sms, expediteur: elu}, alors: {responsable: routes}}
- {id: nuit, si: {contient_tous: [trottoir, [verglas, neige], [nuit, soir]]},
   alors: {responsable: routes}}
- {id: photo, si: {categorie: trottoir, piece_jointe: oui}, alors: {urgence: haute}}
- {id: glace, si: {contient_tous: [trottoir, [verglas, neige]]}, alors: {responsable: routes}}
- {id: ailleurs, si: {contient: [trottoir], commune: Rezé}, alors: {responsable: routes}}
"""
CASE = "{texte: Le trottoir est sale, commune: Nantes, canal: web, piece_jointe: non, expediteur: citoyen}"


def tried(town: Town, case: str) -> tuple[RuleSet, Facts]:
    """Compile the rules, and read a case as a test writes it."""
    town.trial(case)
    ruleset = town.ruleset()
    [trial] = [trial for file in ruleset.configuration.files for trial in file.trials]
    return ruleset, trial.facts


def near(town: Town, case: str = CASE) -> list[str]:
    ruleset, facts = tried(town, case)
    found = [str(one["rule"]) for one in nearest(ruleset, facts)]
    told = [{"rule": one.rule.id} for one in ruleset.rules if one.rule.id in found]
    assert [one["rule"] for one in near_ones(ruleset, facts, told)] == found
    return found


def test_what_lacks_least_comes_first_and_what_is_of_the_category_before_others(
    town: Town,
) -> None:
    assert near(town.rules(RULES)) == ["photo", "glace", "nuit", "ailleurs"]


def test_a_rule_that_lacks_its_words_comes_after_those_whose_words_were_found(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [verglas], categorie: trottoir}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [sale], canal: sms}, alors: {responsable: routes}}"
    )
    assert near(town) == ["b", "a"]


def test_a_rule_of_another_place_is_near_only_if_nothing_but_the_place_is_lacking(
    town: Town,
) -> None:
    town.rules(
        "- {id: a, si: {contient: [sale], commune: Rezé}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [sale], commune: Rezé, canal: sms}, alors: {urgence: haute}}"
    )
    assert near(town) == ["a"]


def test_a_danger_is_near_only_by_its_words(town: Town) -> None:
    town.rules(RULES)
    assert "rats" in near(town, CASE.replace("sale", "plein de rats"))
    assert "gaz" not in near(town, CASE.replace("sale", "plein de rats"))


def test_a_danger_that_lacks_two_things_is_not_near(town: Town) -> None:
    danger = "- {id: d, priorite: danger, si: {contient_tous: [rat, mord, [enfant, bébé]]}, alors: {responsable: astreinte}}"
    town.rules(danger)
    assert near(town, "{texte: un rat}") == []
    assert near(town, "{texte: un rat qui mord}") == ["d"]


def test_rules_of_another_place_come_last_and_only_by_their_words(town: Town) -> None:
    town.rules("- {id: a, si: {contient_tous: [banc, cassé, bleu]}, alors: {responsable: routes}}")
    own = "- {id: b, si: {contient: [banc]}, alors: {responsable: mairie-reze}}"
    own += "\n- {id: c, si: {categorie: trottoir, canal: sms}, alors: {responsable: mairie-reze}}"
    town.rules(own, "regles/reze.yaml", territoire="Rezé")
    case = "{texte: un banc, commune: Nantes, categorie: trottoir, canal: web}"
    assert near(town, case) == ["a", "b"]  # c has nothing but its category
    assert near(town, case.replace("Nantes", "Rezé")) == ["c", "a"]


def test_ten_are_enough(town: Town) -> None:
    one = "- {{id: r{:02}, si: {{contient: [banc], canal: sms}}, alors: {{responsable: routes}}}}\n"
    town.rules("".join(one.format(number) for number in range(15)))
    found = near(town, "{texte: un banc, commune: Nantes, canal: web}")
    assert found == [f"r{number:02}" for number in range(10)]


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("{regle: fete}", "Au plus près : fete : le message n'a aucun mot de : fanfare."),
        ("{responsable: routes}", "Au plus près : photo : la demande n'a pas de pièce jointe."),
    ],
)
def test_a_test_that_fails_tells_of_the_rule_that_it_expected_or_of_the_nearest(
    expected: str, told: str, town: Town
) -> None:
    result = town.rules(RULES).trial(CASE, expected)
    assert not result.passed
    assert result.why.endswith(told)


def test_a_test_that_fails_and_has_nothing_near_tells_only_what_came_out(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: routes}}")
    result = town.trial("{texte: bonjour, commune: Nantes}", "{responsable: routes}")
    assert result.why == result.decision.sentence


def test_a_rule_that_is_gone_is_told_last(town: Town) -> None:
    ruleset, facts = tried(town.rules(RULES), CASE)
    told = [{"rule": "partie"}, {"rule": "gaz"}, {"rule": "nuit"}, {"rule": "glace"}]
    found = [one["rule"] for one in near_ones(ruleset, facts, told)]
    assert found == ["glace", "nuit", "partie"]
