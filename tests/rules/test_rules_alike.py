"""What two versions are said to decide alike they do decide alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oracle_cases import OWNERS, SERVICES, TEXT, WORDS, Seeded, Writer
from oracle_town import Bench

from router.decision import Facts, ServiceId
from router.record import Outcome, recorded
from rules import noticed
from rules.absences import Absence
from rules.alike import alike
from rules.compile import RuleSet, compile_rules
from rules.consequences import Consequences
from rules.decide import Brief, decide, decide_briefly
from rules.model import Cell, Escalation, Ref, Role, ServiceEntry
from rules.problems import At
from rules.replay import Replay
from rules.scalars import Season, duration

PAIRS = 150
FACTS_FOR_EACH = 40
NEW_WORDS = (
    *("fontaine", "pigeon mort", "=gelé", "verg*", "{proche: [fontaine, arbre], mots: 4}"),
    *("barrière", "clôture cassée", "{proche: [verg*, gel*], mots: 3}", "poubelles"),
)
NEW_TEXT = (
    *("fontaines", "fontane", "pigeons", "morts", "gelé", "verglas", "vergla", "arbre"),
    *("barriere", "bariere", "cloture", "clotur", "cassée", "poubelle"),
)
NAMED = re.compile(r"\{id: (\w+)")
CITED = re.compile(r"regle: (\w+)")
DAYS = duration("5 jours")
ALARM = Escalation(DAYS, Ref("mairie-du-lieu", At("services.yaml")))
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


class Drafter:
    """Writes two versions of the rules, of which the second looks for words that are new to the first."""

    def __init__(self, seed: int) -> None:
        numbers = Seeded(seed)
        self.live = Writer(numbers, told=(*TEXT, *NEW_TEXT))
        self.draft = Writer(numbers, words=(*WORDS, *NEW_WORDS))

    def drafted(self, files: dict[str, str]) -> dict[str, str]:
        """Change some rules in their places, take away some that no other asks for, add others."""
        written = "".join(files.values())
        names, cited = NAMED.findall(written), set(CITED.findall(written))
        chance, some = self.draft.chance, self.draft.number(5, 30)
        stay = [name for name in names if name in cited or not chance(some)]
        return {path: self._redrawn(path, content, stay, some) for path, content in files.items()}

    def _redrawn(self, path: str, content: str, stay: list[str], some: int) -> str:
        head, _, rules = content.partition("regles:")
        lines = []
        for line in rules.splitlines()[1:]:
            name = NAMED.search(line)[1]
            if name in stay:
                before = [own for own in stay if int(own[1:]) < int(name[1:])]
                new = self.draft.rule(name, before) if self.draft.chance(some) else line
                lines.append(new.rstrip("\n"))
        if self.draft.chance(some):
            lines.append(self.draft.rule(f"new{Path(path).stem}", stay).rstrip("\n"))
        return head + "\n".join([f"regles:{'' if lines else ' []'}", *lines, ""])


def pairs(bench):
    seed = 0
    for _ in range(PAIRS):
        live = draft = None
        while live is None or draft is None:
            seed += 1
            drafter = Drafter(seed)
            files, absences = drafter.live.files(), drafter.live.absences()
            live = bench.ruleset(files, absences)
            draft = live and bench.ruleset(drafter.drafted(files), absences)
        draft = compile_rules(replace(draft.configuration, digest="draft"), live.geography)
        yield drafter.live, live, draft


@pytest.mark.parametrize("remembered", [65_536, 3])
def test_cases_that_are_surely_alike_come_out_the_same(bench, monkeypatch, remembered):
    monkeypatch.setattr(noticed, "_MEMO", remembered)
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


def shifted(writer: Writer, ruleset: RuleSet) -> RuleSet:
    """Move everything a line down; rename services, and give some roles and cells to others."""
    old = ruleset.configuration

    def service(entry: ServiceEntry) -> ServiceEntry:
        named = replace(entry.service, names={"fr": "Autre nom"}, transmit_to="autre@ville.example")
        lower = replace(entry.at, line=entry.at.line + 1)
        return replace(entry, service=named, at=lower)

    def role(one: Role) -> Role:
        if not writer.chance(20):
            return one
        others = tuple(replace(own, service=writer.pick(SERVICES)) for own in one.values)
        return replace(one, values=others)

    def cell(one: Cell) -> Cell:
        return (
            replace(one, owner=replace(one.owner, id=writer.pick(OWNERS)))
            if writer.chance(15)
            else one
        )

    configuration = replace(
        old,
        digest="shifted",
        services={name: service(one) for name, one in old.services.items()},
        roles={name: role(one) for name, one in old.roles.items()},
        cells=tuple(map(cell, old.cells)),
    )
    return compile_rules(configuration, ruleset.geography)


def test_cases_are_surely_alike_only_where_the_ground_that_moved_does_not_bear_on_them(bench):
    sure = unsure = nothing_sure = 0
    for writer, live, draft in pairs(bench):
        draft = shifted(writer, draft)
        same = alike(live, draft)
        nothing_sure += same is None
        for facts in [writer.facts() for _ in range(FACTS_FOR_EACH)] if same else ():
            if same.surely(facts):
                sure += 1
                before, after = decide(live, facts), decide(draft, facts)
                assert Outcome.of(after) == Outcome.of(before), (live.hash, facts)
                assert Consequences.of(after) == Consequences.of(before), (live.hash, facts)
            else:
                unsure += 1
    assert sure > 100, "the law would say nothing"
    assert unsure > 100, "the law would say nothing"
    assert nothing_sure < PAIRS / 2


@pytest.mark.parametrize(
    "bearing",
    [
        lambda own: replace(own, service=replace(own.service, deputy=ServiceId("routes"))),
        lambda own: replace(own, absences=(Absence(Season(), "", own.at),)),
        lambda own: replace(own, promises=replace(own.promises, replies=("merci",))),
        lambda own: replace(own, promises=replace(own.promises, delay=DAYS)),
        lambda own: replace(own, promises=replace(own.promises, transmit_by="email")),
        lambda own: replace(own, promises=replace(own.promises, escalation=ALARM)),
    ],
    ids=["deputy", "absence", "replies", "delay", "way", "alarm"],
)
def test_a_change_of_what_a_service_decides_by_or_promises_leaves_nothing_sure(bench, bearing):
    _, live, draft = next(pairs(bench))
    old = draft.configuration
    name, entry = next(reversed(old.services.items()))
    others = replace(old, services={**old.services, name: bearing(entry)})
    assert alike(live, draft) is not None
    assert alike(live, compile_rules(others, live.geography)) is None


@pytest.mark.parametrize("kind", ["services", "categories"])
def test_a_role_that_an_alarm_goes_to_and_that_moved_leaves_nothing_sure(bench, kind):
    _, live, _ = next(pairs(bench))

    def promised(configuration):
        own = getattr(configuration, kind)
        name, entry = next(iter(own.items()))
        entry = replace(entry, promises=replace(entry.promises, escalation=ALARM))
        return replace(configuration, **{kind: {**own, name: entry}})

    roles = dict(live.configuration.roles)
    role = roles["mairie-du-lieu"]
    others = tuple(replace(own, service=ServiceId("routes")) for own in role.values)
    moved = {**roles, "mairie-du-lieu": replace(role, values=others)}
    one = compile_rules(promised(live.configuration), live.geography)
    other = compile_rules(promised(replace(live.configuration, roles=moved)), live.geography)
    assert alike(one, other) is None


def test_categories_in_another_order_leave_nothing_sure(bench):
    _, live, draft = next(pairs(bench))
    turned = dict(reversed(draft.configuration.categories.items()))
    others = replace(draft.configuration, categories=turned)
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
