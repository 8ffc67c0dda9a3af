"""What is told of near misses from memory is what is told of them the long way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_town import Bench

from router.decision import Facts, Place
from rules.compile import RuleSet
from rules.decide import decide
from rules.oracle import naive

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
WORDS = ("banc", "arbre", "verglas", "trou", "tag", "rat")
COMMUNES = ("44109", "44143", "44114")
Drawn = list[tuple[str, str, str]]
"""The words that each rule asks for, what else it asks, and its exception or season."""

word = st.sampled_from(WORDS)
group = st.lists(word, min_size=1, max_size=2, unique=True).map(lambda own: f"[{', '.join(own)}]")
asked = st.one_of(
    group.map("contient: {}".format),
    st.lists(group, min_size=2, max_size=3).map(lambda own: f"contient_tous: [{', '.join(own)}]"),
)
more = st.sampled_from(
    ("", ", commune: Rezé", ", canal: sms", ", categorie: bruit", ", un_de: [{canal: sms}]")
)
but = st.sampled_from(("", "", ", sauf: {canal: web}", ", du: 2026-01-01, au: 2026-02-01"))
rule = st.tuples(asked, more, but)
files = st.tuples(*[st.lists(rule, min_size=1, max_size=15)] * 2)
case = st.builds(
    lambda words, commune, channel: Facts(
        received_at=NOON, text=" ".join(words), place=Place(communes=commune), channel=channel
    ),
    st.lists(word, max_size=4),
    st.sampled_from([*((code,) for code in COMMUNES), COMMUNES, ()]),
    st.sampled_from(("sms", "web", None)),
)


def written(territory: str, prefix: str, rules: Drawn) -> str:
    lines = (
        f"  - {{id: {prefix}{number}, si: {{{asked}{more}}}{but}, alors: {{urgence: haute}}}}\n"
        for number, (asked, more, but) in enumerate(rules)
    )
    default = "a_defaut: guichet\n" if territory == "metropole" else ""
    return f"territoire: {territory}\n{default}regles:\n{''.join(lines)}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("misses"))


def compiled(bench: Bench, everywhere: Drawn, own: Drawn) -> RuleSet:
    found = bench.ruleset(
        {
            "regles/metropole.yaml": written("metropole", "m", everywhere),
            "regles/nantes.yaml": written("Nantes", "n", own),
        }
    )
    assert found is not None
    return found


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(files, st.lists(case, min_size=1, max_size=20))
def test_a_rule_set_tells_each_case_as_if_it_had_told_no_other(
    bench: Bench, drawn: tuple[Drawn, ...], cases: list[Facts]
) -> None:
    ruleset = compiled(bench, *drawn)
    for facts in (*cases, *cases):
        told = decide(ruleset, facts).trace["near_misses"]
        assert told == naive.decide(ruleset, facts).trace["near_misses"]
