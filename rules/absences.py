"""Knows on which days services are away, as supervisors write it beside each service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from router.decision import ServiceId
from rules.problems import At
from rules.scalars import Season

_MEMO = 1024


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which a service takes no new case, and why; the reason may be empty."""

    season: Season
    reason: str
    at: At


class Absences:
    """Who is away on which day, for one rule set; a day is looked up once for all its cases."""

    def __init__(self, absences: Mapping[str, tuple[Absence, ...]]) -> None:
        self._absences = {name: own for name, own in absences.items() if own}
        self._days: dict[date, frozenset[ServiceId]] = {}

    def __bool__(self) -> bool:
        return bool(self._absences)

    def of(self, service: str, day: date) -> Absence | None:
        """Find the absence of a service that holds on a day."""
        own = self._absences.get(service, ())
        return next((one for one in own if one.season.holds(day)), None)

    def on(self, day: date) -> frozenset[ServiceId]:
        """List the services that are away on a day of the territory's own calendar."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _MEMO:
                self._days.clear()
            away = (ServiceId(name) for name in self._absences if self.of(name, day))
            found = self._days[day] = frozenset(away)
        return found
