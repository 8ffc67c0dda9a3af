"""The bench of rules measures what it says: the same owners everywhere, and every figure there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import rules as bench
from bench.rule_history import replay_s, save_s
from bench.rule_peers import PEERS, asked
from bench.rule_sets import CASES, LENGTH, TOLD, generate, with_communes
from rules.checking import load
from rules.decide import decide
from understanding.territory import Territory

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def base():
    return load(CONFIG, Territory.from_description).configuration


@pytest.fixture(scope="module")
def generated(base):
    return generate(base, Territory.from_description(base.territory), 2_000)


def test_texts_are_as_long_as_promised_and_hold_the_words_of_rules(generated):
    assert len(generated.cases) == CASES
    for facts in generated.cases:
        assert LENGTH - 1 <= len(facts.text) < LENGTH + 10
        assert len(asked(generated, facts).words) >= TOLD


@pytest.mark.parametrize("name", PEERS)
def test_all_engines_name_the_same_owners(generated, name):
    bench.check_owners(generated, name, PEERS[name](generated))
    ids = {one.rule.id for one in generated.ruleset.rules}
    won = [decide(generated.ruleset, facts).rule in ids for facts in generated.cases[:50]]
    assert any(won)
    assert not all(won)


def test_an_engine_that_errs_is_found_out(generated):
    loop = PEERS["python-loop"](generated)
    for wrong in (lambda case: None, lambda case: (loop(case) or 0) + 1, lambda case: 0):
        with pytest.raises(bench.EnginesDiffer):
            bench.check_owners(generated, "wrong", wrong)


def test_made_up_communes_are_places_of_their_own(base):
    many = with_communes(base, 100)
    geography = Territory.from_description(many.territory)
    assert len(geography.communes()) == 100
    made = set(geography.communes()) - {one.insee for one in base.territory.communes}
    for code in made:
        assert geography.containers(code) == {code}
    big = generate(many, geography, 300, communes=100)
    bench.check_owners(big, "python-loop", PEERS["python-loop"](big))


def test_history_is_timed(base):
    assert replay_s(base, 300) > 0
    assert save_s(CONFIG) > 0


def test_json_has_every_figure(capsys, monkeypatch):
    monkeypatch.setattr(bench, "_ROUNDS", 1)
    monkeypatch.setattr(bench, "MANY_COMMUNES", 40)
    bench.main(["--json", "--largest", "1000", "--past-cases", "1000"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["us_per_decision"].keys() == {"100", "1000"}
    assert figures["us_1000_communes"].keys() == {"100", "1000"}
    assert {name: own.keys() for name, own in figures["peers"].items()} == {
        name: {"1000"} for name in PEERS
    }
    for name in ("trace_ratio", "growth", "replay_1k_s", "save_400_rules_s"):
        assert figures[name] > 0
