"""Replaying past cases through a draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_town import CATEGORIES, SERVICES, Town
from test_rules_laws import facts

from router.decision import Decision, Escalation, Facts, ServiceId, Urgency
from router.record import Outcome, recorded
from rules.alike import alike
from rules.compile import RuleSet
from rules.consequences import Consequences
from rules.decide import Brief, decide, decide_briefly
from rules.differences import Kind, as_json, compared
from rules.replay import Reason, Replay

OTHERS = set(Kind) - {
    *(Kind.DANGER_LOST, Kind.WITHOUT_RULE, Kind.URGENCY_LOWERED, Kind.OWNER),
    *(Kind.URGENCY_RAISED, Kind.DANGER_FOUND),
}
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
RULES = """
- {id: gaz, priorite: danger, si: {contient: [gaz]},
   alors: {responsable: astreinte, repondre: consigne-gaz}}
- {id: banc, si: {contient: [$bancs]}, alors: {responsable: mairie-du-lieu}}
- {id: musique, si: {contient: [musique]}, alors: {urgence: haute}}
"""
OTHER = """
- {id: gaz, si: {contient: [gaz]}, alors: {responsable: routes}}
- {id: musique, si: {contient: [musique]}, alors: {responsable: routes}}
"""


@dataclass(frozen=True)
class Book:
    """As much of a rule book as a replay asks for."""

    ruleset: RuleSet

    @property
    def hash(self) -> str:
        return self.ruleset.hash

    def decide(self, facts: Facts) -> Decision:
        return decide(self.ruleset, facts)


def book(folder: Path, rules: str) -> Book:
    town = Town(folder)
    lists = {"listes": "{bancs: [banc, bancs publics]}"} if "$" in rules else {}
    return Book(town.rules(rules, **lists).ruleset())


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay")
    return book(folder / "live", RULES), book(folder / "draft", OTHER)


@dataclass(frozen=True)
class BriefBook(Book):
    def decide_briefly(self, facts: Facts) -> Brief:
        return decide_briefly(self.ruleset, facts)


@settings(max_examples=60)
@given(facts=facts)
def test_a_brief_decision_is_the_same_but_for_its_trace(books, facts):
    live, _ = books
    whole = decide(live.ruleset, facts)
    assert decide(live.ruleset, facts, traced=False) == replace(whole, trace={})
    brief = decide_briefly(live.ruleset, facts)
    assert (brief.outcome, brief.sentence) == (Outcome.of(whole), whole.sentence)
    assert brief.consequences == Consequences.of(whole)


@settings(max_examples=60)
@given(facts=facts)
def test_a_replay_comes_to_the_same_by_brief_decisions(books, facts):
    live, draft = books
    replays = [Replay(draft, live), Replay(BriefBook(draft.ruleset), BriefBook(live.ruleset))]
    for replay in replays:
        replay.look([replace(record(live, facts), ruleset="long gone")])
    assert replays[0].changes == replays[1].changes
    assert replays[0].summary() == replays[1].summary()


def record(live, facts, number=1):
    return recorded(number, number, NOW, live.decide(facts), facts)


# --- laws ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(past=st.lists(facts, max_size=5))
def test_rules_replayed_on_their_own_decisions_change_nothing(past, books):
    live, _ = books
    replay = Replay(live, live)
    replay.look(record(live, one, number) for number, one in enumerate(past))
    assert (replay.replayed, replay.changes) == (len(past), [])


@settings(max_examples=60, deadline=None)
@given(past=st.lists(facts, min_size=1, max_size=5))
def test_what_a_replay_says_is_what_the_draft_decides(past, books):
    live, draft = books
    replay = Replay(draft, live)
    replay.look(record(live, one, number) for number, one in enumerate(past))
    found = {one.case_id: one for one in replay.worst_first()}
    for number, one in enumerate(past):
        old, new = live.decide(one), draft.decide(one)
        before, after = Outcome.of(old), Outcome.of(new)
        kinds = compared(before, after, Consequences.of(old), Consequences.of(new))
        assert (number in found) is bool(kinds)
        if kinds:
            assert (found[number].before, found[number].after) == (before, after)
    assert sum(count for *_, count in replay.flows()) == replay.count(Kind.OWNER)
    ranks = [list(Kind).index(one.kinds[0]) for one in replay.worst_first()]
    assert ranks == sorted(ranks)


consequences = st.builds(
    Consequences,
    parts=st.sampled_from([(), (("clôture", "a"),)]),
    replies=st.sampled_from([(), ("merci",)]),
    notify=st.sampled_from([(), ("a",)]),
    confidential=st.booleans(),
    consult=st.sampled_from([(), ("a",)]),
    transmit_by=st.sampled_from([None, "open311"]),
    escalation=st.sampled_from([None, Escalation("2 jours", ServiceId("a"))]),
    delay=st.sampled_from([None, "5 jours"]),
    proposals=st.sampled_from([(), ("entretien",)]),
    labels=st.sampled_from([(), ("suivi",)]),
)
outcomes = st.builds(
    Outcome,
    owner=st.sampled_from([ServiceId("a"), ServiceId("b")]),
    rule=st.just("r"),
    urgency=st.sampled_from(Urgency),
    danger=st.booleans(),
    no_rule=st.booleans(),
)


@given(before=outcomes, after=outcomes, does=consequences, will_do=consequences)
def test_a_change_and_its_reverse_mirror_each_other(before, after, does, will_do):
    there = set(compared(before, after, does, will_do))
    back = set(compared(after, before, will_do, does))
    mirror = {
        Kind.DANGER_LOST: Kind.DANGER_FOUND,
        Kind.DANGER_FOUND: Kind.DANGER_LOST,
        Kind.URGENCY_LOWERED: Kind.URGENCY_RAISED,
        Kind.URGENCY_RAISED: Kind.URGENCY_LOWERED,
        **{kind: kind for kind in (Kind.OWNER, *OTHERS)},
    }
    assert {mirror[kind] for kind in there - {Kind.WITHOUT_RULE}} == back - {Kind.WITHOUT_RULE}
    assert compared(before, before, does, does) == ()
    assert bool(there & OTHERS) is (does != will_do)


# --- cases ---------------------------------------------------------------------------------------


def test_only_the_latest_decision_on_a_case_counts(books):
    live, draft = books
    newest, older = Facts(NOW, "banc"), Facts(NOW, "gaz")
    replay = Replay(draft, live)
    replay.look([record(live, newest, 7), record(live, older, 7)])
    assert (replay.cases, len(replay.changes)) == (1, 1)
    assert replay.changes[0].before.rule == "banc"


def test_a_decision_of_rules_long_gone_is_compared_with_those_of_now(books):
    live, draft = books
    old = replace(record(live, Facts(NOW, "gaz")), ruleset="long gone")
    old = replace(old, outcome=replace(old.outcome, owner=ServiceId("paix-nantes")))
    replay = Replay(draft, live)
    replay.look([old])
    assert replay.changes[0].before.owner == "astreinte"
    same = Replay(live, live)
    same.look([old])
    assert same.changes == []


def test_what_the_engine_cannot_decide_is_counted_with_its_first_case(books):
    live, _ = books

    class Broken(Book):
        def decide(self, facts):
            raise ZeroDivisionError("x")

    replay = Replay(Broken(live.ruleset), live)
    gone = replace(record(live, Facts(NOW, "gaz"), 3), facts=None)
    replay.look([record(live, Facts(NOW, "gaz"), 1), record(live, Facts(NOW, "gaz"), 2), gone])
    assert replay.missed == {Reason.ENGINE_ERROR: 2, Reason.FACTS_MISSING: 1}
    assert replay.errors == {"ZeroDivisionError: x": 1}
    assert replay.summary()["not_replayed"] == {"facts_missing": 1, "engine_error": 2}


@dataclass(frozen=True)
class Mute:
    """A brief decision whose sentence cannot be made."""

    outcome: Outcome
    consequences: Consequences

    @property
    def sentence(self) -> str:
        raise ZeroDivisionError("sentence")


@dataclass(frozen=True)
class MuteBook(Book):
    def decide_briefly(self, facts: Facts) -> Mute:
        decision = self.decide(facts)
        return Mute(Outcome.of(decision), Consequences.of(decision))


def test_a_change_whose_reason_cannot_be_told_is_counted_among_what_failed(books):
    live, draft = books
    replay = Replay(MuteBook(draft.ruleset), live)
    replay.look([record(live, Facts(NOW, "gaz"), 1)])
    assert (replay.replayed, replay.changes) == (0, [])
    assert replay.errors == {"ZeroDivisionError: sentence": 1}


FENCE = """
- {id: s, si: {contient: [clôture]},
   alors: {repartir: [{part: a, responsable: %s}, {part: b, responsable: %s}]}}
