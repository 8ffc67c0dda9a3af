"""Conditions on the place: territories, postal codes, streets, and objects near a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from router.geography import Whereabouts
from rules.conditions.source import Source
from rules.situation import PLACE, Situation, Truth
from rules.words import tokens

_STREET_SHORTS = {
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "bvd": "boulevard",
    "blvd": "boulevard",
    "ch": "chemin",
    "che": "chemin",
    "imp": "impasse",
    "pl": "place",
    "rte": "route",
    "sq": "square",
    "fbg": "faubourg",
    "all": "allee",
    "st": "saint",
    "ste": "sainte",
    "gal": "general",
    "dr": "docteur",
}
_NUMBER_MARKS = frozenset({"bis", "ter", "quater"})


def street_tokens(street: str) -> tuple[str, ...]:
    """Fold a street name: abbreviations written out, house number left out."""
    words = list(tokens(street))
    while words and (words[0].isdigit() or words[0] in _NUMBER_MARKS):
        words.pop(0)
    return tuple(_STREET_SHORTS.get(word, word) for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside(Source):
    """``commune`` and ``dans``: the place lies in one of these territories or zones."""

    territories: frozenset[str]
    fact: ClassVar[str] = PLACE
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        return case.whereabouts.within(self.territories)

    def actual(self, case: Situation) -> object:
        return _shown(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class HasPostcode(Source):
    """``code_postal``: the one that was given, else those of the communes that are possible."""

    postcodes: frozenset[str]
    communes: frozenset[str]
    fact: ClassVar[str] = PLACE
    cost: ClassVar[int] = 1

    def value(self, case: Situation) -> Truth:
        if case.whereabouts.outside:
            return False
        given = case.facts.place.postcode
        if given is not None:
            return given in self.postcodes
        answers = {self._commune(case, here) for here in _communes(case)}
        return answers.pop() if len(answers) == 1 else None

    def _commune(self, case: Situation, commune: str) -> Truth:
        own = frozenset(case.geography.postcodes_of_commune(commune))
        if not own:
            return None
        if own <= self.postcodes:
            return True
        return False if own.isdisjoint(self.postcodes) else None

    def actual(self, case: Situation) -> object:
        return case.facts.place.postcode or _shown(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearObject(Source):
    """``sur`` and ``pres_de``: a point lies within so many metres of an object of a layer."""

    layers: tuple[tuple[str, float], ...]
    fact: ClassVar[str] = PLACE
    cost: ClassVar[int] = 4

    def value(self, case: Situation) -> Truth:
        if case.whereabouts.outside:
            return False
        answers = [self._layer(case, layer, metres) for layer, metres in self.layers]
        if True in answers:
            return True
        return None if None in answers else False

    def _layer(self, case: Situation, layer: str, metres: float) -> Truth:
        point = case.facts.place.point
        if point is None:
            return None
        distance = case.geography.distance(layer, point)
        if distance is None or distance - point.precision_m > metres:
            return False
        return True if distance + point.precision_m <= metres else None

    def actual(self, case: Situation) -> object:
        point = case.facts.place.point
        if point is None or case.whereabouts.outside:
            return _shown(case)
        found = [case.geography.distance(layer, point) for layer, _ in self.layers]
        return {
            layer: None if distance is None else round(distance)
            for (layer, _), distance in zip(self.layers, found, strict=True)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OnStreet(Source):
    """``rue``: the street that was named."""

    streets: tuple[tuple[str, ...], ...]
    fact: ClassVar[str] = PLACE
    cost: ClassVar[int] = 2

    def value(self, case: Situation) -> Truth:
        if case.whereabouts.outside:
            return False
        if not case.facts.place.street:
            return None
        named = street_tokens(case.facts.place.street)
        return any(_run(named, street) for street in self.streets)

    def actual(self, case: Situation) -> object:
        return case.facts.place.street


def _run(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    size = len(wanted)
    return any(words[i : i + size] == wanted for i in range(len(words) - size + 1))


def _communes(case: Situation) -> tuple[str, ...]:
    """List the communes in which the place may lie."""
    here: Whereabouts = case.whereabouts
    return tuple(code for code in case.geography.communes() if code in here.touching)


def _shown(case: Situation) -> object:
    if case.whereabouts.outside:
        return "hors territoire"
    if not case.whereabouts.known:
        return None
    return list(case.whereabouts.candidates)
