"""Outlines as drawn, in degrees, made shapes in metres; small flaws are mended, tangles refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from router.decision import Point
from router.errors import ConfigurationError
from router.geography import Geometry

_MOST_CROSSINGS = 1000
"""Of an outline with itself: mending takes a time that grows with them, and no drawn one has as many."""
_AT_ONCE = 20  # sides that are compared with all others before it is seen how many cross


class InvalidOutline(ConfigurationError):
    """A shape cannot be used; ``id`` says whose it is."""

    def __init__(self, whose: str, reason: str) -> None:
        super().__init__(f"Le contour de « {whose} » est inutilisable : {reason}")
        self.id = whose


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to metres around a latitude (WGS84 ellipsoid, series of the meridian arc)."""

    lon_m: float
    lat_m: float

    @classmethod
    def at(cls, latitude: float) -> Projection:
        phi = math.radians(latitude)
        return cls(
            lon_m=111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi),
            lat_m=111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi),
        )

    def shape(self, geometry: Geometry, whose: str) -> BaseGeometry:
        try:
            found = shape(geometry)
        except (ValueError, TypeError, KeyError, AttributeError, shapely.GEOSException) as error:
            raise InvalidOutline(whose, "ses coordonnées ne font pas une forme") from error
        metres = shapely.transform(
            shapely.force_2d(found), lambda points: points * (self.lon_m, self.lat_m)
        )
        return metres if metres.is_valid else _mended(metres, whose)

    def point(self, point: Point) -> BaseGeometry:
        return shapely.Point(point.lon * self.lon_m, point.lat * self.lat_m)


def _mended(tangled: BaseGeometry, whose: str) -> BaseGeometry:
    """Make a shape of one whose outline crosses or touches itself.

    Raises:
        InvalidOutline: it does so all the time.
    """
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(tangled)]
    if rings and _crosses_often(rings):
        raise InvalidOutline(whose, f"il se croise lui-même plus de {_MOST_CROSSINGS} fois")
    return shapely.make_valid(tangled, method="structure", keep_collapsed=False)


def _crosses_often(rings: list[numpy.ndarray]) -> bool:
    ends = numpy.concatenate([numpy.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    sides = shapely.linestrings(ends)
    tree, crossings = shapely.STRtree(sides), 0
    for begin in range(0, len(sides), _AT_ONCE):
        found = tree.query(sides[begin : begin + _AT_ONCE], predicate="crosses")
        crossings += found.shape[1]
        if crossings > 2 * _MOST_CROSSINGS:  # each is found from both sides
            return True
    return False
