"""Quarters, known places and known streets tell the commune where nothing states it better."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.directory import Counter
from router.message import Address, Message
from understanding.communes import CommuneNames
from understanding.place import PlaceReader
from understanding.streets import PLACE_WORDS, find_streets
from understanding.territory import Territory
from understanding.words import words_of

MESSAGE = Message(
    address=Address("telegram", "bot", "42"),
    provider_id="1",
    received_at=datetime(2026, 11, 22, tzinfo=UTC),
)
ORVAULT = Counter("orvault-sms", "sms", "+33700000000", commune="44114")
NANTES = Counter("nantes-sms", "sms", "+33700000001", commune="44109")
LISTED = [
    (name.strip(), tuple(one.strip() for one in communes.split("+")))
    for section in ("nicknames", "quarters")
    for communes, names in PLACE_WORDS[section].items()
    for name in names.split(",")
]


def communes(nantes: Territory, text: str, counter: Counter | None = None) -> tuple[str, ...]:
    place = PlaceReader(nantes).read(replace(MESSAGE, text_shown=text), counter)
    return tuple(nantes.commune_name(code) for code in place.communes)


def test_every_listed_name_tells_its_commune(nantes: Territory) -> None:
    names = CommuneNames(nantes)
    misread = {}
    for name, expected in LISTED:
        words = words_of(f"un souci à {name}")
        found = names.mentions(words, find_streets(words, names.starts(words)))
        said = {nantes.commune_name(code) for one in found for code in one.communes}
        if said != set(expected):
            misread[name] = said
    assert not misread


def test_no_name_is_listed_for_two_places() -> None:
    names = [name for name, _ in LISTED]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bruit quartier Malakoff", ("Nantes",)),
        ("bruit à Bellevue", ("Nantes", "Saint-Herblain")),
        ("bruit à Bellevue, Saint-Herblain", ("Saint-Herblain",)),
        ("rue de Doulon, un trou", ()),
        ("boulevard de Doulon, un trou", ("Nantes",)),
        ("place Graslin", ("Nantes",)),
        ("place Graslin à Rezé", ("Rezé",)),
        ("J'habite Rezé, le bruit vient de Malakoff", ("Nantes",)),
        ("J'habite Malakoff, le trou est à Rezé", ("Rezé",)),
        ("Un pin sec va tomber", ()),
        ("quartier Pin Sec", ("Nantes",)),
        ("Merci, Zola Martin", ()),
        ("direction Malakoff", ("Nantes",)),
        ("12 rue du Petit Port", ()),
    ],
)
def test_without_a_counter(nantes: Territory, text: str, expected: tuple[str, ...]) -> None:
    assert communes(nantes, text) == expected


def test_a_quarter_wins_over_the_counter(nantes: Territory) -> None:
    assert communes(nantes, "bruit à Malakoff", ORVAULT) == ("Nantes",)


def test_the_counter_chooses_in_a_quarter_of_two_communes(nantes: Territory) -> None:
    assert communes(nantes, "bruit à Bellevue", NANTES) == ("Nantes",)
    assert communes(nantes, "bruit à Bellevue", ORVAULT) == ("Nantes", "Saint-Herblain")


def test_the_counter_does_not_choose_between_named_communes(nantes: Territory) -> None:
    assert communes(nantes, "à la limite de Nantes et Orvault", NANTES) == ("Nantes", "Orvault")
