"""Counts how often something was said before, as far as the rules ask: what is the same, since when."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from router.case import Case
from router.decision import Place
from router.tokens import party_of

_TILE_LAT, _TILE_LON = 0.0005, 0.00075  # degrees: some 55 m each way at the latitudes of France
_VAGUEST_M = 100.0
MOST_COUNTED = 1_000
"""No count goes further where nobody says how far: it says "at least so many"."""


class Same(StrEnum):
    """What two cases have in common."""

    PLACE = "lieu"
    PERSON = "personne"
    CATEGORY = "categorie"


@dataclass(frozen=True, slots=True)
class CountQuestion:
    """What the rules want counted for one case: earlier cases, or with ``itself`` all of a time.

    ``name`` is by what the rules know the answer again. Cases count that were received after
    ``since`` and not after ``until``, that have all of ``same`` in common with this one, and lie in
    one of ``categories`` and of ``areas`` where such are given. Fewer than ``least`` change nothing,
    and nobody needs to count further than ``enough``.
    """

    name: str
    least: int
    since: datetime
    until: datetime
    same: tuple[Same, ...] = ()
    categories: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    itself: bool = False
    enough: int = MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Sought:
    """What cases must have to be counted, made of values alone: equal ones have the same answer."""

    since: datetime
    until: datetime
    spots: tuple[str, ...] = ()
    person: str = ""
    categories: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    enough: int = MOST_COUNTED

    @property
    def leading(self) -> tuple[str, ...]:
        """List the marks of which every case that is counted bears one, the rarest kind of them."""
        return self.spots or ((self.person,) if self.person else self.categories)

    def finds(self, case: Case) -> bool:
        """Whether a case is one of those that are counted."""
        if not self.since < case.received_at <= self.until:
            return False
        marks = marks_of(case)
        return (
            (not self.spots or marks.spot in self.spots)
            and (not self.person or marks.person == self.person)
            and (not self.categories or marks.category in self.categories)
            and (not self.areas or marks.area in self.areas)
        )


class CountsCases(Protocol):
    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        """Count the cases of each question, at most ``enough`` of one."""
        ...


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a case is counted; all empty for one that does not count: a part, a merged case."""

    spot: str = ""
    person: str = ""
    category: str = ""
    area: str = ""

    @property
    def leading(self) -> tuple[str, ...]:
        """List those by which cases are looked up."""
        return tuple(mark for mark in (self.spot, self.person, self.category) if mark)


def marks_of(case: Case) -> Marks:
    """Read from a case by what it is counted."""
    if case.parent is not None or case.merged_into is not None:
        return Marks()
    return Marks(
        spot_of(case.place),
        person_of(case),
        case.category or "",
        case.area,
    )


def person_of(case: Case) -> str:
    """Name the person who opened a case, in a way that does not tell the address."""
    return party_of(case.reporters[0].address.key) if case.reporters else ""


def spot_of(place: Place) -> str:
    """Name a place that others can be compared with: a street of a commune, else a tile of 55 m.

    Empty where no more than a commune is known: that is no place where something comes back.
    """
    if place.street and place.communes:
        return f"{'+'.join(place.communes)}|{_folded(place.street)}"
    if place.point is None or place.point.precision_m > _VAGUEST_M:
        return ""
    return _tile(round(place.point.lat / _TILE_LAT), round(place.point.lon / _TILE_LON))


def spots_around(place: Place) -> tuple[str, ...]:
    """List the spots that are the same place: the street, or the tile and those beside it."""
    spot = spot_of(place)
    if not spot.startswith("@"):
        return (spot,) if spot else ()
    row, column = (int(part) for part in spot[1:].split(","))
    return tuple(_tile(row + up, column + right) for up in (-1, 0, 1) for right in (-1, 0, 1))


def _tile(row: int, column: int) -> str:
    return f"@{row},{column}"


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def sought(
    question: CountQuestion, place: Place, person: str, category: str | None
) -> Sought | None:
    """Put a question for one case; None where what should be the same is not known."""
    spots = spots_around(place) if Same.PLACE in question.same else ()
    person = person if Same.PERSON in question.same else ""
    own = (category,) if category and Same.CATEGORY in question.same else ()
    known = {Same.PLACE: spots, Same.PERSON: person, Same.CATEGORY: own}
    if not all(known[same] for same in question.same):
        return None
    return Sought(
        question.since,
        question.until,
        spots,
        person,
        own or question.categories,
        question.areas,
        question.enough,
    )


@dataclass(slots=True)
class Tallies:
    """What a batch was told of the counts that it asked for, and what it still has to ask."""

    known: dict[Sought, int] = field(default_factory=dict)
    missing: dict[Sought, None] = field(default_factory=dict)

    def of(self, wanted: Sought) -> int:
        """Give a count, 0 until it is known."""
        found = self.known.get(wanted)
        if found is None:
            self.missing[wanted] = None
        return found or 0

    async def learn(self, store: CountsCases) -> None:
        """Ask the store for all that is missing."""
        self.known.update(await store.count_cases(tuple(self.missing)))
        self.missing.clear()
