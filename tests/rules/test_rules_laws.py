"""Laws that hold for any rules and any facts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_town import Town

from router.decision import Facts, Place, Point, ServiceId
from rules.compile import RuleSet, compile_rules
from rules.decide import decide
from rules.reading.folder import read
from understanding.territory import Territory

WORDS = ["banc", "gaz", "bruit", "trottoir", "lampadaire", "pas", "de", "chaussée", "musique"]
SERVICES = ["guichet", "routes", "voirie-m", "paix-nantes", "mairie-reze", "astreinte"]
RULES = """
- {id: gaz, priorite: danger, si: {contient: [gaz]},
   alors: {responsable: astreinte, urgence: haute}}
- {id: gaz-reze, priorite: danger, si: {contient: [gaz], commune: Rezé},
   alors: {responsable: routes}}
- {id: role, si: {contient: [banc]}, alors: {responsable: mairie-du-lieu, informer: [routes]}}
- {id: sms, si: {categorie: bruit, canal: sms}, alors: {responsable: voirie-m}}
- {id: zone, si: {contient: [musique], dans: graslin}, alors: {responsable: routes}}
- {id: objet, priorite: exception, si: {categorie: voirie, sur: peripherique},
   alors: {responsable: routes}}
- {id: parts, si: {contient_tous: [banc, musique]}, alors: {repartir: [
   {part: banc, responsable: mairie-du-lieu}, {part: musique, responsable: voirie-m}]}}
- {id: autre, si: {regle: sms}, sauf: {langue: ar}, alors: {urgence: immediate}}
- {id: seuil, si: {categorie: bruit}, seuils: [{confirmations: 3, responsable: routes}]}
"""
_cache: dict[str, RuleSet] = {}


def ruleset(folder: Path) -> RuleSet:
    if "one" not in _cache:
        town = Town(folder / "laws")
        town.rules(RULES)
        town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-reze\nregles: []\n")
        _cache["one"] = town.ruleset()
    return _cache["one"]


points = st.builds(
    Point,
    lat=st.floats(47.05, 47.35),
    lon=st.floats(-1.75, -1.45),
    precision_m=st.sampled_from([1.0, 5.0, 200.0, 3000.0]),
)
places = st.builds(
    Place,
    communes=st.lists(st.sampled_from(["44109", "44143", "44114", "49007"]), max_size=2).map(tuple),
    postcode=st.sampled_from([None, None, "44800", "44400", "75001"]),
    point=st.none() | points,
)
facts = st.builds(
    Facts,
    received_at=st.integers(1_735_689_600, 1_798_761_600).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    ),
    text=st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
    language=st.sampled_from([None, "fr", "ar"]),
    category=st.sampled_from([None, None, "voirie", "bruit", "inconnue-ici"]),
    place=places,
    channel=st.sampled_from([None, "sms", "web"]),
    confirmations=st.integers(0, 5),
    refused_by=st.lists(st.sampled_from(SERVICES), max_size=4).map(
        lambda own: tuple(map(ServiceId, own))
    ),
    unavailable=st.lists(st.sampled_from(SERVICES), max_size=6).map(
        lambda own: tuple(map(ServiceId, own))
    ),
    agent_choice=st.sampled_from([None, None, ServiceId("routes")]),
)


@settings(max_examples=150, deadline=None)
@given(case=facts)
def test_every_case_has_exactly_one_known_owner(case: Facts, tmp_path_factory: object) -> None:
    rules = ruleset(_folder(tmp_path_factory))
    decision = decide(rules, case)
    assert decision.owner in rules.configuration.services
    assert len(decision.questions) <= 1
    assert decision.owner not in decision.notify
    assert all(part.owner in rules.configuration.services for part in decision.parts)
    assert not (decision.outside and decision.questions)


@settings(max_examples=60, deadline=None)
@given(case=facts)
def test_a_decision_is_a_pure_function_of_the_facts(case: Facts, tmp_path_factory: object) -> None:
    rules = ruleset(_folder(tmp_path_factory))
    assert decide(rules, case) == decide(rules, case)


@settings(max_examples=60, deadline=None)
@given(case=facts)
def test_a_service_that_refused_keeps_the_case_only_as_the_last_desk(
    case: Facts, tmp_path_factory: object
) -> None:
    rules = ruleset(_folder(tmp_path_factory))
    decision = decide(rules, replace(case, agent_choice=None))
    if decision.owner in case.refused_by:
        assert decision.owner == rules.owners.last.service


@settings(max_examples=60, deadline=None)
@given(case=facts, words=st.lists(st.sampled_from(["zèbre", "girafe"]), max_size=2))
def test_words_that_no_rule_knows_change_nothing(
    case: Facts, words: list[str], tmp_path_factory: object
) -> None:
    rules = ruleset(_folder(tmp_path_factory))
    more = replace(case, text=" ".join([*words, case.text, *words]))
    one, other = decide(rules, case), decide(rules, more)
    assert (one.owner, one.rule, one.questions) == (other.owner, other.rule, other.questions)


def test_the_order_in_which_files_are_read_changes_nothing(tmp_path: Path) -> None:
    town = Town(tmp_path / "town")
    for name, owner in (("a", "routes"), ("b", "voirie-m"), ("c", "astreinte")):
        town.rules(
            f"- {{id: {name}, si: {{contient: [banc, {name}{name}{name}{name}]}},"
            f" alors: {{responsable: {owner}}}}}",
            f"regles/{name}.yaml",
        )
    configuration = read(town.folder).configuration
    assert configuration is not None
    geography = Territory.from_description(configuration.territory)
    case = Facts(received_at=datetime(2026, 11, 22, tzinfo=UTC), text="banc aaaa cccc")
    decisions = [
        decide(
            compile_rules(
                replace(
                    configuration,
                    services=dict(reversed(configuration.services.items())),
                    roles=dict(reversed(configuration.roles.items())),
                    cells=tuple(cells),
                ),
                geography,
            ),
            case,
        )
        for cells in itertools.permutations(configuration.cells[:4])
    ]
    assert all(decision == decisions[0] for decision in decisions)
    assert decisions[0].rule == "a"


def test_the_hash_follows_every_byte_and_nothing_else(tmp_path: Path) -> None:
    one, other = Town(tmp_path / "one"), Town(tmp_path / "two")
    assert one.ruleset().hash == other.ruleset().hash
    other.rules("- {id: a, si: {canal: sms}, alors: {responsable: routes}}")
    assert one.ruleset().hash != other.ruleset().hash


def _folder(factory: object) -> Path:
    return Path(factory.mktemp("laws")) if "one" not in _cache else Path()  # type: ignore[attr-defined]


@settings(max_examples=200, deadline=None)
@given(place=places)
def test_to_suppose_a_candidate_leaves_what_is_known_of_the_place(
    place: Place, tmp_path_factory: object
) -> None:
    rules = ruleset(_folder(tmp_path_factory))
    case = rules.situation(Facts(datetime(2026, 11, 24, 9, tzinfo=UTC), place=place))
    for territory in map(frozenset, ([name] for name in rules.geography.ids())):
        known = case.whereabouts.within(territory)
        supposed = [
            case.suppose_place(candidate).whereabouts.within(territory)
            for candidate in case.whereabouts.candidates
        ]
        assert known is None or set(supposed) <= {known}
