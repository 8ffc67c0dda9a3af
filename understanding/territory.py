"""Territories, zones and layers of one installation, held in memory as shapes in metres."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import shapely
from shapely import STRtree
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from router.decision import Place, Point
from router.geography import AreaDescription, TerritoryDescription, Whereabouts
from understanding.outlines import InvalidOutline, Projection

_SLIVER = 0.01  # drawn outlines never fit exactly: less than this share of an area is no overlap
_SHORT_NAMES = {"st": "saint", "ste": "sainte"}


def _key(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe"))
    letters = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(_SHORT_NAMES.get(word, word) for word in "".join(letters).split())


class Territory:
    """A Geography built from plain data."""

    def __init__(self, description: TerritoryDescription) -> None:
        self._border = description.border_m
        self._communes = {one.insee: one.name for one in description.communes}
        self._by_name: dict[str, str] = {}
        for one in description.communes:
            self._by_name.setdefault(_key(one.name), one.insee)
        self._postcodes = dict(description.postcodes)
        self._postcodes_of: dict[str, tuple[str, ...]] = {}
        for postcode, codes in description.postcodes.items():
            for code in codes:
                self._postcodes_of[code] = (*self._postcodes_of.get(code, ()), postcode)
        self._projection = Projection.at(_middle(description))
        self._zones = frozenset(one.id for one in description.zones)
        self._shapes = self._read_shapes(description)
        self._ids = tuple(self._shapes)
        self._boundaries = {name: own.boundary for name, own in self._shapes.items()}
        self._tree = STRtree([self._shapes[name] for name in self._ids])
        for own in self._shapes.values():
            shapely.prepare(own)
        self._containers, self._overlaps = self._relations(description)
        self._areas = self._rank_areas()
        self._nowhere = self._of_communes(tuple(self._communes), known=False)
        self._cache: dict[tuple[str, ...], Whereabouts] = {}
        self._layers = {one.id: one.tolerance_m for one in description.layers}
        self._objects = {
            one.id: [self._projection.shape(geometry, one.id) for geometry in one.objects]
            for one in description.layers
        }
        self._object_trees = {name: STRtree(objects) for name, objects in self._objects.items()}

    @classmethod
    def from_description(cls, description: TerritoryDescription) -> Territory:
        """Build a territory.

        Raises:
            InvalidOutline: a shape is unusable.
        """
        return cls(description)

    def _read_shapes(self, description: TerritoryDescription) -> dict[str, BaseGeometry]:
        shapes = {
            one.insee: self._area(self._projection.shape(one.outline, one.name), one.name)
            for one in description.communes
        }
        for area in (*description.territories, *description.zones):
            parts = [shapes[code] for code in area.communes if code in shapes]
            parts += [self._projection.shape(one, area.id) for one in area.outlines]
            if not parts:
                raise InvalidOutline(area.id, "il n'a aucune surface")
            shapes[area.id] = self._area(
                parts[0] if len(parts) == 1 else shapely.union_all(parts), area.id
            )
        return shapes

    @staticmethod
    def _area(found: BaseGeometry, whose: str) -> BaseGeometry:
        if found.is_empty or found.area <= 0:
            raise InvalidOutline(whose, "sa surface est nulle")
        return found

    def _relations(
        self, description: TerritoryDescription
    ) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
        containers = {name: {name} for name in self._ids}
        overlaps = {name: {name} for name in self._ids}
        lists = {
            one.id: frozenset(one.communes)
            for one in (*description.territories, *description.zones)
            if one.communes and not one.outlines
        }
        lists |= {code: frozenset({code}) for code in self._communes}
        pairs = self._tree.query([self._shapes[name] for name in self._ids], predicate="intersects")
        for first, second in zip(*pairs.tolist(), strict=True):
            if first < second:
                self._relate(self._ids[first], self._ids[second], lists, containers, overlaps)
        return (
            {name: frozenset(own) for name, own in containers.items()},
            {name: frozenset(own) for name, own in overlaps.items()},
        )

    def _relate(
        self,
        one: str,
        other: str,
        lists: dict[str, frozenset[str]],
        containers: dict[str, set[str]],
        overlaps: dict[str, set[str]],
    ) -> None:
        if one in lists and other in lists:
            # Communes never overlap, whatever their simplified outlines do.
            common = float(len(lists[one] & lists[other]))
            sizes = float(len(lists[one])), float(len(lists[other]))
        else:
            common = self._shapes[one].intersection(self._shapes[other]).area
            sizes = self._shapes[one].area, self._shapes[other].area
        if common <= _SLIVER * min(sizes):
            return
        overlaps[one].add(other)
        overlaps[other].add(one)
        if common >= (1 - _SLIVER) * sizes[0]:
            containers[one].add(other)
        if common >= (1 - _SLIVER) * sizes[1]:
            containers[other].add(one)

    def _rank_areas(self) -> dict[str, float]:
        """Measure all territories so that a contained one is always smaller."""
        areas: dict[str, float] = {}
        by_size = sorted(self._ids, key=lambda name: -self._shapes[name].area)
        for name in sorted(by_size, key=lambda name: len(self._containers[name])):
            area = float(self._shapes[name].area)
            for outer in self._containers[name]:
                if outer != name and name not in self._containers[outer] and outer in areas:
                    area = min(area, areas[outer] * (1 - 1e-9))
            areas[name] = area
        return areas

    # --- names -----------------------------------------------------------------------------------

    def communes(self) -> tuple[str, ...]:
        return tuple(self._communes)

    def commune(self, name_or_code: str) -> str | None:
        if name_or_code in self._communes:
            return name_or_code
        return self._by_name.get(_key(name_or_code))

    def commune_name(self, insee: str) -> str:
        return self._communes.get(insee, insee)

    def communes_of_postcode(self, postcode: str) -> tuple[str, ...]:
        return self._postcodes.get(postcode, ())

    def postcodes_of_commune(self, insee: str) -> tuple[str, ...]:
        return self._postcodes_of.get(insee, ())

    def known(self, territory: str) -> bool:
        return territory in self._shapes

    def ids(self) -> tuple[str, ...]:
        return self._ids

    # --- areas -----------------------------------------------------------------------------------

    def area(self, territory: str) -> float:
        return self._areas[territory]

    def area_of_union(self, territories: Iterable[str]) -> float:
        names = sorted(set(territories))
        if len(names) == 1:
            return self._areas[names[0]]
        return float(shapely.union_all([self._shapes[name] for name in names]).area)

    def contains(self, outer: str, inner: str) -> bool:
        return outer in self._containers[inner]

    def containers(self, territory: str) -> frozenset[str]:
        return self._containers[territory]

    def overlaps(self, one: str, other: str) -> bool:
        return other in self._overlaps[one]

    # --- places ----------------------------------------------------------------------------------

    def candidates(self, place: Place) -> tuple[str, ...]:
        return self.locate(place).candidates

    def locate(self, place: Place) -> Whereabouts:
        if place.outside:
            return Whereabouts(known=True, outside=True)
        codes = self._stated(place)
        if place.point is not None:
            return self._of_point(place.point, codes)
        if codes is None:
            return self._nowhere
        return self.whereabouts(codes)

    def _stated(self, place: Place) -> tuple[str, ...] | None:
        """List the communes that were named: none of ours is (), nothing said is None."""
        if place.communes:
            return tuple(dict.fromkeys(c for c in place.communes if c in self._communes))
        if place.postcode and self._postcodes:
            return self._postcodes.get(place.postcode, ())
        return None

    def _of_communes(self, codes: tuple[str, ...], *, known: bool) -> Whereabouts:
        if not codes:
            return Whereabouts(known=True, outside=True)
        return self._of_candidates(codes, known)

    def _of_candidates(self, names: tuple[str, ...], known: bool) -> Whereabouts:
        each = tuple(self._containers[name] for name in names)
        return Whereabouts(
            candidates=names,
            each=each,
            inside=frozenset.intersection(*each),
            touching=frozenset().union(*(self._overlaps[name] for name in names)),
            known=known,
        )

    def whereabouts(self, candidates: tuple[str, ...]) -> Whereabouts:
        found = self._cache.get(candidates)
        if found is None:
            if len(self._cache) > 4096:
                self._cache.clear()
            found = self._cache[candidates] = self._of_communes(candidates, known=True)
        return found

    def _of_point(self, point: Point, stated: tuple[str, ...] | None) -> Whereabouts:
        radius = max(self._border, point.precision_m)
        centre = self._projection.point(point)
        near = self._tree.query(centre, predicate="dwithin", distance=radius).tolist()
        touching = {self._ids[index] for index in sorted(near)}
        if not touching:
            return Whereabouts(known=True, outside=True)
        deep = {
            name for name in touching if shapely.distance(centre, self._boundaries[name]) > radius
        }
        candidates = self._smallest(touching, deep, centre, radius)
        if not candidates:
            return Whereabouts(known=True, outside=True)
        if stated:
            candidates = self._agreeing(candidates, stated)
        each = tuple(self._containers[name] for name in candidates)
        inside: frozenset[str] = frozenset.intersection(*each) | deep
        if stated and not set(candidates) <= touching:
            touching |= set().union(*(self._overlaps[name] for name in candidates))
            inside = frozenset.intersection(*each)
        if len(candidates) == 1:
            inside = inside | self._containers[candidates[0]]
            touching = touching | inside
            touching -= self._excluded(candidates[0], touching)
        return Whereabouts(
            candidates=candidates,
            each=each,
            inside=frozenset(inside),
            touching=frozenset(touching),
            known=True,
        )

    def _excluded(self, candidate: str, touching: set[str]) -> set[str]:
        """List what a point beside a border might touch, were its territory not certain."""
        return {name for name in touching if name not in self._overlaps[candidate]}

    def _smallest(
        self, touching: set[str], deep: set[str], centre: BaseGeometry, radius: float
    ) -> tuple[str, ...]:
        """Find the smallest territories that hold some part of the circle around a point."""
        ordered = sorted(touching - self._zones, key=lambda name: (self._areas[name], name))
        if ordered and ordered[0] in deep:
            return (ordered[0],)
        left = centre.buffer(max(radius, 0.5), quad_segs=8)
        least = left.area * 0.002
        found = []
        for name in ordered:
            part = left.intersection(self._shapes[name])
            if part.area > least:
                found.append(name)
                left = left.difference(self._shapes[name])
                if left.area <= least:
                    break
        return tuple(found)

    def _agreeing(self, candidates: tuple[str, ...], stated: tuple[str, ...]) -> tuple[str, ...]:
        """Let the commune that was named choose; where it contradicts the point, keep both."""
        wanted = set(stated)
        agreed = tuple(name for name in candidates if not self._containers[name].isdisjoint(wanted))
        if agreed:
            return agreed
        return tuple(dict.fromkeys((*candidates, *stated)))

    # --- objects ---------------------------------------------------------------------------------

    def distance(self, layer: str, point: Point) -> float | None:
        objects = self._objects.get(layer)
        if not objects:
            return None
        centre = self._projection.point(point)
        nearest = self._object_trees[layer].nearest(centre)
        return None if nearest is None else float(objects[int(nearest)].distance(centre))

    def tolerance(self, layer: str) -> float:
        return self._layers[layer]

    def layers(self) -> Sequence[str]:
        return tuple(self._layers)


def _middle(description: TerritoryDescription) -> float:
    areas: tuple[AreaDescription, ...] = (*description.territories, *description.zones)
    outlines = [one.outline for one in description.communes]
    outlines += [outline for area in areas for outline in area.outlines]
    if not outlines:
        raise InvalidOutline("territoire", "il n'a aucune commune")
    try:
        bounds = [shape(one).bounds for one in outlines]
    except (ValueError, TypeError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise InvalidOutline("territoire", str(error)) from error
    latitudes = [value for bound in bounds if bound for value in (bound[1], bound[3])]
    return (min(latitudes) + max(latitudes)) / 2 if latitudes else 46.5
