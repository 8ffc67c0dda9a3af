"""The engine and the naive oracle give the same decision and the same trace, whatever the rules.

Twenty thousand distinct cases are made from seeds at every run, or as many as
``GUICHET_ORACLE_CASES=1000000`` says. Hypothesis draws some thousands beside, and makes a failing one
small; in CI it draws the same each time, so that drawing longer would compare nothing new.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from oracle_cases import Seeded, Writer, rules_and_facts
from oracle_town import Bench

from router.decision import Facts, Reached, Urgency
from rules.compile import RuleSet
from rules.decide import decide
from rules.oracle import naive

SEEDED = int(os.environ.get("GUICHET_ORACLE_CASES", "20000"))
CHUNKS = 4
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


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=rules_and_facts())
def test_the_engine_decides_as_the_oracle_does(
    bench: Bench, drawn: tuple[dict[str, str], str, list[Facts]]
) -> None:
    files, absences, cases = drawn
    ruleset = bench.ruleset(files, absences)
    assume(ruleset is not None)
    assert ruleset is not None
    for case in cases:
        _agree(ruleset, {**files, "absences": absences}, case)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_it_does_so_for_as_many_distinct_seeded_cases_as_are_asked_for(
    bench: Bench, chunk: int
) -> None:
    compared, seed = 0, FIRST_SEED + chunk
    while compared < SEEDED / CHUNKS:
        writer = Writer(Seeded(seed))
        files, absences = writer.files(), writer.absences()
        ruleset = bench.ruleset(files, absences)
        if ruleset is not None:
            cases = {repr(case): case for case in (writer.facts() for _ in range(FACTS_FOR_EACH))}
            for case in cases.values():
                _agree(ruleset, {**files, "absences": absences}, case)
            compared += len(cases)
        seed += CHUNKS


WRONG = {
    "reached": ("rules.decide._reached", lambda *_: Reached()),
    "escalation": ("rules.decide._escalation", lambda *_: None),
    "lead": ("rules.decide._lead", lambda *_: None),
    "notify": ("rules.decide._resolved", lambda *_: ((), [])),
    "winners": ("rules.trace._winners", lambda _: []),
    "promises": ("rules.trace._promised", lambda _: {}),
    "flags": ("rules.trace._flags", lambda *_: []),
    "clock": ("rules.trace.clock_of", lambda *_: ""),
    "misses": ("rules.misses.Misses.tell", lambda *_: []),
    "words": ("rules.trace._words", lambda _: []),
    "owner": ("rules.effects._named", lambda _: None),
    "urgency": ("rules.settle.Settled.urgency", Urgency.NORMAL),
}
"""Parts of the engine, each made to answer wrongly, so that it is seen that the oracle has its own."""


@pytest.mark.parametrize("part", WRONG)
def test_an_engine_that_answers_wrongly_is_seen(
    bench: Bench, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*WRONG[part])
    for seed in range(40):
        writer = Writer(Seeded(seed))
        ruleset = bench.ruleset(writer.files(), writer.absences())
        for case in (writer.facts() for _ in range(20)) if ruleset is not None else ():
            if decide(ruleset, case) != naive.decide(ruleset, case):
                return
    pytest.fail(f"nothing tells that the engine is wrong about: {part}")
