"""Times what a supervisor waits for: a replay of past cases, and the save of a large file."""

from __future__ import annotations

import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from bench.mail_bag import first_text
from bench.rule_sets import words
from router.decision import Decision, Facts, Place
from router.record import DecisionRecord, recorded
from router.rule_ports import Rulebook
from rules import trials
from rules.alike import alike
from rules.checking import check
from rules.compile import RuleSet, compile_rules
from rules.decide import Brief, decide, decide_briefly
from rules.model import Configuration
from rules.replay import Replay
from understanding.territory import Territory

RULES_IN_A_FILE = 400
_DISTINCT = 5_000  # past cases that differ; the same ones come again as other cases
_MOMENT = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
_ORDER = re.compile(r"^ordre:\n(?:[ #].*\n|\n)+", re.MULTILINE)


class NotMeasured(Exception):
    """What was timed is not what the bench says it times."""


@dataclass(frozen=True, slots=True)
class _Book:
    """As much of a rule book as a replay asks for."""

    ruleset: RuleSet

    @property
    def hash(self) -> str:
        return self.ruleset.hash

    def decide(self, facts: Facts) -> Decision:
        return decide(self.ruleset, facts)

    def decide_briefly(self, facts: Facts) -> Brief:
        return decide_briefly(self.ruleset, facts)


def replay_s(base: Configuration, count: int) -> float:
    """Time the replay of past cases of the live rules through a draft that lacks one in ten."""
    geography = Territory.from_description(base.territory)
    live = _Book(compile_rules(base, geography))
    draft = _Book(compile_rules(_draft(base), geography))
    records = list(_records(live, [one.insee for one in base.territory.communes], count))
    start = time.process_time()
    same = alike(live.ruleset, draft.ruleset)
    replay = Replay(cast(Rulebook, draft), cast(Rulebook, live), same)
    replay.look(records)
    took = time.process_time() - start
    if replay.replayed != count or not replay.changes:
        raise NotMeasured(f"of {count} cases: {replay.summary()}")
    return took


def _draft(base: Configuration) -> Configuration:
    files = tuple(
        replace(file, rules=tuple(rule for at, rule in enumerate(file.rules) if at % 10 != 9))
        for file in base.files
    )
    return replace(base, files=files, digest=f"{base.digest}-draft")


def _records(live: _Book, communes: list[str], count: int) -> Iterator[DecisionRecord]:
    draw = random.Random(count)
    known = []
    for number in range(min(count, _DISTINCT)):
        place = Place(communes=(draw.choice(communes),), source="message")
        facts = Facts(_MOMENT, first_text(draw), language="fr", place=place, channel="email")
        known.append(recorded(number, number, _MOMENT, live.decide(facts), facts))
    for number in range(count):
        at = _MOMENT - timedelta(seconds=number)
        yield replace(known[number % len(known)], id=number, case_id=number, at=at)


def save_s(config: Path) -> float:
    """Time what a save does with a file of 400 rules as the only one: the check, and its 400 tests.

    Each time the file is another. The lexicon and all other files were read before, as they are
    where people edit.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "config"
        shutil.copytree(config, copy)
        shutil.rmtree(copy / "regles")
        (copy / "regles").mkdir()
        territory = copy / "territoire" / "territoire.yaml"
        territory.write_text(_ORDER.sub("", territory.read_text("utf-8")), "utf-8")
        large, rules = copy / "regles" / "large.yaml", _file()
        rounds = []
        for number in range(6):
            large.write_text(f"{rules}# {number}\n", "utf-8")
            start = time.process_time()
            checked = check(copy, Territory.from_description)
            if checked.ruleset is None:
                raise NotMeasured("\n".join(str(one) for one in checked.problems[:5]))
            results = trials.run(checked.ruleset)
            rounds.append(time.process_time() - start)
            if len(results) != RULES_IN_A_FILE or not all(one.passed for one in results):
                raise NotMeasured(f"of {len(results)} tests some fail")
    return statistics.median(rounds[1:])


def _file() -> str:
    draw = random.Random(RULES_IN_A_FILE)
    known = words(draw)
    pairs = [(first, second) for first in known for second in known if first < second]
    rules, trials = [], []
    for number, (first, second) in enumerate(draw.sample(pairs, RULES_IN_A_FILE)):
        rules.append(
            f"  - {{id: r{number}, si: {{contient_tous: [{first}, {second}]}},"
            " alors: {responsable: guichet-metropole}}"
        )
        trials.append(f"  - {{cas: {{texte: {first} et {second}}}, attendu: {{regle: r{number}}}}}")
    head = "territoire: metropole\na_defaut: guichet-metropole\nregles:\n"
    return head + "\n".join([*rules, "essais:", *trials]) + "\n"
