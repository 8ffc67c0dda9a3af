"""What is compared two by two: nothing that could meet is left out, and no folder takes for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_town import Town

from rules.lint import conflicts, twins
from rules.lint.overlap import Comparison
from rules.lint.pairs import Subject

CONDITIONS = (
    "contient: [banc]",
    "contient: [banc, arbre]",
    'contient: ["banc*"]',
    "contient_tous: [banc, [arbre, haie]]",
    "contient: [{proche: [banc, arbre], mots: 3}]",
    "categorie: voirie",
    "categorie: trottoir",
    "sur: peripherique",
    "canal: sms",
    "canal: [sms, email]",
    "langue: en",
    "rue: rue de la Paix",
    "commune: Nantes",
    'code_postal: ["44000"]',
    "confirmations: {min: 10}",
    "recu: {heures: 22h-6h}",
    "un_de: [{contient: [banc]}, {canal: sms}]",
    "aucun_de: [{canal: sms}]",
)
rule = st.tuples(
    st.lists(
        st.sampled_from(CONDITIONS), min_size=1, max_size=2, unique_by=lambda c: c.split(":")[0]
    ),
    st.sampled_from(("routes", "voirie-m", "mairie-du-lieu")),
    st.sampled_from(("regles/a.yaml", "regles/b.yaml")),
)


def everyone(subjects: Sequence[Subject], _: Comparison) -> Iterator[tuple[Subject, Subject]]:
    yield from combinations(subjects, 2)


def written(town: Town, rules: Sequence[tuple[Sequence[str], str, str]]) -> Town:
    for path in ("regles/a.yaml", "regles/b.yaml"):
        own = [
            f"- {{id: r{number}, si: {{{', '.join(si)}}}, alors: {{responsable: {owner}}}}}"
            for number, (si, owner, where) in enumerate(rules)
            if where == path
        ]
        if own:
            town.rules("\n".join(own), path)
    return town


@settings(max_examples=60, deadline=None)  # the lexicon is read at the first
@given(st.lists(rule, min_size=2, max_size=6))
def test_what_is_not_compared_could_not_have_met(
    rules: list[tuple[list[str], str, str]],
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        town = written(Town(Path(folder)), rules)
        told = town.problems
        patch.setattr(conflicts, "Pairs", everyone)
        assert told == town.problems


def alike(count: int, owners: Sequence[str]) -> list[tuple[list[str], str, str]]:
    return [
        (["contient: [banc]"], owners[number % len(owners)], f"regles/{'ab'[number % 2]}.yaml")
        for number in range(count)
    ]


def test_a_thousand_rules_on_one_word_are_told_in_part_and_so_is_that(town: Town) -> None:
    written(town, alike(1000, ("routes", "voirie-m")))
    conflicts_told = [one for one in town.problems if one.code == "conflit"]
    assert len(conflicts_told) == conflicts.MOST_TOLD
    [stopped] = [one for one in town.problems if one.code == "conflits-non-cherches"]
    assert str(stopped).startswith("regles/a.yaml:")
    assert stopped.severity == "warning"


def test_rules_of_one_owner_are_compared_only_with_those_that_promise(town: Town) -> None:
    written(town, alike(2000, ("routes",)))
    told = [one.code for one in town.problems]
    assert set(told) == {"regle-sans-essai", "territoires-troues", "jamais-gagnante"}
    assert told.count("jamais-gagnante") == twins.MOST_TOLD


@pytest.mark.parametrize(
    ("above", "below", "lost"),
    [
        ("responsable: routes", "responsable: routes, delai: 2 jours", ["delai"]),
        ("responsable: routes, delai: 1 jour", "responsable: routes, delai: 2 jours", ["delai"]),
        (
            "responsable: routes",
            "responsable: routes, repondre: merci, transmettre_par: email",
            ["repondre", "transmettre_par"],
        ),
        ("responsable: routes", "responsable: routes, informer: [astreinte]", None),
        ("responsable: routes", "responsable: routes", None),
        ("repartir: [{part: a, responsable: routes}]", "responsable: voirie-m", []),
    ],
)
def test_what_a_rule_that_never_wins_promises_in_vain_is_told(
    above: str, below: str, lost: list[str] | None, town: Town
) -> None:
    town.rules(
        f"- {{id: a, si: {{contient: [banc]}}, alors: {{{above}}}}}\n"
        f"- {{id: b, si: {{contient: [banc], canal: sms}}, alors: {{{below}}}}}"
    )
    told = [one.message for one in town.problems if one.code == "jamais-gagnante"]
    assert len(told) == (0 if lost is None else 1)
    for one in told:
        assert "« a » (regles/metropole.yaml, ligne 4) passe avant elle" in one
        assert [key for key in ("delai", "repondre", "transmettre_par") if key in one] == lost


@pytest.mark.parametrize(
    ("above", "below", "told"),
    [
        ("responsable: routes", "responsable: routes", True),
        ("responsable: routes, delai: 2 jours", "responsable: routes", True),
        ("responsable: routes", "responsable: routes, urgence: haute", False),
        ("responsable: routes", "responsable: routes, etiquettes: [vert]", False),
        ("responsable: routes, urgence: haute", "responsable: routes, urgence: haute", True),
        ("responsable: routes, du: 2026-03-01", "responsable: routes", False),
    ],
)
@pytest.mark.parametrize("where", ["", "regles/z.yaml"])
def test_a_rule_that_says_again_what_another_says_is_told(
    above: str, below: str, told: bool, where: str, town: Town
) -> None:
    one, other = (
        f"- {{id: {name}, si: {{contient: [banc]}}, alors: {{{effects}}}}}"
        for name, effects in (("a", above), ("b", below))
    )
    if where:
        town.rules(one).rules(other, where)
    else:
        town.rules(f"{one}\n{other}")
    found = [one.message for one in town.problems if one.code == "jamais-gagnante"]
    assert ["« b » ne gagne jamais" in one for one in found] == ([True] if told else [])


@pytest.mark.parametrize(
    "si",
    ["contient: [banc], canal: sms", "contient: [banc, haie]", "contient: [banc], commune: Rezé"],
)
def test_a_rule_of_other_conditions_says_something_else(si: str, town: Town) -> None:
    rule = "- {{id: {}, si: {{{}}}, alors: {{responsable: routes}}}}\n"
    town.rules(rule.format("a", "contient: [banc]") + rule.format("b", si))
    assert [one for one in town.problems if one.code == "jamais-gagnante"] == []


def test_the_text_of_a_danger_is_sent_whoever_decides(town: Town) -> None:
    danger = "priorite: danger, si: {contient: [gaz]}, alors: {responsable: astreinte, repondre: "
    town.rules(f"- {{id: a, {danger}consigne-gaz}}}}\n- {{id: b, {danger}merci}}}}")
    assert [one for one in town.problems if one.code == "jamais-gagnante"] == []
