"""Calendars by name: public holidays of France, school holidays, and those of the folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from rules.scalars import Hours, Season

HOLIDAYS = "feries"
SCHOOL = "vacances-scolaires"
BUILT_IN = (HOLIDAYS, SCHOOL)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days, hours and dates under a name; ``within`` and ``unless`` name other calendars."""

    id: str
    days: frozenset[int] = frozenset()
    hours: tuple[Hours, ...] = ()
    season: Season | None = None
    within: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


def owning_days(moment: datetime, hours: tuple[Hours, ...]) -> tuple[date, ...]:
    """List the days to which a moment belongs; a range across midnight belongs to its first day."""
    today = moment.date()
    if not hours:
        return (today,)
    second = moment.hour * 3600 + moment.minute * 60 + moment.second
    found = []
    for span in hours:
        if span.start < span.end:
            if span.start <= second < span.end:
                found.append(today)
        elif second >= span.start:
            found.append(today)
        elif second < span.end:
            found.append(today - timedelta(days=1))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Calendars:
    """All calendars of an installation; ``zone`` is its zone of school holidays (A, B or C)."""

    own: Mapping[str, Calendar]
    zone: str = "B"

    def holds(self, name: str, moment: datetime, day: date) -> bool:
        """Whether a moment lies in a calendar; ``day`` is the day that its hours belong to."""
        if name == HOLIDAYS:
            return day in holidays(day.year)
        if name == SCHOOL:
            return is_school_holiday(day, self.zone)
        calendar = self.own[name]
        if not calendar.hours:
            return self._day_holds(calendar, moment, day)
        return any(
            self._day_holds(calendar, moment, own) for own in owning_days(moment, calendar.hours)
        )

    def any_holds(self, names: Iterable[str], moment: datetime, day: date) -> bool:
        """Whether a moment lies in one of these calendars."""
        for name in names:  # noqa: SIM110 -- asked of every case
            if self.holds(name, moment, day):
                return True
        return False

    def _day_holds(self, calendar: Calendar, moment: datetime, day: date) -> bool:
        if calendar.days and day.weekday() not in calendar.days:
            return False
        if calendar.season is not None and not calendar.season.holds(day):
            return False
        if calendar.within and not self.any_holds(calendar.within, moment, day):
            return False
        return not (calendar.unless and self.any_holds(calendar.unless, moment, day))


def easter(year: int) -> date:
    """Find Easter Sunday (anonymous Gregorian computus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    skipped, leap = century // 4, century % 4
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - moon + 15) % 30
    weekday = (32 + 2 * leap + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """List the national public holidays of France."""
    sunday = easter(year)
    moving = {sunday + timedelta(days=after) for after in (1, 39, 50)}
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return frozenset(moving | {date(year, month, day) for month, day in fixed})


# First day without school, first day of school; Ministry of Education, arrêtés of the four years.
_SCHOOL: dict[str, tuple[tuple[date, date], ...]] = {
    "": (
        (date(2024, 10, 19), date(2024, 11, 4)),
        (date(2024, 12, 21), date(2025, 1, 6)),
        (date(2025, 7, 5), date(2025, 9, 1)),
        (date(2025, 10, 18), date(2025, 11, 3)),
        (date(2025, 12, 20), date(2026, 1, 5)),
        (date(2026, 7, 4), date(2026, 9, 1)),
        (date(2026, 10, 17), date(2026, 11, 2)),
        (date(2026, 12, 19), date(2027, 1, 4)),
        (date(2027, 5, 6), date(2027, 5, 9)),
        (date(2027, 7, 3), date(2027, 9, 1)),
        (date(2027, 10, 23), date(2027, 11, 8)),
        (date(2027, 12, 18), date(2028, 1, 3)),
        (date(2028, 5, 26), date(2028, 5, 28)),
        (date(2028, 7, 4), date(2028, 9, 1)),
    ),
    "A": (
        (date(2025, 2, 22), date(2025, 3, 10)),
        (date(2025, 4, 19), date(2025, 5, 5)),
        (date(2026, 2, 7), date(2026, 2, 23)),
        (date(2026, 4, 4), date(2026, 4, 20)),
        (date(2027, 2, 13), date(2027, 3, 1)),
        (date(2027, 4, 10), date(2027, 4, 26)),
        (date(2028, 2, 19), date(2028, 3, 6)),
        (date(2028, 4, 22), date(2028, 5, 9)),
    ),
    "B": (
        (date(2025, 2, 8), date(2025, 2, 24)),
        (date(2025, 4, 5), date(2025, 4, 22)),
        (date(2026, 2, 14), date(2026, 3, 2)),
        (date(2026, 4, 11), date(2026, 4, 27)),
        (date(2027, 2, 20), date(2027, 3, 8)),
        (date(2027, 4, 17), date(2027, 5, 3)),
        (date(2028, 2, 5), date(2028, 2, 21)),
        (date(2028, 4, 8), date(2028, 4, 24)),
    ),
    "C": (
        (date(2025, 2, 15), date(2025, 3, 3)),
        (date(2025, 4, 12), date(2025, 4, 28)),
        (date(2026, 2, 21), date(2026, 3, 9)),
        (date(2026, 4, 18), date(2026, 5, 4)),
        (date(2027, 2, 6), date(2027, 2, 22)),
        (date(2027, 4, 3), date(2027, 4, 19)),
        (date(2028, 2, 12), date(2028, 2, 28)),
        (date(2028, 4, 15), date(2028, 5, 2)),
    ),
}
SCHOOL_KNOWN_UNTIL = date(2028, 8, 31)

_ZONE_A = (
    "01 03 07 15 16 17 19 21 23 24 25 26 33 38 39 40 42 43 47 58 63 64 69 70 71 73 74 79 86 87 89 "
    "90"
)
_ZONE_C = "09 11 12 30 31 32 34 46 48 65 66 75 77 78 81 82 91 92 93 94 95"


def school_zone(insee: str) -> str:
    """Find the zone of school holidays of a commune by its département."""
    if insee[:2] in _ZONE_A.split():
        return "A"
    return "C" if insee[:2] in _ZONE_C.split() else "B"


def is_school_holiday(day: date, zone: str) -> bool:
    spans = _SCHOOL[""] + _SCHOOL[zone]
    return any(first <= day < back for first, back in spans)
