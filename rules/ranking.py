"""The total order of rules: priority, the smaller territory, the order of files and lines."""

from __future__ import annotations

from collections.abc import Iterable

from router.geography import Geography
from rules.conditions.logic import Block
from rules.conditions.place import HasPostcode, Inside, NearObject
from rules.model import Rule

PRIORITIES = ("danger", "exception", "normale", "competence", "a_defaut")
LEVEL = {name: level for level, name in enumerate(PRIORITIES)}


def block_places(block: Block) -> list[frozenset[str] | None]:
    """List the place keys at the top of a block; None is an object layer, which has no area."""
    found: list[frozenset[str] | None] = []
    for condition in block.conditions:
        if isinstance(condition, Inside):
            found.append(condition.territories)
        elif isinstance(condition, HasPostcode) and condition.communes:
            found.append(condition.communes)
        elif isinstance(condition, NearObject):
            found.append(None)
    return found


def rule_places(rule: Rule, geography: Geography) -> frozenset[str]:
    """Find the territories that rank a rule: its narrowest place keys, else its file's territory.

    An object layer gives no territory of its own: the empty set.
    """
    narrowest: set[str] = set()
    for block in rule.when or (Block(()),):
        own = block_places(block) or [frozenset({rule.territory})]
        narrowest |= _narrowest(own, geography)
    return frozenset(narrowest)


def _narrowest(places: Iterable[frozenset[str] | None], geography: Geography) -> frozenset[str]:
    best: frozenset[str] = frozenset()
    least = float("inf")
    for place in places:
        if place is None:
            return frozenset()
        area = geography.area_of_union(place)
        if area < least:
            best, least = place, area
    return best


def rule_area(rule: Rule, geography: Geography) -> float:
    places = rule_places(rule, geography)
    return geography.area_of_union(places) if places else 0.0
