"""The shipped territory, small: names, postal codes and square outlines."""

import pytest

from router.decision import Place, Point
from router.geography import AreaDescription, CommuneDescription, TerritoryDescription
from understanding.territory import Territory

COMMUNES = {
    "44009": "Basse-Goulaine", "44018": "Bouaye", "44020": "Bouguenais", "44024": "Brains",
    "44026": "Carquefou", "44035": "La Chapelle-sur-Erdre", "44047": "Couëron", "44074": "Indre",
    "44094": "Mauves-sur-Loire", "44101": "La Montagne", "44109": "Nantes", "44114": "Orvault",
    "44120": "Le Pellerin", "44143": "Rezé", "44150": "Saint-Aignan-Grandlieu",
    "44162": "Saint-Herblain", "44166": "Saint-Jean-de-Boiseau",
    "44171": "Saint-Léger-les-Vignes", "44172": "Sainte-Luce-sur-Loire",
    "44190": "Saint-Sébastien-sur-Loire", "44194": "Sautron", "44198": "Les Sorinières",
    "44204": "Thouaré-sur-Loire", "44215": "Vertou",
}  # fmt: skip
POSTCODES = {
    "44115": ("44009",), "44830": ("44018", "44024"), "44340": ("44020",),
    "44470": ("44026", "44094", "44204"), "44240": ("44035",), "44220": ("44047",),
    "44610": ("44074",), "44620": ("44101",), "44000": ("44109",), "44100": ("44109",),
    "44200": ("44109",), "44300": ("44109",), "44700": ("44114",), "44640": ("44120", "44166"),
    "44400": ("44143",), "44860": ("44150",), "44800": ("44162",), "44710": ("44171",),
    "44980": ("44172",), "44230": ("44190",), "44880": ("44194",), "44840": ("44198",),
    "44120": ("44215",),
}  # fmt: skip


def square(place: int) -> dict[str, object]:
    """Lay communes out as squares of about a kilometre, in rows of six."""
    west, south = -1.7 + 0.0132 * (place % 6), 47.1 + 0.009 * (place // 6)
    east, north = west + 0.0132, south + 0.009
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def middle(insee: str) -> Point:
    """Give the middle of a commune's square."""
    place = list(COMMUNES).index(insee)
    return Point(47.1 + 0.009 * (place // 6) + 0.0045, -1.7 + 0.0132 * (place % 6) + 0.0066)


@pytest.fixture(scope="session")
def nantes() -> Territory:
    territory = Territory.from_description(
        TerritoryDescription(
            communes=tuple(
                CommuneDescription(code, name, square(place))
                for place, (code, name) in enumerate(COMMUNES.items())
            ),
            postcodes=POSTCODES,
            territories=(AreaDescription("metropole", communes=tuple(COMMUNES)),),
        )
    )
    assert territory.candidates(Place(communes=("44143",))) == ("44143",)
    return territory
