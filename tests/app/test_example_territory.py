"""The shipped territory: quartiers and poles fit, every commune has its services, the language is used whole."""

import json
from dataclasses import replace
from itertools import combinations

import pytest
import yaml
from conftest import CONFIG
from shapely import union_all
from shapely.geometry import shape

from router.directory import Level
from rules import trials
from rules.absences import Absence
from rules.compile import compile_rules
from rules.coverage import untried
from rules.owners import Lack
from rules.problems import At
from rules.reading.blocks import CONDITIONS, EFFECTS
from rules.scalars import Day, Season

TERRITORY = CONFIG / "territoire"
NANTES = "44109"


def outlines(folder):
    """Read the drawn outlines of a folder, by the name of their file."""
    return {
        path.stem: union_all(
            [shape(one["geometry"]) for one in json.loads(path.read_text())["features"]]
        )
        for path in sorted((TERRITORY / folder).glob("*.geojson"))
    }


@pytest.fixture(scope="module")
def nantes():
    communes = json.loads((TERRITORY / "communes.geojson").read_text())["features"]
    [outline] = [one for one in communes if one["properties"]["insee"] == NANTES]
    return shape(outline["geometry"])


@pytest.mark.parametrize(("folder", "count"), [("quartiers", 11), ("poles", 5)])
def test_drawn_parts_cover_nantes_without_gap_or_overlap(nantes, folder, count):
    parts = outlines(folder)
    assert len(parts) == count
    assert union_all(list(parts.values())).symmetric_difference(nantes).area == 0
    assert all(one.intersection(other).area == 0 for one, other in combinations(parts.values(), 2))
    assert {part.geom_type for part in parts.values()} == {"Polygon"}, "no sliver left aside"


def named(geography, kind):
    return [name for name in geography.ids() if name.startswith(kind)]


def test_every_commune_but_nantes_lies_in_one_pole_and_nantes_is_shared(rulebook):
    geography = rulebook.geography
    poles = named(geography, "pole-")
    assert len(poles) == 7
    for commune in geography.communes():
        around = [pole for pole in poles if geography.contains(pole, commune)]
        touching = [pole for pole in poles if geography.overlaps(pole, commune)]
        assert (len(around), len(touching)) == ((0, 5) if commune == NANTES else (1, 1)), commune


def test_every_quartier_lies_in_nantes_and_in_one_pole(rulebook):
    geography = rulebook.geography
    for quartier in named(geography, "quartier-"):
        around = geography.containers(quartier) - {quartier, "metropole", NANTES}
        assert NANTES in geography.containers(quartier)
        assert [name[:5] for name in around] == ["pole-"], quartier


def test_roles_have_a_service_everywhere_but_where_a_commune_is_shared(rulebook):
    owners, geography = rulebook.ruleset.owners, rulebook.geography
    for role in rulebook.ruleset.configuration.roles:
        unknown = [
            commune
            for commune in geography.communes()
            if isinstance(owners.resolve(role, geography.whereabouts((commune,))), Lack)
        ]
        assert unknown == ([NANTES] if role == "pole-du-lieu" else []), role


def test_the_shipped_trials_pass_whoever_is_on_leave_but_those_that_ask_who_is(rulebook):
    configuration = rulebook.ruleset.configuration
    gone = Absence(Season(Day(1, 1, 2020)), "congés", At("services.yaml"))
    services = {
        name: replace(one, absences=(gone,)) for name, one in configuration.services.items()
    }
    asking = {
        (trial.at.file, trial.at.line)
        for file in configuration.files
        for trial in file.trials
        if trial.absences
    }
    away = compile_rules(replace(configuration, services=services), rulebook.geography)
    failed = [one for one in trials.run(away) if not one.passed]
    assert [str(one) for one in failed if (one.file, one.line) not in asking] == []


def test_every_quartier_knows_its_pole(rulebook):
    owners, geography = rulebook.ruleset.owners, rulebook.geography
    services = rulebook.ruleset.configuration.services
    for quartier in named(geography, "quartier-"):
        here = geography.whereabouts((quartier,))
        found = {owners.resolve(role, here) for role in ("pole-du-lieu", "voirie-du-lieu")}
        [pole] = found
        assert services[pole].service.level is Level.METROPOLE


ORDINARY = {
    "voirie": "Un énorme nid de poule abîme les roues",
    "proprete": "Les poubelles n'ont pas été ramassées",
    "eclairage": "Le lampadaire est éteint depuis lundi",
    "eau": "Une fuite d'eau coule dans le caniveau",
}


@pytest.mark.parametrize("family", ORDINARY)
async def test_a_report_that_names_only_a_commune_has_its_metropolitan_owner(
    rulebook, try_one, family
):
    for commune in rulebook.geography.communes():
        text = f"{ORDINARY[family]}, à {rulebook.commune_name(commune)}"
        result = await try_one(channel="telegram", text=text)
        owner = rulebook.directory.service(result["decision"]["owner"])
        assert (result["action"], result["place"]["insee"]) == ("create", commune), text
        assert (owner.family, owner.level) == (family, Level.METROPOLE), text


async def test_a_pin_in_nantes_is_a_quartier_of_that_commune(try_one):
    result = await try_one(
        channel="telegram", text="Pavés descellés sur le trottoir", location="47.2155,-1.5600"
    )
    assert (result["action"], result["place"]["insee"]) == ("create", NANTES)
    assert result["place"]["candidates"] == ["quartier-centre-ville"]
    assert "voirie-nantes-loire" in result["decision"]["notify"]


def test_every_rule_is_reached_by_an_essai(rulebook):
    assert untried(rulebook.ruleset) == []


def test_the_shipped_rules_are_many_and_each_file_has_its_essais(rulebook):
    files = rulebook.ruleset.configuration.files
    assert len(files) >= 25
    assert sum(len(file.rules) for file in files) >= 250
    assert sum(len(file.trials) for file in files) >= 450
    assert [file.path for file in files if not file.trials] == []
    communes = {file.territory for file in files} & set(rulebook.geography.communes())
    assert len(communes) >= 8


def words_used(node):
    """List every key written anywhere under a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from words_used(value)
    elif isinstance(node, list):
        for value in node:
            yield from words_used(value)


def test_every_condition_and_every_effect_is_used():
    used = set()
    for path in (CONFIG / "regles").rglob("*.yaml"):
        written = yaml.safe_load(path.read_text())
        for rule in written.get("regles", ()):
            used.update(words_used(rule))
    wanted = {*CONDITIONS, *EFFECTS, "seuils", "proche", "min", "max", "du", "au", "chaque_annee"}
    assert wanted - used == set()


def test_contacts_are_invented_and_nobody_shares_a_telephone(rulebook):
    services = [one.service for one in rulebook.ruleset.configuration.services.values()]
    phones = [one.contact.phone for one in services if one.contact.phone]
    assert len(phones) == len(set(phones))
    assert all(one.transmit_to.endswith(".example") for one in services)
