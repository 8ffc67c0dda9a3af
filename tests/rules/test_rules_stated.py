"""Facts that are stated one by one are read as the essais read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import Town

from router.decision import Facts, Place, Point
from router.errors import InvalidInput
from rules.reading.stated import stated
from rules.vocabulary import NATURES, SENDERS

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SAID = {
    "rue": ["rue de la Paix"],
    "code_postal": ["44400", "44 400"],
    "point": ["47.2,-1.55", "47.21, -1.5"],
    "categorie": ["voirie", "trottoir"],
    "sujet": ["Lampadaire : cassé"],
    "langue": ["fr", "EN"],
    "desordre": [str(degree) for degree in range(1, 11)],
    "piece_jointe": ["oui", "non", "yes"],
    "expediteur": [*SENDERS, "Élu"],
    "nature": [*NATURES, "Réclamation"],
}
WRONG = {
    "point": ["47.2", "47.2,x", "-1.55,47.2", "95,-1.5"],
    "categorie": ["voiri"],
    "langue": ["français"],
    "desordre": ["0", "11", "beaucoup"],
    "piece_jointe": ["peut-être"],
    "expediteur": ["maire", "assosiation"],
    "nature": ["plainte"],
    "code_postal": [" "],
}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return Town(tmp_path_factory.mktemp("stated"))


@pytest.fixture(scope="module")
def configuration(town):
    return town.ruleset().configuration


def written(key: str, value: str) -> str:
    return f"{{{key}: [{value}]}}" if key == "point" else f"{{{key}: '{value}'}}"


def each(table):
    return [(key, value) for key, values in table.items() for value in values]


@pytest.mark.parametrize(("key", "value"), each(SAID))
def test_what_is_stated_makes_the_facts_that_an_essai_makes(town, configuration, key, value):
    town.write(
        "regles/essai.yaml",
        "territoire: metropole\nregles: []\n"
        f"essais: [{{cas: {written(key, value)}, attendu: {{responsable: guichet}}}}]\n",
    )
    [trial] = [one for file in town.ruleset().configuration.files for one in file.trials]
    assert stated({key: [value]}, configuration).facts == trial.facts


@pytest.mark.parametrize(("key", "value"), each(WRONG))
def test_a_mistake_is_told_as_in_an_essai(town, configuration, key, value):
    town.write(
        "regles/essai.yaml",
        "territoire: metropole\nregles: []\n"
        f"essais: [{{cas: {written(key, value)}, attendu: {{responsable: guichet}}}}]\n",
    )
    [error] = town.errors
    with pytest.raises(InvalidInput) as told:
        stated({key: [value]}, configuration)
    assert error.endswith(str(told.value))


def test_a_precision_wants_its_point(configuration):
    near = stated({"point": ["47.2,-1.55"], "precision": ["80"]}, configuration)
    assert near.facts.place.point == Point(47.2, -1.55, 80.0)
    with pytest.raises(InvalidInput, match="donnez aussi le point"):
        stated({"precision": ["80"]}, configuration)


FOUND = Facts(
    NOW, "texte", language="fr", channel="web", attachment=False, sender_kinds=("citoyen",),
    place=Place("là", ("44109",), street="rue du Port", outside=True, source="message"),
)  # fmt: skip


@given(said=st.dictionaries(st.sampled_from(sorted(SAID)), st.integers(0, 1)))
def test_only_what_is_stated_takes_the_place_of_what_was_found(configuration, said):
    values = {key: [SAID[key][at % len(SAID[key])]] for key, at in said.items()}
    known = stated(values, configuration)
    after = known.onto(FOUND)
    kept = {
        "category": "categorie", "subject": "sujet", "language": "langue", "nature": "nature",
        "annoyance": "desordre", "attachment": "piece_jointe", "sender_kinds": "expediteur",
    }  # fmt: skip
    for field, key in kept.items():
        source = known.facts if key in said else FOUND
        assert getattr(after, field) == getattr(source, field)
    assert (after.text, after.channel, after.received_at) == ("texte", "web", NOW)
    assert after.place.communes == ("44109",)
    assert after.place.street == (known.facts.place.street if "rue" in said else "rue du Port")
    assert after.place.outside is not bool({"point", "code_postal"} & said.keys())
    if not said:
        assert after == FOUND
