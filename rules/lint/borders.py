"""Warns of outlines that cross where no case should lie twice: communes, and quartiers across two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from router.geography import Geography
from rules.compile import RuleSet
from rules.coordinates import Box, box_of
from rules.problems import At, Problems

_SHARED = 0.02  # share of the smaller commune; simplified outlines never fit exactly
_AT = At("territoire/territoire.yaml")


def advise_borders(ruleset: RuleSet, problems: Problems) -> None:
    """Report communes that overlap, and quartiers that lie in two of them."""
    _communes(ruleset, problems)
    _quartiers(ruleset, problems)


def _communes(ruleset: RuleSet, problems: Problems) -> None:
    geography = ruleset.geography
    for one, other in _neighbours(ruleset):
        smaller = min(geography.area(one), geography.area(other))
        shared = _shared(geography, one, other) / smaller
        if shared > _SHARED:
            problems.warning(
                _AT,
                "communes-croisees",
                f"Les contours de {geography.commune_name(one)} et de "
                f"{geography.commune_name(other)} se chevauchent sur {shared:.0%} de la plus petite",
                "Corrigez leurs contours : un lieu n'est que dans une commune.",
            )


def _neighbours(ruleset: RuleSet) -> Iterator[tuple[str, str]]:
    """List the communes whose boxes meet, so that few shapes are laid upon each other."""
    boxes = [
        (one.insee, box)
        for one in ruleset.configuration.territory.communes
        if (box := box_of([one.outline])) is not None
    ]
    for (one, mine), (other, theirs) in combinations(boxes, 2):
        if _meet(mine, theirs):
            yield one, other


def _meet(one: Box, other: Box) -> bool:
    across = one.west < other.east and other.west < one.east
    return across and one.south < other.north and other.south < one.north


def _shared(geography: Geography, one: str, other: str) -> float:
    both = geography.area_of_union((one, other))
    return geography.area_of_union((one,)) + geography.area_of_union((other,)) - both


def _quartiers(ruleset: RuleSet, problems: Problems) -> None:
    """Report what is drawn across a border of communes and holds none of them whole."""
    geography = ruleset.geography
    for area in ruleset.configuration.territory.territories:
        if not area.outlines:
            continue
        within = [one for one in geography.communes() if geography.overlaps(one, area.id)]
        if len(within) > 1 and not any(geography.contains(area.id, one) for one in within):
            named = " et ".join(map(geography.commune_name, within[:2]))
            problems.warning(
                _AT,
                "quartier-a-cheval",
                f"Le territoire « {area.id} » est à cheval sur {named}",
                "Corrigez son contour, ou coupez-le en deux : la commune resterait à demander.",
            )
