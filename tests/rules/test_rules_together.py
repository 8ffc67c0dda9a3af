"""Conditions that hold two by two but never all together are told, just where that is sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest
from rules_town import Town

from router.decision import Facts, Nature, Place, Point, Urgency
from rules.compile import RuleSet
from rules.dnf import Literal
from rules.lint.overlap import Comparison
from rules.lint.together import Together

NOW = Facts(datetime(2026, 11, 24, 12, tzinfo=UTC))


def having(field: str, *values: object) -> list[Facts]:
    return [replace(NOW, **{field: value}) for value in (None, *values)]


PLACES = [
    *(Place(communes=communes) for communes in (("44109",), ("44143",), ("44114", "44143"), ())),
    *(Place(point=Point(47.22, lon, 1.0)) for lon in (-1.58, -1.55, -1.52, -1.65)),
]
TEXTS = ["", "banc", "lampe", "bancs", "banc lampe", "banc public", "bancs publics", "lampes bancs"]
CASES = {
    "canal": (["sms", "x", "[sms, x]", "[sms, email]", "[x, email]"],
              having("channel", "sms", "x", "email", "web")),
    "langue": (["fr", "en", "[fr, en]", "[fr, ar]", "[en, ar]"],
               having("language", "fr", "en", "ar", "de")),
    "urgence": (["basse", "normale", "[haute, immediate]", "[basse, haute]"],
                having("urgency", *Urgency)),
    "nature": (["idee", "question", "[idee, question]", "[idee, recours]", "[question, recours]"],
               having("nature", *Nature)),
    "categorie": (["voirie", "trottoir", "[trottoir, bruit]", "[bruit, eclairage]",
                   "[trottoir, eclairage]"],
                  having("category", "voirie", "trottoir", "bruit", "eclairage")),
    "desordre": (["{max: 3}", "{min: 4}", "[3, 7]", "{min: 7}", "{max: 6}"],
                 having("annoyance", *range(1, 11))),
    "piece_jointe": (["oui", "non"], having("attachment", True, False)),
    "expediteur": (["elu", "association", "[elu, association]", "[elu, agent]"],
                   having("sender_kinds", *[kinds for size in (1, 2, 3) for kinds in
                                            combinations(("elu", "association", "agent", "citoyen"), size)])),
}  # fmt: skip
SURE = {
    "dans": (["Nantes", "bellevue", "[Nantes, Rezé]", "[Rezé, Orvault]", "[bellevue, Orvault]",
              "[centre, Rezé]", "metropole"], having("place", *PLACES)[1:]),
    "contient": (["banc", "lampe", "[banc, lampe]", "=banc", "[=banc, lampe]", "banc public"],
                 having("text", *TEXTS)[1:]),
}  # fmt: skip


def terms(town: Town, key: str, values: list[str]) -> tuple[RuleSet, list[tuple[Literal, ...]]]:
    """Write every alternative of two or three of these conditions, each wanted or excluded."""
    town.rules(
        "\n".join(
            f"- {{id: r{at}, si: {{{key}: {value}}}, alors: {{urgence: haute}}}}"
            for at, value in enumerate(values)
        )
    )
    ruleset = town.ruleset()
    own = [
        Literal(one.terms[0][0].condition, wanted)
        for one in ruleset.rules
        for wanted in (True, False)
    ]
    return ruleset, [term for size in (2, 3) for term in combinations(own, size)]


def holds(ruleset: RuleSet, term: tuple[Literal, ...], facts: Facts) -> bool:
    case = ruleset.situation(facts)
    ruleset.categorise(case)
    return all(literal.condition.value(case) is literal.positive for literal in term)


@pytest.mark.parametrize("key", CASES)
def test_what_cannot_hold_together_is_told_and_nothing_else(key: str, town: Town) -> None:
    values, cases = CASES[key]
    ruleset, every = terms(town, key, values)
    compare = Comparison.of(ruleset)
    together = Together(compare)
    several = 0
    for term in every:
        told = together.clash(term)
        assert (told or compare.clash(term) or ()) != () or any(
            holds(ruleset, term, facts) for facts in cases
        ), f"{term} can never hold"
        if told:
            assert set(map(id, told)) <= set(map(id, term))
            assert not any(holds(ruleset, tuple(told), facts) for facts in cases), f"{told} can"
            several += compare.clash(term) is None
    assert several, "the law would say nothing"


@pytest.mark.parametrize("key", SURE)
def test_what_is_told_of_places_and_words_never_holds(key: str, town: Town) -> None:
    values, cases = SURE[key]
    ruleset, every = terms(town, key, values)
    compare = Comparison.of(ruleset)
    told = [(term, found) for term in every if (found := Together(compare).clash(term))]
    assert not any(holds(ruleset, tuple(own), facts) for _, own in told for facts in cases)
    assert any(compare.clash(term) is None for term, _ in told), "the law would say nothing"


@pytest.mark.parametrize(
    "rule",
    [
        "si: {commune: [Nantes, Rezé], tous: [{dans: [Rezé, Orvault]}, {dans: [Nantes, Orvault]}]}",
        "si: {contient: [banc, lampe]}, sauf: [{contient: bancs}, {contient: [lampe, lampadaire]}]",
        "si: {canal: [sms, email]}, sauf: [{canal: sms}, {canal: email}]",
        "si: {categorie: [trottoir, bruit]}, sauf: [{categorie: voirie}, {categorie: bruit}]",
        "si: {expediteur: [elu, association]}, sauf: [{expediteur: elu}, {expediteur: association}]",
        "si: {contient: [banc]}, sauf: [{piece_jointe: oui}, {piece_jointe: non}]",
        "si: {desordre: {min: 3, max: 8}}, sauf: [{desordre: {max: 5}}, {desordre: {min: 6}}]",
    ],
)
def test_a_rule_that_three_conditions_close_is_refused(rule: str, town: Town) -> None:
    town.rules(f"- {{id: a, {rule}, alors: {{urgence: haute}}}}")
    [error] = town.errors
    assert "La règle « a » ne peut jamais être vraie : " in error
    assert "se contredisent. Enlevez l'une d" in error


def test_conditions_are_looked_at_with_those_of_the_rule_that_is_cited(town: Town) -> None:
    town.rules("""
        - {id: a, si: {canal: [sms, email]}, sauf: {canal: sms}, alors: {urgence: haute}}
        - {id: b, si: {regle: a, canal: [sms, x]}, alors: {urgence: haute}}
        - {id: c, si: {regle: a, canal: [email, x]}, alors: {urgence: haute}}
    """)
    [error] = town.errors
    assert "La règle « b » ne peut jamais être vraie : elle veut « canal: [sms, x] »" in error
    assert "et la règle « a », dont elle dépend, exclut « canal: sms »" in error


@pytest.mark.parametrize(
    "rule",
    [
        "si: {commune: [Nantes, Rezé], tous: [{dans: [Nantes, Orvault]}, {dans: metropole}]}",
        "si: {contient: [banc, lampe]}, sauf: [{contient: =banc}, {contient: lampe}]",
        "si: {contient_tous: [banc, lampe]}, sauf: [{contient_tous: [banc, pied]}]",
        "si: {canal: [sms, email, x]}, sauf: [{canal: sms}, {canal: email}]",
        "sauf: [{canal: sms}, {canal: email}]",
        "si: {contient: [banc]}, sauf: {expediteur: [elu, citoyen]}",
    ],
)
def test_a_rule_that_something_is_left_for_is_none(rule: str, town: Town) -> None:
    town.rules(f"- {{id: a, {rule}, alors: {{urgence: haute}}}}")
    assert town.errors == []
