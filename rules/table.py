"""The competence table of one rule set, and what it would answer if the category were known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.geography import Whereabouts
from rules.compiled import Compiled
from rules.owners import Owners
from rules.situation import Situation

_MEMO = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the table as a rule, and the territories in which it holds."""

    rule: Compiled
    territories: frozenset[str]


class Table:
    """Rows by family in rank order; what depends on the place and the owner alone is found once."""

    def __init__(
        self, rows: Iterable[tuple[str, Row]], families: Iterable[str], owners: Owners
    ) -> None:
        """Take the rows with their families; ``families`` are those of the categories."""
        self.families = tuple(families)
        self._rows: dict[str, list[Row]] = {}
        for family, row in rows:
            self._rows.setdefault(family, []).append(row)
        self._rules = {family: tuple(row.rule for row in own) for family, own in self._rows.items()}
        self._owners = owners
        self._open: dict[Whereabouts, tuple[Compiled, ...]] = {}
        self._gives: dict[tuple[object, ...], bool] = {}

    def of(self, family: str) -> tuple[Compiled, ...]:
        return self._rules.get(family, ())

    def open(self, here: Whereabouts) -> tuple[Compiled, ...]:
        """List the rows that may still decide while the category is unknown, in rank order."""
        found = self._open.get(here)
        if found is None:
            rows = [row for own in self._rows.values() for row in own]
            own = [row.rule for row in rows if here.within(row.territories) is not False]
            found = tuple(sorted(own, key=lambda one: one.number))
            if len(self._open) >= _MEMO:
                self._open.clear()
            self._open[here] = found
        return found

    def is_able(self, here: Whereabouts) -> bool:
        """Whether some row lacks nothing but the category."""
        return any(here.within(row.territories) for own in self._rows.values() for row in own)

    def gives_away(self, families: tuple[str, ...], case: Situation, owner: str) -> bool:
        """Whether a category of these families would make the table name another than the owner."""
        key = (families, case.whereabouts, owner, case.facts.refused_by, case.away)
        found = self._gives.get(key)
        if found is None:
            if len(self._gives) >= _MEMO:
                self._gives.clear()
            found = any(self._would_give(family, case, owner) for family in families)
            self._gives[key] = found
        return found

    def _would_give(self, family: str, case: Situation, owner: str) -> bool:
        for row in self._rows.get(family, ()):
            wants = row.rule.rule.effects.owner
            if wants is None or not case.whereabouts.within(row.territories):
                continue
            another = self._owners.is_another(wants.id, case, owner)
            if another is not None:
                return another
        return False
