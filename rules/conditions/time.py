"""The condition on the time of reception, in the territory's own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from rules.calendars import owning_days
from rules.conditions.source import Source
from rules.scalars import Hours, Season
from rules.situation import Situation, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Source):
    """``recu``: hours, days, dates and calendars, all of which must hold."""

    hours: tuple[Hours, ...] = ()
    days: frozenset[int] = frozenset()
    season: Season | None = None
    within: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    fact: ClassVar[str] = "date"
    cost: ClassVar[int] = 3

    def value(self, case: Situation) -> Truth:
        for day in owning_days(case.local, self.hours):  # noqa: SIM110 -- asked of every case
            if self._day(case, day):
                return True
        return False

    def _day(self, case: Situation, day: date) -> bool:
        if self.days and day.weekday() not in self.days:
            return False
        if self.season is not None and not self.season.holds(day):
            return False
        calendars = case.calendars
        if self.within and not calendars.any_holds(self.within, case.local, day):
            return False
        return not (self.unless and calendars.any_holds(self.unless, case.local, day))

    def actual(self, case: Situation) -> object:
        return case.local.strftime("%Y-%m-%d %H:%M:%S")
