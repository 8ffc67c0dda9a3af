"""Decisions of generated rule sets of 100 to 100,000 rules: microseconds each, and what grows.

Run ``python -m bench.rules --json``. Rules stand in files of 24 communes over a vocabulary of 600
words; a text has about 300 characters. Every figure is processor time of this process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from router.decision import Facts, Place
from rules.checking import check, load
from rules.compile import RuleSet, compile_rules
from rules.conditions.logic import Block
from rules.conditions.place import Inside
from rules.conditions.words import Contains
from rules.decide import decide
from rules.groups import Group
from rules.model import Configuration, Effects, Ref, Rule, RuleFile
from rules.phrases import Phrase
from rules.problems import At
from understanding.territory import Territory

CONFIG = Path(__file__).parents[1] / "config"
SIZES = (100, 1_000, 10_000, 100_000)
_VOCABULARY = 600
_TEXT_WORDS = 50
_CASES = 200
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Generated:
    """A rule set of so many rules, and cases for it."""

    ruleset: RuleSet
    cases: tuple[Facts, ...]
    compile_s: float


def words(chosen: random.Random) -> list[str]:
    """Make up words that no lexicon knows, so that each is its own only form."""
    found: set[str] = set()
    while len(found) < _VOCABULARY:
        found.add("".join(chosen.choice("bdfgklmnprstvz") + chosen.choice("aiou") for _ in "1234"))
    return sorted(found)


def generate(base: Configuration, geography: Territory, count: int) -> Generated:
    """Make a rule set: each rule in the file of a commune, on one to three words of the 600."""
    chosen = random.Random(count)
    vocabulary = words(chosen)
    communes = [one.insee for one in base.territory.communes][:24]
    owners = sorted(base.services)
    files = {code: list[Rule]() for code in communes}
    for number in range(count):
        code = chosen.choice(communes)
        files[code].append(_rule(chosen, number, code, vocabulary, owners, len(files[code])))
    kept = tuple(replace(file, rules=(), trials=()) for file in base.files)
    made = tuple(
        RuleFile(f"regles/{code}.yaml", code, At(code), At(code), rules=tuple(rules))
        for code, rules in files.items()
    )
    start = time.process_time()
    ruleset = compile_rules(replace(base, files=(*kept, *made)), geography)
    compiled = time.process_time() - start
    return Generated(ruleset, _cases(chosen, vocabulary, communes), compiled)


def _rule(
    chosen: random.Random,
    number: int,
    code: str,
    vocabulary: list[str],
    owners: list[str],
    line: int,
) -> Rule:
    at = At(f"regles/{code}.yaml", line + 1)
    groups = tuple(
        Group(tuple(_phrase(word) for word in chosen.sample(vocabulary, 2)))
        for _ in range(chosen.choice((1, 2, 2)))
    )
    conditions: list[Any] = [Contains(key="contient_tous", written="", at=at, groups=groups)]
    if chosen.random() < 0.3:
        places = frozenset({code})
        conditions.append(Inside(key="commune", written=code, at=at, territories=places))
    owner = Ref(chosen.choice(owners), at)
    return Rule(
        f"r{number}", at, code, when=(Block(tuple(conditions)),), effects=Effects(owner=owner)
    )


def _phrase(word: str) -> Phrase:
    return Phrase(word, (word,), forms=(frozenset({word}),))


def _cases(chosen: random.Random, vocabulary: list[str], communes: list[str]) -> tuple[Facts, ...]:
    filler = ["bonjour", "depuis", "hier", "devant", "chez", "nous", "encore", "merci"]
    moment = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
    found = []
    for _ in range(_CASES):
        text = [chosen.choice(filler) for _ in range(_TEXT_WORDS - 4)]
        text += chosen.sample(vocabulary, 4)
        chosen.shuffle(text)
        place = Place(communes=(chosen.choice(communes),), source="message")
        found.append(
            Facts(
                received_at=moment, text=" ".join(text), language="fr", place=place, channel="sms"
            )
        )
    return tuple(found)


def microseconds(run: Callable[[Facts], object], cases: tuple[Facts, ...]) -> float:
    """Time one call a case: the best of some rounds, after one that warms the memories."""
    for case in cases:
        run(case)
    rounds = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        for case in cases:
            run(case)
        rounds.append((time.process_time() - start) / len(cases) * 1e6)
    return min(rounds)


def python_loop(generated: Generated) -> Callable[[Facts], str | None]:
    """Decide the owner as a plain loop over all rules would, in rank order."""
    rules = generated.ruleset.rules

    def run(facts: Facts) -> str | None:
        case = generated.ruleset.situation(facts)
        generated.ruleset.categorise(case)
        for one in rules:
            if one.rule.effects.owner is not None and one.value(case):
                return one.rule.effects.owner.id
        return None

    return run


def agree(generated: Generated) -> None:
    """Check that the engine and the loop name the same owners."""
    loop = python_loop(generated)
    for facts in generated.cases[:50]:
        owner = loop(facts)
        decided = decide(generated.ruleset, facts)
        assert owner is None or decided.owner == owner or decided.rule.startswith("a_defaut")


def measure(largest: int) -> dict[str, Any]:
    base = load(CONFIG, Territory.from_description).configuration
    geography = Territory.from_description(base.territory)
    figures: dict[str, Any] = {"us_per_decision": {}, "compile_s": {}}
    loops: dict[str, float] = {}
    for size in (size for size in SIZES if size <= largest):
        generated = generate(base, geography, size)
        agree(generated)
        run = generated.ruleset
        us = microseconds(lambda facts, run=run: decide(run, facts), generated.cases)  # type: ignore[misc]
        figures["us_per_decision"][str(size)] = round(us, 1)
        figures["compile_s"][str(size)] = round(generated.compile_s, 2)
        if size <= 10_000:
            loops[str(size)] = round(microseconds(python_loop(generated), generated.cases[:20]), 1)
    figures["peers"] = {"python-loop": loops}
    figures["save_config_s"] = round(_saving(), 3)
    return figures


def _saving() -> float:
    """Time parse, compile and lint of the shipped configuration, the lexicon already read."""
    rounds = []
    for _ in range(3):
        start = time.process_time()
        check(CONFIG, Territory.from_description)
        rounds.append(time.process_time() - start)
    return statistics.median(rounds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    arguments.add_argument("--largest", type=int, default=SIZES[-1], help="largest rule set")
    chosen = arguments.parse_args()
    figures = measure(chosen.largest)
    print(json.dumps(figures) if chosen.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
