"""Tells whether two rules put the same service in charge, wherever both can act."""

from __future__ import annotations

from collections.abc import Iterator, Set

from rules.compile import RuleSet
from rules.model import Rule
from rules.owners import Lack

Position = tuple[int | None, int]
"""Where a rule names an owner: confirmations of a step, or None; the number of a part."""
Owning = tuple[tuple[Position, str], ...]


def owning(rule: Rule) -> Owning:
    """List the owners that a rule names, each with its position: base, steps, then parts."""
    found: list[tuple[Position, str]] = []
    own = [(None, rule.effects), *((step.confirmations, step.effects) for step in rule.steps)]
    for count, effects in own:
        if effects.owner is not None:
            found.append(((count, -1), effects.owner.id))
        found += [((count, part), one.owner.id) for part, one in enumerate(effects.parts)]
    return tuple(found)


class SameOwner:
    """Compares owners position by position, roles by what they mean at each place."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._geography = ruleset.geography
        self._owners = ruleset.owners
        self._keyed = {
            name: [value.territory for value in role.values]
            for name, role in ruleset.configuration.roles.items()
        }

    def of(self, one: Owning, other: Owning, here: Set[str], there: Set[str]) -> bool:
        """Whether they agree at every place that lies in a territory of both sets."""
        if one == other:
            return True
        if [position for position, _ in one] != [position for position, _ in other]:
            return False
        return all(
            mine == yours or self._agree(mine, yours, here, there)
            for (_, mine), (_, yours) in zip(one, other, strict=True)
        )

    def _agree(self, mine: str, yours: str, here: Set[str], there: Set[str]) -> bool:
        if not (self._owners.is_role(mine) or self._owners.is_role(yours)):
            return False
        for place in self._places(mine, yours):
            if self._touches(place, here) and self._touches(place, there):
                whereabouts = self._geography.whereabouts((place,))
                found = self._owners.resolve(mine, whereabouts)
                if found is Lack.UNKNOWN or found != self._owners.resolve(yours, whereabouts):
                    return False
        return True

    def _places(self, mine: str, yours: str) -> Iterator[str]:
        """List all communes, and what is smaller and has a value of its own."""
        communes = self._geography.communes()
        yield from communes
        for place in {*self._keyed.get(mine, ()), *self._keyed.get(yours, ())}:
            if place not in communes and not any(
                self._geography.contains(place, commune) for commune in communes
            ):
                yield place

    def _touches(self, place: str, territories: Set[str]) -> bool:
        return any(self._geography.overlaps(place, one) for one in territories)
