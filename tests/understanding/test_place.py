"""Places from words: communes, postal codes, streets, pins, forms and counters."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.decision import Place, Point
from router.directory import Counter
from router.message import Address, Given, Location, Message
from understanding.place import PlaceReader
from understanding.streets import find_streets
from understanding.territory import Territory
from understanding.words import words_of

COUNTER = Counter("nantes-sms", "sms", "+33700000000", commune="44109")
MESSAGE = Message(
    address=Address("sms", "main", "+33600000000"),
    provider_id="1",
    received_at=datetime(2026, 11, 22, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def places(nantes: Territory) -> PlaceReader:
    return PlaceReader(nantes)


def read(places: PlaceReader, text: str, counter: Counter | None = COUNTER) -> Place:
    return places.read(replace(MESSAGE, text_shown=text), counter)


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("le 3 rue de la Poterie est kc", "3 rue de la Poterie"),
        ("12 bis, bd Jean Moulin", "12 bis boulevard Jean Moulin"),
        ("12-14 QUAI DE LA FOSSE", "12-14 quai de la Fosse"),
        ("rue des Alouettes n°15", "15 rue des Alouettes"),
        ("poubelles place viarme depuis samedi", "place Viarme"),
        ("rue jean jaures poubelle renversée", "rue Jean Jaures"),
        ("l'arret de bus beauséjour n'a plus d'abri", "arrêt Beauséjour"),
        ("rue Pierre et Marie Curie", "rue Pierre et Marie Curie"),
        ("rue du 8 mai 1945, Rezé", "rue du 8 mai 1945"),
        ("cours des 50 otages", "cours des 50 Otages"),
        ("rue Dr. Zamenhof. Merci", "rue Dr Zamenhof"),
        ("sur la route de clisson", "route de Clisson"),
        ("Un trou boulevard de la Prairie au Duc à Nantes", "boulevard de la Prairie au Duc"),
        ("rue du Port au Vin cassée", "rue du Port au Vin"),
        ("12 rue de la Chaussée au Vin.", "12 rue de la Chaussée au Vin"),
        ("rue du Pont aux Choux", "rue du Pont aux Choux"),
        ("rue de Rennes au niveau du 12", "rue de Rennes"),
        ("rue du Calvaire au niveau du 12", "rue du Calvaire"),
        ("rue du Port au coin", "rue du Port"),
        ("rue du Port au Coin de la place", "rue du Port"),
        ("rue de Rennes au Lidl", "rue de Rennes"),
        ("rue du Port au CHU", "rue du Port"),
        ("rue de la Poterie au Parking", "rue de la Poterie"),
        ("rue du Port à Rezé", "rue du Port"),
        ("rue du Port au 12", "12 rue du Port"),
    ],
)
def test_streets(text: str, street: str) -> None:
    assert [one.text for one in find_streets(words_of(text), ())] == [street]


@pytest.mark.parametrize(
    "text",
    ["dans ma rue", "la route est glissante", "place de parking occupée", "en cours de route",
     "plus de place", "à l'école de ma fille", "la place est sale", "merci pour votre mail reçu"],
)  # fmt: skip
def test_ordinary_words_are_no_streets(text: str) -> None:
    assert find_streets(words_of(text), ()) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("trou à St Herblain", ("44162",)),
        ("REZE RUE ARISTIDE BRIAND", ("44143",)),
        ("rats à st sebastien", ("44190",)),
        ("fuite aux Sorinières", ("44198",)),
        ("trou à orvaut", ("44114",)),
        ("problème à la montagne", ("44101",)),
        ("entre Orvault et Sautron", ("44114", "44194")),
        ("j'habite Rezé mais le trou est à Nantes", ("44109",)),
        ("à la mairie de Nantes on ne sait rien, fuite à Couëron", ("44047",)),
        ("rue de Rezé à Bouguenais", ("44020",)),
        ("44830 lampadaire", ("44018", "44024")),
        ("44830 Brains", ("44024",)),
        ("44 400 Rezé", ("44143",)),
        ("44923 NANTES CEDEX 9", ("44109",)),
        ("مصباح لا يعمل بنانت", ("44109",)),
        ("фонарь в Орво", ("44114",)),
    ],
)
def test_communes(places: PlaceReader, text: str, codes: tuple[str, ...]) -> None:
    place = read(places, text, None)
    assert place.communes == codes
    assert place.source == "message"


@pytest.mark.parametrize(
    "text",
    ["la montagne de déchets", "rue de Rezé", "Rezé Métropole Habitat", "tel 02 40 44 40 00 00",
     "ma demande 44400", "44 400 euros", "direction Vertou", "porte de Rezé", "compteur 75012"],
)  # fmt: skip
def test_what_looks_like_a_commune_and_is_none(places: PlaceReader, text: str) -> None:
    place = read(places, text)
    assert place.communes == ("44109",)
    assert place.source == "counter"


@pytest.mark.parametrize(
    "text",
    ["lampadaire à Saint-Nazaire", "trou, 44600 Saint-Nazaire", "av. Jean Jaurès 75019",
     "Lampadaire en panne à Angers", "fuite Lyon"],
)  # fmt: skip
def test_places_that_are_not_ours(places: PlaceReader, text: str) -> None:
    place = read(places, text)
    assert place.outside
    assert place.communes == ()


def test_a_street_alone_keeps_the_commune_of_the_counter(places: PlaceReader) -> None:
    place = read(places, "trou 3 rue Voltaire")
    assert (place.communes, place.street, place.source) == (("44109",), "rue Voltaire", "counter")
    assert place.text == "3 rue Voltaire"
    assert not read(places, "trou rue Voltaire", None).communes


def test_a_pin_wins_over_words(places: PlaceReader) -> None:
    pin = Location(47.1 + 0.0045, -1.7 + 0.0066, 12.0)
    place = places.read(replace(MESSAGE, text_shown="trou à Rezé", location=pin), COUNTER)
    assert place.point == Point(pin.lat, pin.lon, 12.0)
    assert place.communes == ("44009",)
    assert place.source == "location"


def test_a_pin_elsewhere_is_outside(places: PlaceReader) -> None:
    place = places.read(replace(MESSAGE, location=Location(48.85, 2.35)), COUNTER)
    assert place.outside
    assert place.communes == ()


def test_a_typed_position_is_a_point(places: PlaceReader) -> None:
    assert read(places, "https://maps.example/?q=47.1045,-1.6934").point is not None


def test_a_commune_that_a_form_gives_by_its_code_is_called_by_its_name(places: PlaceReader) -> None:
    message = replace(MESSAGE, text_shown="un trou", given=Given(commune="44109"))
    place = places.read(message, COUNTER)
    assert (place.text, place.communes) == ("Nantes", ("44109",))


def test_a_form_wins_over_everything(places: PlaceReader) -> None:
    given = Given(commune="Rezé", street="rue Noire", postcode="44400")
    message = replace(MESSAGE, text_shown="trou à Nantes rue Haute", given=given)
    place = places.read(message, COUNTER)
    assert (place.communes, place.street, place.source) == (("44143",), "rue Noire", "form")
    elsewhere = replace(message, given=Given(commune="Lyon"))
    assert places.read(elsewhere, COUNTER).outside