"""
GAS = "- {id: gaz, priorite: danger, si: {contient: [gaz]}, alors: {responsable: astreinte%s}}"
LAMP = "- {id: lampe, si: {contient: [lampe]}, alors: {responsable: routes%s}}"
ESCALATE = ", escalade: {apres: %d jours, vers: voirie-m}"


@pytest.mark.parametrize(
    ("old", "new", "text", "kind"),
    [
        (FENCE % ("voirie-m", "routes"), FENCE % ("routes", "voirie-m"), "clôture", Kind.PARTS),
        (GAS % ", confidentiel: oui", GAS % "", "gaz", Kind.CONFIDENTIAL),
        (GAS % ", repondre: consigne-gaz", GAS % "", "gaz", Kind.REPLIES),
        (GAS % ", informer: [mairie-nantes]", GAS % "", "gaz", Kind.NOTIFY),
        (LAMP % "", LAMP % ", consulter: [voirie-m]", "lampe", Kind.CONSULT),
        (LAMP % "", LAMP % ", transmettre_par: open311", "lampe", Kind.TRANSMIT_BY),
        (LAMP % ESCALATE % 2, LAMP % ESCALATE % 3, "lampe", Kind.ESCALATION),
        (LAMP % ", delai: 5 jours", LAMP % ", delai: 6 jours", "lampe", Kind.DELAY),
        (LAMP % "", LAMP % ", proposer: entretien", "lampe", Kind.PROPOSALS),
        (LAMP % ", etiquettes: [a, b]", LAMP % ", etiquettes: [a]", "lampe", Kind.LABELS),
    ],
)
@pytest.mark.parametrize("made", [Book, BriefBook])
def test_what_is_done_beside_naming_a_service_is_compared(tmp_path, old, new, text, kind, made):
    books = [book(tmp_path / name, rules) for name, rules in (("live", old), ("draft", new))]
    live, draft = (made(one.ruleset) for one in books)
    replay = Replay(draft, live, alike(live.ruleset, draft.ruleset))
    replay.look([record(live, Facts(NOW, text))])
    assert [one.kinds for one in replay.changes] == [(kind,)]
    told = as_json(replay.changes[0], "1")
    assert (told["kinds"], told["from"] != told["to"]) == ([kind.value], True)


@pytest.mark.parametrize(
    ("old", "new"), [("", ", etiquettes: [suivi]"), (", etiquettes: [suivi]", ", etiquettes: []")]
)
def test_a_rule_that_does_not_decide_is_compared_too(tmp_path, old, new):
    beside = "\n- {id: lampes, priorite: exception, si: {contient: [lampe]}, alors: {responsable: routes}}"
    books = [book(tmp_path / name, LAMP % what + beside) for name, what in (("a", old), ("b", new))]
    live, draft = (BriefBook(one.ruleset) for one in books)
    replay = Replay(draft, live, alike(live.ruleset, draft.ruleset))
    replay.look([record(live, Facts(NOW, "lampe"))])
    assert [one.kinds for one in replay.changes] == [(Kind.LABELS,)]


def test_another_delay_of_a_service_is_told_of_each_of_its_cases(tmp_path):
    """The rules are the same in both versions: only the service promises otherwise."""
    made = []
    for days in (5, 9):
        services = SERVICES.replace(
            "{fr: Routes nationales},", f"{{fr: Routes nationales}}, delai: {days} jours,"
        )
        town = Town(tmp_path / f"d{days}").write("services.yaml", services)
        made.append(BriefBook(town.rules(LAMP % "").ruleset()))
    live, draft = made
    replay = Replay(draft, live, alike(live.ruleset, draft.ruleset))
    replay.look([record(live, Facts(NOW, "lampe"))])
    [one] = replay.changes
    assert (one.kinds, one.does.delay, one.will_do.delay) == ((Kind.DELAY,), "5 jours", "9 jours")


def test_what_a_category_promises_is_no_change_where_a_rule_takes_nothing_from_it(tmp_path):
    """Both versions promise the category's days: only the service changes."""
    made = []
    for name, owner in (("live", "routes"), ("draft", "voirie-m")):
        town = Town(tmp_path / name).write(
            "categories.yaml",
            CATEGORIES.replace("{fr: Éclairage}", "{fr: Éclairage}, delai: 5 jours"),
        )
        rule = f"- {{id: lampe, si: {{contient: [lampadaire]}}, alors: {{responsable: {owner}}}}}"
        made.append(BriefBook(town.rules(rule).ruleset()))
    live, draft = made
    replay = Replay(draft, live, alike(live.ruleset, draft.ruleset))
    replay.look([record(live, Facts(NOW, "un lampadaire"))])
    [one] = replay.changes
    assert (one.kinds, one.does.delay, one.will_do.delay) == ((Kind.OWNER,), "5 jours", "5 jours")
