"""What two versions are said to decide alike they do decide alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from oracle_cases import Seeded, Writer
from oracle_town import Bench

from router.decision import Facts
from router.record import Outcome, recorded
from rules.alike import alike
from rules.compile import RuleSet, compile_rules
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.consequences import Consequences
from rules.decide import Brief, decide, decide_briefly
from rules.model import Configuration, Rule
from rules.replay import Replay

PAIRS = 60
FACTS_FOR_EACH = 40
NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("alike"))


@dataclass(frozen=True)
class Book:
    ruleset: RuleSet

    @property
    def hash(self) -> str:
        return self.ruleset.hash

    def decide_briefly(self, facts: Facts) -> Brief:
        return decide_briefly(self.ruleset, facts)


def cited(rule: Rule) -> set[str]:
    asked = (one for one in leaves((*rule.when, *rule.unless)) if isinstance(one, RuleHolds))
    return {name for one in asked for name in one.rules}


def drafted(writer: Writer, ruleset: RuleSet) -> RuleSet:
    """Take away some rules that no other asks for, and give some the effects of others."""
    old: Configuration = ruleset.configuration
    rules = [rule for file in old.files for rule in file.rules]
    needed = {name for rule in rules for name in cited(rule)}

    def changed(rule: Rule) -> Rule | None:
        if writer.chance(10) and rule.id not in needed:
            return None
        if writer.chance(15):
            return replace(rule, effects=writer.pick(rules).effects)
        if writer.chance(10):
            return replace(rule, when=writer.pick(rules).when) if not needed else rule
        return rule

    files = tuple(
        replace(file, rules=tuple(own for rule in file.rules if (own := changed(rule))))
        for file in old.files
    )
    return compile_rules(replace(old, files=files, digest="draft"), ruleset.geography)


def pairs(bench):
    seed = 0
    for _ in range(PAIRS):
        ruleset = None
        while ruleset is None:
            seed += 1
            writer = Writer(Seeded(seed))
            ruleset = bench.ruleset(writer.files(), writer.absences())
        yield writer, ruleset, drafted(writer, ruleset)


def test_cases_that_are_surely_alike_come_out_the_same(bench):
    sure = unsure = 0
    for writer, live, draft in pairs(bench):
        same = alike(live, draft)
        assert same is not None
        for _ in range(FACTS_FOR_EACH):
            facts = writer.facts()
            if same.surely(facts):
                sure += 1
                before, after = decide(live, facts), decide(draft, facts)
                assert Outcome.of(after) == Outcome.of(before), (live.hash, facts)
                assert Consequences.of(after) == Consequences.of(before), (live.hash, facts)
            else:
                unsure += 1
    assert sure > 100, "the law would say nothing"
    assert unsure > 100, "the law would say nothing"


def test_a_replay_finds_the_same_changes_whether_or_not_it_knows_what_is_alike(bench):
    for writer, live, draft in pairs(bench):
        past = [writer.facts() for _ in range(FACTS_FOR_EACH)]
        records = [
            recorded(number, number, NOW, decide(live, facts), facts)
            for number, facts in enumerate(past)
        ]
        replays = [Replay(Book(draft), Book(live), known) for known in (None, alike(live, draft))]
        for replay in replays:
            replay.look(records)
        assert replays[0].changes == replays[1].changes
        assert replays[0].summary() == replays[1].summary()


def test_a_change_beside_the_rules_leaves_nothing_sure(bench):
    _, live, draft = next(pairs(bench))
    old = draft.configuration
    name, entry = next(iter(old.services.items()))
    others = replace(old, services={**old.services, name: replace(entry, at=old.files[0].at)})
    assert alike(live, draft) is not None
    assert alike(live, compile_rules(others, live.geography)) is None


def test_rules_in_another_order_leave_nothing_sure(bench):
    for _, live, _ in pairs(bench):
        old = live.configuration
        turned = compile_rules(
            replace(old, files=tuple(reversed(old.files)), digest="turned"), live.geography
        )
        if [one.rule.id for one in turned.rules] != [one.rule.id for one in live.rules]:
            assert alike(live, turned) is None
            return
    pytest.fail("no pair whose order the files decide")
