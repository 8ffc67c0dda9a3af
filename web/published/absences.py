"""Says when services are away, and who answers then; why they are away is nobody's business."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rules.absences import Absence
from rules.model import Configuration, ServiceEntry
from rules.scalars import Day, Season
from rules.spoken import period_said


class PublicAbsences:
    """The absences of one configuration that hold on ``today`` or later."""

    def __init__(self, configuration: Configuration, today: date) -> None:
        self._services = configuration.services
        self._defaults = {
            file.default.id for file in configuration.files if file.default is not None
        }
        self._today = today

    def of(self, service: str) -> tuple[str, ...]:
        """Say each absence of a service in a French sentence, the nearest first."""
        entry = self._services[service]
        coming = sorted(
            (one for one in entry.absences if not self._over(one.season)), key=self._first
        )
        return tuple(self._said(entry, one) for one in coming)

    def _over(self, season: Season) -> bool:
        end = None if season.yearly else season.end
        return end is not None and _key(end) < _key(self._today)

    def _first(self, absence: Absence) -> tuple[int, int, int]:
        """Give the day by which absences are sorted: the first that is still to come."""
        season, today = absence.season, _key(self._today)
        start = season.start
        if season.holds(self._today) or start is None:
            return today
        if not season.yearly:
            return _key(start)
        later = (start.month, start.day) < today[1:]
        return (self._today.year + later, start.month, start.day)

    def _said(self, entry: ServiceEntry, absence: Absence) -> str:
        when = f"Absence {period_said(absence.season)}"
        first, *others = [*self._standing_in(entry, absence.season), ""]
        if not first:
            return f"{when}\N{NO-BREAK SPACE}: vos demandes l'attendent."
        more = "".join(f", ou {one} en cas d'absence aussi" for one in others if one)
        return f"{when}\N{NO-BREAK SPACE}: {first} répond à sa place{more}."

    def _standing_in(self, entry: ServiceEntry, season: Season) -> Iterator[str]:
        """Name who stands in; where he may be away on one of these days, the next one too."""
        here, seen = entry, {entry.service.id}
        while (deputy := here.service.deputy) and deputy not in seen:
            seen.add(deputy)
            here = self._services[deputy]
            yield here.service.name("fr")
            if all(one.season.disjoint(season) for one in here.absences):
                return
        others = self._defaults - {entry.service.id}
        if len(others) > 1:
            yield "le guichet du lieu"
        yield from (self._services[one].service.name("fr") for one in others if len(others) == 1)


def _key(day: Day | date) -> tuple[int, int, int]:
    return (day.year or 0, day.month, day.day)
