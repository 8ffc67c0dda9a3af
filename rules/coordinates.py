"""Tells coordinates that cannot be right: out of range, swapped, or no shape at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# (west, south, east, north) of France and its overseas départements
_FRANCE = (
    (-5.6, 41.0, 9.9, 51.6),
    (-62.0, 14.2, -60.7, 16.7),
    (-54.9, 1.9, -51.3, 6.0),
    (44.8, -13.2, 45.5, -12.4),
    (55.0, -21.6, 56.0, -20.7),
)
_DEGREE_M = 111_195.0  # of a meridian
_MARGIN = 1.0  # degrees around an installation in which a swapped point would be recognised


@dataclass(frozen=True, slots=True)
class Box:
    """The extent of an installation, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def across_m(self) -> float:
        """Metres from one corner to the opposite one."""
        middle = math.radians((self.south + self.north) / 2)
        width = (self.east - self.west) * math.cos(middle)
        return math.hypot(width, self.north - self.south) * _DEGREE_M

    def near(self, lon: float, lat: float) -> bool:
        return (
            self.west - _MARGIN <= lon <= self.east + _MARGIN
            and self.south - _MARGIN <= lat <= self.north + _MARGIN
        )


def box_of(geometries: list[Mapping[str, Any]]) -> Box | None:
    points = [point for one in geometries for point in positions(one)]
    if not points:
        return None
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    return Box(min(lons), min(lats), max(lons), max(lats))


def positions(geometry: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """List the (lon, lat) pairs of a GeoJSON geometry.

    Raises:
        ValueError: something in it is no position.
    """
    if geometry.get("type") == "GeometryCollection":
        for part in geometry.get("geometries") or ():
            yield from positions(part)
        return
    yield from _pairs(geometry.get("coordinates"))


def _pairs(value: Any) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or not value:
        raise ValueError("no coordinates")
    if isinstance(value[0], list):
        for part in value:
            yield from _pairs(part)
        return
    if len(value) < 2 or not all(
        isinstance(part, int | float) and not isinstance(part, bool) for part in value
    ):
        raise ValueError("no position")
    yield float(value[0]), float(value[1])


_AREAS = {"Polygon": 1, "MultiPolygon": 2}
_SHAPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "GeometryCollection", *_AREAS}


def wrong_geometry(
    geometry: Mapping[str, Any], box: Box | None = None, *, area: bool = False
) -> str | None:
    """Say in French what is wrong with a geometry, or None.

    ``area`` asks for polygons; ``box`` is the extent of the installation when it is known.
    """
    if str(geometry.get("type")) not in (_AREAS if area else _SHAPES):
        return "ce n'est pas une surface" if area else "ce n'est pas une forme GeoJSON"
    try:
        points = list(positions(geometry))
    except ValueError:
        return "les coordonnées sont absentes ou ne sont pas des nombres"
    if wrong := next((said for lon, lat in points if (said := wrong_point(lat, lon, box))), None):
        return wrong
    if geometry["type"] in _AREAS and not _closed(geometry):
        return "un contour n'est pas fermé ou a moins de quatre points"
    return None


def _closed(geometry: Mapping[str, Any]) -> bool:
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    try:
        rings = [ring for polygon in polygons for ring in polygon]
        return all(len(ring) >= 4 and ring[0][:2] == ring[-1][:2] for ring in rings)
    except (TypeError, IndexError):
        return False


def wrong_point(lat: float, lon: float, box: Box | None = None) -> str | None:
    """Say in French what is wrong with a position in degrees, or None."""
    if _swapped(lat, lon, box):
        return "latitude et longitude sont inversées"
    if not -90 <= lat <= 90:
        return f"la latitude {lat:g} est hors de -90 à 90"
    if not -180 <= lon <= 180:
        return f"la longitude {lon:g} est hors de -180 à 180"
    return None


def _swapped(lat: float, lon: float, box: Box | None) -> bool:
    if box is not None:
        return not box.near(lon, lat) and box.near(lat, lon)
    return not _in_france(lon, lat) and _in_france(lat, lon)


def _in_france(lon: float, lat: float) -> bool:
    return any(w <= lon <= e and s <= lat <= n for w, s, e, n in _FRANCE)
