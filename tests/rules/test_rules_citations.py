"""A rule that cites others is refused just when it can never hold beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from rules_town import Town

from router.decision import Facts
from rules.compile import RuleSet, compile_rules
from rules.reading.folder import read
from understanding.territory import Territory

NOON = Facts(received_at=datetime(2026, 11, 24, 12, tzinfo=UTC))
CHANNELS = [replace(NOON, channel=channel) for channel in ("sms", "x", "email")]
WANTS = [
    "si: {canal: sms}",
    "si: {canal: x}",
    "si: {canal: [sms, x]}",
    "sauf: {canal: sms}",
    "si: {canal: [sms, x]}, sauf: {canal: x}",
]
CITES = ["si: {{regle: {0}}}", "si: {{regle: {0}, canal: {1}}}", "si: {{canal: {1}}}, sauf: {{regle: {0}}}",
         "si: {{regle: {0}}}, sauf: {{canal: {1}}}"]  # fmt: skip


def compiled(town: Town) -> RuleSet:
    """Compile what the check refuses, to see what it does."""
    configuration = read(town.folder).configuration
    assert configuration is not None
    return compile_rules(configuration, Territory.from_description(configuration.territory))


def told(town: Town) -> dict[str, str]:
    """List the rules that never hold, each with its sentence."""
    return {
        one.message.split(" »")[0].removeprefix("La règle « "): str(one)
        for one in town.problems
        if one.code == "contradiction"
    }


def test_a_rule_is_told_just_when_no_case_can_fulfil_it_and_what_it_cites(town: Town) -> None:
    rules, citing = [], []
    for number, (want, cite, channel) in enumerate(product(WANTS, CITES, ["sms", "x", "[sms, x]"])):
        rules.append(f"- {{id: a{number}, {want}, alors: {{urgence: haute}}}}")
        own = cite.format(f"a{number}", channel)
        rules.append(f"- {{id: b{number}, {own}, alors: {{urgence: haute}}}}")
        citing.append(f"b{number}")
    town.rules("\n".join(rules))
    ruleset = compiled(town)
    cases = [ruleset.situation(facts) for facts in CHANNELS]
    dead = {name for name in citing if not any(ruleset.by_id[name].value(one) for one in cases)}
    assert 5 < len(dead) < len(citing) / 2
    assert set(told(town)) == dead


@pytest.mark.parametrize(
    ("cited", "citing"),
    [
        ("si: {commune: Nantes}", "si: {regle: a, commune: Rezé}"),
        ("si: {categorie: bruit}", "si: {regle: a, categorie: trottoir}"),
        ("si: {contient: [banc]}", "si: {regle: a}, sauf: {contient: [banc, arbre]}"),
        ("si: {recu: {heures: 8h-12h}}", "si: {regle: a, recu: {heures: 14h-18h}}"),
        ("du: 2026-12-01, si: {canal: x}", "au: 2026-11-30, si: {regle: a}"),
        ("si: {un_de: [{canal: x}, {canal: sms}]}", "si: {regle: a, canal: email}"),
        ("si: {desordre: {min: 7}}", "si: {aucun_de: [{desordre: {min: 5}}], regle: a}"),
    ],
)
def test_any_condition_may_be_what_bars_a_rule(cited: str, citing: str, town: Town) -> None:
    town.rules(
        f"- {{id: a, {cited}, alors: {{urgence: haute}}}}\n"
        f"- {{id: b, {citing}, alors: {{urgence: haute}}}}"
    )
    assert list(told(town)) == ["b"]


@pytest.mark.parametrize(
    ("cited", "citing"),
    [
        ("si: {un_de: [{canal: x}, {canal: sms}]}", "si: {regle: a, canal: sms}"),
        ("si: {contient: [banc]}", "si: {regle: a, contient: [arbre]}"),
        ("du: 2026-12-01, si: {canal: x}", "si: {canal: x}, sauf: {regle: a}"),
        ("si: {commune: Rezé}", "si: {dans: metropole}, sauf: {regle: a}"),
        ("si: {recu: {heures: 22h-6h, au: 2026-11-30}}", "du: 2026-12-01, si: {regle: a}"),
    ],
)
def test_what_may_hold_together_is_not_told(cited: str, citing: str, town: Town) -> None:
    town.rules(
        f"- {{id: a, {cited}, alors: {{urgence: haute}}}}\n"
        f"- {{id: b, {citing}, alors: {{urgence: haute}}}}"
    )
    assert told(town) == {}


def test_files_of_two_communes_bar_each_other_by_their_territory(town: Town) -> None:
    town.rules(
        "- {id: a, si: {canal: x}, alors: {urgence: haute}}", "regles/n.yaml", territoire="Nantes"
    )
    town.rules(
        "- {id: b, si: {regle: a}, alors: {urgence: haute}}", "regles/r.yaml", territoire="Rezé"
    )
    assert told(town) == {
        "b": "regles/r.yaml:3:25: La règle « b » ne peut jamais être vraie : elle veut « territoire: "
        "Rezé », et la règle « a », dont elle dépend, veut « territoire: Nantes » (regles/n.yaml, "
        "ligne 3). Changez l'une des deux, ou ne citez plus la règle."
    }


def test_a_contradiction_behind_another_citation_names_the_rule_that_wants_it(town: Town) -> None:
    town.rules(
        "- {id: a, si: {canal: x}, alors: {urgence: haute}}\n"
        "- {id: b, si: {regle: a}, alors: {urgence: haute}}\n"
        "- {id: c, si: {regle: b, canal: sms}, alors: {urgence: haute}}\n"
        "- {id: d, si: {regle: [c, a], canal: x}, alors: {urgence: haute}}\n"
        "- {id: e, si: {regle: c}, alors: {urgence: haute}}\n"
        "- {id: f, si: {regle: b}, sauf: {regle: a}, alors: {urgence: haute}}"
    )
    found = told(town)
    assert set(found) == {"c", "f"}, "what cites a dead rule is told once that one is mended"
    assert "la règle « a », dont elle dépend, veut « canal: x »" in found["c"]
    assert "elle exclut « regle: a », et la règle « b »" in found["f"]


def test_a_rule_that_contradicts_itself_is_told_once(town: Town) -> None:
    town.rules(
        "- {id: a, si: {canal: x}, alors: {urgence: haute}}\n"
        "- {id: b, si: {regle: a, canal: sms, aucun_de: [{canal: sms}]}, alors: {urgence: haute}}"
    )
    assert len([one for one in town.problems if one.code == "contradiction"]) == 1
    assert "est à la fois voulu et exclu" in told(town)["b"]


def test_more_ways_than_anybody_follows_are_left_alone(town: Town) -> None:
    blocks = ", ".join(f"{{canal: x, desordre: {{min: {n}}}}}" for n in range(1, 10))
    town.rules(
        f"- {{id: a, si: {{un_de: [{blocks}]}}, alors: {{urgence: haute}}}}\n"
        f"- {{id: b, si: {{un_de: [{blocks}]}}, alors: {{urgence: haute}}}}\n"
        f"- {{id: c, si: {{un_de: [{blocks}]}}, alors: {{urgence: haute}}}}\n"
        "- {id: d, si: {tous: [{regle: a}, {regle: b}, {regle: c}], canal: sms}, alors: {urgence: haute}}"
    )
    assert told(town) == {}
