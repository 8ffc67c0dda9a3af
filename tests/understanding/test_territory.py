"""Territories as shapes: containment computed, borders kept open, places outside recognised."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.decision import Place, Point
from router.geography import (
    AreaDescription,
    CommuneDescription,
    LayerDescription,
    TerritoryDescription,
)
from understanding.territory import InvalidOutline, Territory


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


DESCRIPTION = TerritoryDescription(
    communes=(
        CommuneDescription("44109", "Nantes", square(-1.60, 47.20, -1.50, 47.30)),
        CommuneDescription("44162", "Saint-Herblain", square(-1.70, 47.20, -1.60, 47.30)),
    ),
    postcodes={"44000": ("44109",), "44800": ("44162", "44109")},
    territories=(
        AreaDescription("metropole", ("44109", "44162")),
        AreaDescription("quartier", outlines=(square(-1.60, 47.20, -1.55, 47.25),)),
    ),
    zones=(AreaDescription("place", outlines=(square(-1.605, 47.21, -1.595, 47.22),)),),
    layers=(
        LayerDescription(
            "route",
            ({"type": "LineString", "coordinates": [[-1.60, 47.25], [-1.50, 47.25]]},),
            15.0,
        ),
        LayerDescription("vide", (), 15.0),
    ),
)
TERRITORY = Territory.from_description(DESCRIPTION)


@pytest.mark.parametrize(
    "name", ["44162", "Saint-Herblain", "st herblain", "SAINT HERBLAIN", "St-Herblain"]
)
def test_a_commune_is_found_by_code_or_name(name: str) -> None:
    assert TERRITORY.commune(name) == "44162"


def test_an_unknown_commune_is_none() -> None:
    assert TERRITORY.commune("Angers") is None
    assert TERRITORY.commune_name("49007") == "49007"


def test_containment_is_computed() -> None:
    assert TERRITORY.contains("metropole", "quartier")
    assert TERRITORY.contains("44109", "quartier")
    assert not TERRITORY.contains("44162", "quartier")
    assert not TERRITORY.contains("44109", "place")
    assert TERRITORY.overlaps("44109", "place")
    assert TERRITORY.overlaps("44162", "place")
    assert not TERRITORY.overlaps("44109", "44162")
    assert TERRITORY.containers("quartier") == {"quartier", "44109", "metropole"}


def test_a_contained_territory_is_always_smaller() -> None:
    for inner in TERRITORY.ids():
        for outer in TERRITORY.containers(inner) - {inner}:
            assert TERRITORY.area(inner) < TERRITORY.area(outer)
    assert TERRITORY.area_of_union(["44109", "44162"]) == pytest.approx(
        TERRITORY.area("metropole"), rel=1e-6
    )


def test_a_square_kilometre_is_a_million_square_metres() -> None:
    """0.1 degree by 0.1 degree at 47.25° north, against the WGS84 ellipsoid: 84.2 km²."""
    assert TERRITORY.area("44109") == pytest.approx(84.2e6, rel=0.01)


def test_a_point_deep_inside_is_certain() -> None:
    here = TERRITORY.locate(Place(point=Point(47.23, -1.57)))
    assert here.candidates == ("quartier",)
    assert here.inside == here.touching == {"quartier", "44109", "metropole"}


def test_a_point_beside_a_border_may_lie_on_both_sides() -> None:
    here = TERRITORY.locate(Place(point=Point(47.28, -1.6001)))
    assert set(here.candidates) == {"44109", "44162"}
    assert here.inside == {"metropole"}
    assert here.within(frozenset({"44109"})) is None
    assert here.within(frozenset({"44109", "44162"})) is True
    assert here.within(frozenset({"quartier"})) is False


def test_a_vague_point_has_more_candidates() -> None:
    sharp = TERRITORY.locate(Place(point=Point(47.28, -1.59, 5)))
    vague = TERRITORY.locate(Place(point=Point(47.28, -1.59, 2000)))
    assert sharp.candidates == ("44109",)
    assert set(vague.candidates) == {"44109", "44162"}


def test_a_named_commune_chooses_between_the_sides_of_a_border() -> None:
    here = TERRITORY.locate(Place(communes=("44162",), point=Point(47.28, -1.6001)))
    assert here.candidates == ("44162",)


def test_a_commune_that_contradicts_the_point_leaves_both() -> None:
    here = TERRITORY.locate(Place(communes=("44162",), point=Point(47.28, -1.52)))
    assert set(here.candidates) == {"44109", "44162"}
    assert here.within(frozenset({"44109"})) is None


def test_a_zone_on_a_border_is_sure_for_a_point_deep_in_it() -> None:
    here = TERRITORY.locate(Place(point=Point(47.215, -1.6)))
    assert len(here.candidates) == 2
    assert here.within(frozenset({"place"})) is True


def test_a_shared_postal_code_leaves_several_communes() -> None:
    assert set(TERRITORY.candidates(Place(postcode="44800"))) == {"44109", "44162"}
    assert TERRITORY.candidates(Place(postcode="44000")) == ("44109",)


@pytest.mark.parametrize(
    "place",
    [
        Place(point=Point(48.85, 2.35)),
        Place(communes=("75056",)),
        Place(postcode="75001"),
        Place(outside=True),
    ],
)
def test_what_lies_elsewhere_is_outside(place: Place) -> None:
    here = TERRITORY.locate(place)
    assert here.outside
    assert here.known
    assert here.candidates == ()
    assert here.within(frozenset(TERRITORY.ids())) is False


def test_when_nothing_is_known_all_communes_are_candidates() -> None:
    here = TERRITORY.locate(Place())
    assert set(here.candidates) == {"44109", "44162"}
    assert not here.known
    assert here.within(frozenset({"metropole"})) is True
    assert here.within(frozenset({"44109"})) is None


def test_distance_to_objects_is_in_metres() -> None:
    assert TERRITORY.distance("route", Point(47.26, -1.55)) == pytest.approx(1111.9, rel=0.005)
    assert TERRITORY.distance("vide", Point(47.26, -1.55)) is None
    assert TERRITORY.tolerance("route") == 15.0


def test_an_unusable_outline_names_its_owner() -> None:
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0], [0, 0]]]}
    with pytest.raises(InvalidOutline, match="Nulle"):
        Territory.from_description(
            TerritoryDescription(communes=(CommuneDescription("00000", "Nulle", flat),))
        )


def _star(points: int) -> dict[str, object]:
    """An outline that joins each point of a circle with the one nearly opposite."""
    step = (points // 2 - 1) if points % 2 == 0 else points // 2
    ring = [
        [math.cos(2 * math.pi * n * step / points), math.sin(2 * math.pi * n * step / points)]
        for n in range(points + 1)
    ]
    ring[-1] = ring[0]
    return {"type": "Polygon", "coordinates": [ring]}


def test_an_outline_that_crosses_itself_here_and_there_is_mended() -> None:
    star = CommuneDescription("00000", "Étoile", _star(5))
    here = Territory.from_description(TerritoryDescription(communes=(star,)))
    assert here.locate(Place(point=Point(0.0, 0.0), source="message")).candidates == ("00000",)


def test_an_outline_that_crosses_itself_all_the_time_is_refused_at_once() -> None:
    tangle = CommuneDescription("00000", "Pelote", _star(20_001))  # 200 million crossings
    with pytest.raises(InvalidOutline, match=r"« Pelote » .* se croise lui-même plus de 1000 fois"):
        Territory.from_description(TerritoryDescription(communes=(tangle,)))


@settings(max_examples=100, deadline=None)
@given(
    lat=st.floats(47.15, 47.35),
    lon=st.floats(-1.75, -1.45),
    precision=st.floats(0, 5000),
)
def test_a_place_is_never_both_sure_and_excluded(lat: float, lon: float, precision: float) -> None:
    here = TERRITORY.locate(Place(point=Point(lat, lon, precision)))
    assert here.inside <= here.touching
    assert bool(here.candidates) is not here.outside
    assert len(here.each) == len(here.candidates)
    for name in here.inside:
        assert all(name in own for own in here.each) or name == "place"
