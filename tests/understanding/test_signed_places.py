"""Where a person lives, as his signature tells it, counts for less than what he writes about."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.decision import Place
from router.directory import Counter
from router.message import Address, Location, Message
from understanding.place import PlaceReader
from understanding.territory import Territory

COUNTER = Counter("nantes", "email", "nantes@guichet.example", commune="44109")
SIGNED = "Paul Durand\n12 rue Scribe\n44000 Nantes\n06 12 34 56 78"


@pytest.fixture(scope="module")
def places(nantes: Territory) -> PlaceReader:
    return PlaceReader(nantes)


def read(places: PlaceReader, text: str, **more: object) -> Place:
    message = Message(
        address=Address("email", "nantes@guichet.example", "paul@citoyens.example"),
        provider_id="1",
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        sender_name="Paul Durand",
        text_shown=text,
    )
    return places.read(replace(message, **more), COUNTER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "street", "communes"),
    [
        (
            f"l'abribus de l'arrêt Commerce est cassé\n\n{SIGNED}",
            "arrêt Commerce",
            ("44109",),
        ),
        (
            f"Les poubelles débordent place Viarme.\nCordialement,\n{SIGNED}",
            "place Viarme",
            ("44109",),
        ),
        (
            "Trou avenue de la Gare à Rezé. Cordialement, Paul Durand, 12 rue Scribe, Nantes",
            "avenue de la Gare",
            ("44143",),
        ),
        (f"Un abribus est cassé à Rezé.\n\n{SIGNED}", None, ("44143",)),
        (f"{SIGNED}\n\nMadame,\nLe trottoir de la rue Noire est sale.", "rue Noire", ("44109",)),
    ],
)
def test_the_words_of_the_body_say_where(places, text, street, communes):
    place = read(places, text)
    assert (place.street, place.communes) == (street, communes)


def test_without_a_known_name_what_stands_at_the_end_as_one_is_one(places):
    text = "l'abribus de l'arrêt Commerce est cassé\n\nAnne Petit\n12 rue Scribe"
    assert read(places, text, sender_name="").street == "arrêt Commerce"


@pytest.mark.parametrize(
    "text",
    [
        f"Le lampadaire est éteint depuis lundi.\n\n{SIGNED}",
        f"Le lampadaire est éteint à Nantes.\n\n{SIGNED}",
        "place Viarme c'est propre, mais au 12 rue Scribe c'est sale\nPaul Durand",
        "Place Viarme : rien.\nLieu du problème : 12 rue Scribe\nPaul Durand",
        "Les poubelles de la place Viarme sont parties, merci.\nAutre chose\n12 rue Scribe, un trou",
    ],
)
def test_when_in_doubt_the_place_is_kept(places, text):
    assert read(places, text).text == "12 rue Scribe"


def test_a_pin_says_more_than_a_signature(places):
    pin = Location(47.22, -1.57)
    place = read(places, f"Le lampadaire est éteint.\n\n{SIGNED}", location=pin)
    assert place.point is not None
    assert place.street is None


def test_a_commune_of_the_signature_still_tells_where_a_street_is(places):
    text = "Le lampadaire de la rue Noire est éteint.\nPaul Durand\n3 rue du Port\n44400 Rezé"
    place = read(places, text)
    assert (place.street, place.communes) == ("rue Noire", ("44143",))
