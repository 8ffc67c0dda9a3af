"""What the house asks about places: territories, borders, objects; positions are WGS84 degrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from router.decision import Place, Point

Geometry = Mapping[str, Any]
"""A GeoJSON geometry: ``{"type": "Polygon", "coordinates": [[[lon, lat], …]]}``."""


@dataclass(frozen=True, slots=True)
class CommuneDescription:
    """A commune with its outline."""

    insee: str
    name: str
    outline: Geometry


@dataclass(frozen=True, slots=True)
class AreaDescription:
    """A territory or a zone: communes, outlines, or both."""

    id: str
    communes: tuple[str, ...] = ()
    outlines: tuple[Geometry, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerDescription:
    """Objects of one kind (roads, housing) and how many metres from one a point may lie."""

    id: str
    objects: tuple[Geometry, ...]
    tolerance_m: float


@dataclass(frozen=True, slots=True)
class TerritoryDescription:
    """Everything a Geography is built from, as plain data.

    ``postcodes`` leads from a postal code to INSEE codes. A point nearer than ``border_m`` metres
    to a border may lie on both sides of it.
    """

    communes: tuple[CommuneDescription, ...] = ()
    postcodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    territories: tuple[AreaDescription, ...] = ()
    zones: tuple[AreaDescription, ...] = ()
    layers: tuple[LayerDescription, ...] = ()
    border_m: float = 15.0


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A place seen as territories, computed once for a case.

    ``candidates`` are the smallest territories in which it may lie: one when it is certain, none
    when it lies outside. ``each`` holds, candidate by candidate, every territory that contains it.
    ``inside`` are the territories that surely contain the place, ``touching`` those that may.
    """

    candidates: tuple[str, ...] = ()
    each: tuple[frozenset[str], ...] = ()
    inside: frozenset[str] = frozenset()
    touching: frozenset[str] = frozenset()
    known: bool = False
    outside: bool = False

    def within(self, territories: frozenset[str]) -> bool | None:
        """Whether the place lies in one of these territories; None when it may or may not."""
        if not self.inside.isdisjoint(territories):
            return True
        if self.touching.isdisjoint(territories):
            return False
        if len(self.each) > 1 and not any(own.isdisjoint(territories) for own in self.each):
            return True
        return None


class Geography(Protocol):
    """Territories, zones and layers of one installation, answered from memory.

    A *territory id* is an INSEE code of a commune, or the id of a territory or zone of
    ``territoire.yaml``. Distances are metres, areas square metres.
    """

    def communes(self) -> tuple[str, ...]:
        """List the INSEE codes of the installation's communes."""
        ...

    def commune(self, name_or_code: str) -> str | None:
        """Find the INSEE code of a commune by code or by name (case, accents, hyphens free)."""
        ...

    def commune_name(self, insee: str) -> str: ...

    def communes_of_postcode(self, postcode: str) -> tuple[str, ...]: ...

    def postcodes_of_commune(self, insee: str) -> tuple[str, ...]: ...

    def known(self, territory: str) -> bool: ...

    def ids(self) -> tuple[str, ...]:
        """List the ids of all territories and zones, communes included."""
        ...

    def area(self, territory: str) -> float:
        """Measure a territory; one that lies inside another is always the smaller."""
        ...

    def area_of_union(self, territories: Iterable[str]) -> float: ...

    def contains(self, outer: str, inner: str) -> bool:
        """Whether ``inner`` lies inside ``outer`` (a territory contains itself)."""
        ...

    def containers(self, territory: str) -> frozenset[str]:
        """List every territory that contains this one, itself included."""
        ...

    def overlaps(self, one: str, other: str) -> bool: ...

    def locate(self, place: Place) -> Whereabouts:
        """See a place as territories.

        Several candidates near a border, for a point less precise than its distance to it, or for a
        shared postal code; all communes when nothing is known.
        """
        ...

    def whereabouts(self, candidates: tuple[str, ...]) -> Whereabouts:
        """Suppose that a place lies in one of these territories, and nothing more is known."""
        ...

    def candidates(self, place: Place) -> tuple[str, ...]:
        """List the smallest territories in which a place may lie; empty when it lies outside."""
        ...

    def distance(self, layer: str, point: Point) -> float | None:
        """Metres from a point to the nearest object of a layer; None when the layer is empty."""
        ...

    def tolerance(self, layer: str) -> float:
        """Metres within which a point counts as lying on an object of the layer."""
        ...

    def layers(self) -> Sequence[str]: ...
