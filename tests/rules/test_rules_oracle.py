"""The engine and the naive oracle give the same decision and the same trace, whatever the rules.

Hypothesis draws rule sets with some forty cases each, and makes a failing one small. With
``GUICHET_ORACLE_CASES=1000000`` so many cases are made from seeds instead, which is quicker.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from oracle_cases import Seeded, Writer, rules_and_facts
from oracle_town import Bench

from router.decision import Facts
from rules.compile import RuleSet
from rules.decide import decide
from rules.oracle import naive

DRAWN = 20_000
SEEDED = int(os.environ.get("GUICHET_ORACLE_CASES", "500"))
FIRST_SEED = int(os.environ.get("GUICHET_ORACLE_FIRST_SEED", "0"))
"""Where the seeds begin, so that several cores can share a long run."""
FACTS_FOR_EACH = 100


def _agree(ruleset: RuleSet, files: dict[str, str], case: Facts) -> None:
    fast, slow = decide(ruleset, case), naive.decide(ruleset, case)
    assert fast == slow, _difference(fast, slow, files, case)
    assert decide(ruleset, case, traced=False) == replace(slow, trace={}), (files, case)


def _difference(fast: Any, slow: Any, files: dict[str, str], case: Facts) -> str:
    named = [
        f"{name}: {getattr(fast, name)!r} / {getattr(slow, name)!r}"
        for name in fast.__dataclass_fields__
        if name != "trace" and getattr(fast, name) != getattr(slow, name)
    ]
    named += [
        f"trace {key}: {fast.trace[key]!r} / {slow.trace[key]!r}"
        for key in fast.trace
        if fast.trace[key] != slow.trace[key]
    ]
    return "\n".join([*named, *files.values(), repr(case)])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("oracle"))


def test_the_engine_decides_as_the_oracle_does(bench: Bench) -> None:
    compared = 0

    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(rules_and_facts())
    def agree(drawn: tuple[dict[str, str], str, list[Facts]]) -> None:
        nonlocal compared
        files, absences, cases = drawn
        ruleset = bench.ruleset(files, absences)
        assume(ruleset is not None)
        assert ruleset is not None
        for case in cases:
            _agree(ruleset, {**files, "absences": absences}, case)
        compared += len(cases)

    while compared < DRAWN:
        agree()


def test_it_does_so_for_as_many_seeded_cases_as_are_asked_for(bench: Bench) -> None:
    compared, seed = 0, FIRST_SEED
    while compared < SEEDED:
        writer = Writer(Seeded(seed))
        files, absences = writer.files(), writer.absences()
        ruleset = bench.ruleset(files, absences)
        for _ in range(FACTS_FOR_EACH if ruleset else 0):
            assert ruleset is not None
            _agree(ruleset, {**files, "absences": absences}, writer.facts())
            compared += 1
        seed += 1
