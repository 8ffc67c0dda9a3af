"""What the house asks about places: territories, borders, objects (WGS84 degrees)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from router.decision import Place, Point


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

    def known(self, territory: str) -> bool: ...

    def area(self, territory: str) -> float: ...

    def contains(self, outer: str, inner: str) -> bool:
        """Whether ``inner`` lies inside ``outer`` (a territory contains itself)."""
        ...

    def overlaps(self, one: str, other: str) -> bool: ...

    def candidates(self, place: Place) -> tuple[str, ...]:
        """List the smallest territories in which a place may lie (RULES: the set of candidates).

        One when it is certain; several near a border, for a point less precise than its distance to
        it, or for a shared postal code; all communes when nothing is known; empty when the place is
        known to lie outside every territory.
        """
        ...

    def distance(self, layer: str, point: Point) -> float | None:
        """Metres from a point to the nearest object of a layer; None when the layer is empty."""
        ...

    def tolerance(self, layer: str) -> float:
        """Metres within which a point counts as lying on an object of the layer."""
        ...

    def layers(self) -> Sequence[str]: ...
