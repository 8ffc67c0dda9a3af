"""The engine and the naive oracle give the same decision and the same trace, whatever the rules.

Hypothesis draws rule sets with some forty cases each, and makes a failing one small. With
``GUICHET_ORACLE_CASES=1000000`` so many cases are made from seeds instead, which is quicker.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from oracle_cases import Seeded, Writer, rules_and_facts
from rules_town import Town

from router.decision import Facts
from rules import naive
from rules.compile import RuleSet, compile_rules
from rules.decide import decide
from rules.dnf import TooManyTerms, terms
from rules.model import Configuration
from rules.names import Names
from rules.problems import Problems
from rules.read_rules import RuleFileReader, Sheet, head, rule_ids
from rules.reading import _Reader
from rules.yaml_tree import read_tree
from understanding.territory import Territory

DRAWN = 20_000
SEEDED = int(os.environ.get("GUICHET_ORACLE_CASES", "500"))
FIRST_SEED = int(os.environ.get("GUICHET_ORACLE_FIRST_SEED", "0"))
"""Where the seeds begin, so that several cores can share a long run."""
FACTS_FOR_EACH = 100
ROLE = "  social-du-lieu: {bellevue: paix-nantes, centre: mairie-nantes, Rezé: mairie-reze}\n"


class Bench:
    """Compiles generated rules over one town without reading it again."""

    def __init__(self, folder: Path) -> None:
        town = Town(folder)
        path = folder / "services.yaml"
        path.write_text(path.read_text(encoding="utf-8") + ROLE, encoding="utf-8")
        reader = _Reader(town.folder, Problems())
        configuration = reader.read()
        assert configuration is not None
        self.configuration: Configuration = configuration
        self.names: Names = reader.names
        self.geography = Territory.from_description(configuration.territory)

    def ruleset(self, files: dict[str, str]) -> RuleSet | None:
        problems = Problems()
        sheets = []
        for path, content in files.items():
            tree = read_tree(content.encode(), path, problems)
            assert tree is not None, content
            fields = head(path, tree, "regles", problems)
            sheets.append(Sheet(path, fields.language, fields))
        self.names.rules = rule_ids(sheets, problems)
        self.names.problems = problems
        read = tuple(RuleFileReader(sheet, self.names, problems).read() for sheet in sheets)
        assert not problems.errors, [str(one) for one in problems.found]
        try:
            for file in read:
                for rule in file.rules:
                    terms(rule)
        except TooManyTerms:
            return None
        return compile_rules(replace(self.configuration, files=read), self.geography)


def _agree(ruleset: RuleSet, files: dict[str, str], case: Facts) -> None:
    fast, slow = decide(ruleset, case), naive.decide(ruleset, case)
    assert fast == slow, _difference(fast, slow, files, case)


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
    def agree(drawn: tuple[dict[str, str], list[Facts]]) -> None:
        nonlocal compared
        files, cases = drawn
        ruleset = bench.ruleset(files)
        assume(ruleset is not None)
        assert ruleset is not None
        for case in cases:
            _agree(ruleset, files, case)
        compared += len(cases)

    while compared < DRAWN:
        agree()


def test_it_does_so_for_as_many_seeded_cases_as_are_asked_for(bench: Bench) -> None:
    compared, seed = 0, FIRST_SEED
    while compared < SEEDED:
        writer = Writer(Seeded(seed))
        files = writer.files()
        ruleset = bench.ruleset(files)
        for _ in range(FACTS_FOR_EACH if ruleset else 0):
            assert ruleset is not None
            _agree(ruleset, files, writer.facts())
            compared += 1
        seed += 1
