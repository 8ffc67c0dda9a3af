"""Reads what people write in one value: hours, days, dates, durations, distances, yes and no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rules.vocabulary import DAYS, MONTHS, NO, YES, plain

_TIME = r"(\d{1,2})\s*(?:h|:)\s*(\d{2})?"
_HOURS = re.compile(rf"^(?:de\s+)?{_TIME}\s*(?:-|–|—|a|to)\s*{_TIME}$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})(?:/(\d{4}))?$")
_WRITTEN = re.compile(r"^(\d{1,2})(?:er|st|nd|rd|th)?\s+([a-z]+)(?:\s+(\d{4}))?$")
_DISTANCE = re.compile(r"^(\d{1,9}(?:[.,]\d{1,9})?)\s*(m|metres?|km|kilometres?)$")
_NUMBER_UNIT = re.compile(r"^(\d{1,9})\s*([a-z ]+)$")
_INSTALLATION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_WHOLE = re.compile(r"^\d{1,9}$")
FIRST_YEAR = 1900  # before the calendar's own borders, so that no delay or window leaves it
_WIDEST_M = 1000.0
_LONGEST_DAYS = 36_525  # a hundred years

_UNITS = {
    "min": "minutes",
    "minute": "minutes",
    "minutes": "minutes",
    "h": "heures",
    "heure": "heures",
    "heures": "heures",
    "hour": "heures",
    "hours": "heures",
    "j": "jours",
    "jour": "jours",
    "jours": "jours",
    "day": "jours",
    "days": "jours",
    "jour ouvre": "jours ouvrés",
    "jours ouvres": "jours ouvrés",
    "working day": "jours ouvrés",
    "working days": "jours ouvrés",
    "jour ouvrable": "jours ouvrables",
    "jours ouvrables": "jours ouvrables",
    "business day": "jours ouvrables",
    "business days": "jours ouvrables",
    "semaine": "semaines",
    "semaines": "semaines",
    "week": "semaines",
    "weeks": "semaines",
    "mois": "mois",
    "month": "mois",
    "months": "mois",
}
_DAYS_IN = {
    "minutes": 1 / 1440,
    "heures": 1 / 24,
    "jours": 1,
    "jours ouvrés": 1,
    "jours ouvrables": 1,
    "semaines": 7,
    "mois": 30.4375,
}
_SINGULAR = {
    "minutes": "minute",
    "heures": "heure",
    "jours": "jour",
    "jours ouvrés": "jour ouvré",
    "jours ouvrables": "jour ouvrable",
    "semaines": "semaine",
    "mois": "mois",
}
_DAYS_ELSEWHERE = {
    **dict.fromkeys(("week-end", "weekend", "week end"), "« sam-dim »"),
    **dict.fromkeys(("ferie", "feries", "jours feries"), "« dans: [feries] », sans « jours »"),
    **dict.fromkeys(("holiday", "holidays"), "« in: [feries] », sans « days »"),
}
"""Days that have another name here, or that a calendar names."""


class Unreadable(Exception):
    """A value is not what its key wants; the text says what is wanted."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of minutes, heures, jours, jours ouvrés, jours ouvrables, semaines or mois."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count > 1 else _SINGULAR[self.unit]}"


@dataclass(frozen=True, slots=True)
class Day:
    """A date whose year may be left out, for what comes back every year."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """Days from ``start`` to ``end``, both included; either may be open."""

    start: Day | None = None
    end: Day | None = None
    yearly: bool = False

    def holds(self, today: date) -> bool:
        if self.yearly:
            return self._holds_any_year(today)
        value = (today.year, today.month, today.day)
        after = self.start is None or value >= (self.start.year or 0, *_month_day(self.start))
        before = self.end is None or value <= (self.end.year or 9999, *_month_day(self.end))
        return after and before

    def _holds_any_year(self, today: date) -> bool:
        value = (today.month, today.day)
        start = _month_day(self.start) if self.start else (1, 1)
        end = _month_day(self.end) if self.end else (12, 31)
        if start <= end:
            return start <= value <= end
        return value >= start or value <= end  # across New Year

    def disjoint(self, other: Season) -> bool:
        """Whether no day can lie in both."""
        if not (self.yearly or other.yearly):
            return _ends_before(self, other) or _ends_before(other, self)
        dated = next((one for one in (self, other) if not one.yearly), None)
        first = _ordinal(dated.start) if dated else _LEAP_YEAR[0]
        last = _ordinal(dated.end) if dated else _LEAP_YEAR[1]
        if first is None or last is None or last - first >= _LONGEST_CYCLE:
            return False
        days = (date.fromordinal(day) for day in range(first, last + 1))
        return not any(self.holds(day) and other.holds(day) for day in days)


_LEAP_YEAR = (date(2024, 1, 1).toordinal(), date(2024, 12, 31).toordinal())
_LONGEST_CYCLE = 8 * 366  # days after which every day of the calendar has come, 29 February too


def _ordinal(day: Day | None) -> int | None:
    return date(day.year, day.month, day.day).toordinal() if day and day.year else None


def _month_day(day: Day) -> tuple[int, int]:
    return (day.month, day.day)


def _ends_before(one: Season, other: Season) -> bool:
    if one.end is None or other.start is None:
        return False
    end = (one.end.year or 9999, *_month_day(one.end))
    return end < (other.start.year or 0, *_month_day(other.start))


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds of the day from ``start`` (included) to ``end`` (excluded); it may cross midnight."""

    start: int
    end: int


def installation(text: str) -> str:
    """Read the name of another installation, which stands in addresses."""
    if not _INSTALLATION.fullmatch(text.strip()):
        raise Unreadable("le nom de l'autre guichet : minuscules sans accent, chiffres et tirets")
    return text.strip()


def yes(text: str) -> bool:
    word = plain(text)
    if word in YES:
        return True
    if word in NO:
        return False
    raise Unreadable("« oui » ou « non »")


def whole(text: str) -> int:
    if not _WHOLE.match(text.strip()):
        raise Unreadable("un nombre entier")
    return int(text)


def postcode(text: str) -> str:
    """Read a postal code, with or without spaces."""
    found = text.replace(" ", "")
    if not (len(found) == 5 and found.isascii() and found.isdigit()):
        raise Unreadable("un code postal de cinq chiffres")
    return found


def at_least_once(text: str) -> int:
    """Read a number of times that must come before something happens."""
    if whole(text) == 0:
        raise Unreadable("un nombre à partir de 1")
    return int(text)


def degree(text: str) -> int:
    """Read a degree of annoyance, from 1 to 10."""
    if not _WHOLE.match(text.strip()) or not 1 <= int(text) <= 10:
        raise Unreadable("un nombre de 1 à 10")
    return int(text)


def number(text: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise Unreadable("un nombre") from None
    if value != value or value in {float("inf"), float("-inf")}:
        raise Unreadable("un nombre")
    return value


def hours(text: str) -> Hours:
    found = _HOURS.match(plain(text))
    if not found:
        raise Unreadable("une plage d'heures, par exemple « 22h-6h » ou « 8:30-17:30 »")
    start_hour, start_minute, end_hour, end_minute = (int(part or 0) for part in found.groups())
    if start_minute > 59 or end_minute > 59 or start_hour > 24 or end_hour > 24:
        raise Unreadable("des heures de 0h à 24h et des minutes de 0 à 59")
    start = start_hour * 3600 + start_minute * 60
    end = end_hour * 3600 + end_minute * 60
    if max(start, end) > 86400:
        raise Unreadable("des heures de 0h à 24h")
    if start == end:
        raise Unreadable("une plage dont la fin diffère du début")
    return Hours(start % 86400, end)


def weekdays(text: str) -> frozenset[int]:
    """Read a day or a range of days (``lun-ven``)."""
    if (instead := _DAYS_ELSEWHERE.get(plain(text))) is not None:
        raise Unreadable(instead)
    parts = [part.strip().rstrip(".") for part in re.split(r"\s*[-–]\s*|\s+a\s+", plain(text))]
    numbers = [DAYS.get(part) for part in parts]
    if not 1 <= len(numbers) <= 2 or None in numbers:
        raise Unreadable("un jour : lun, mar, mer, jeu, ven, sam ou dim")
    first, last = numbers[0] or 0, numbers[-1] or 0
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


def day(text: str) -> Day:
    """Read ``2026-12-01``, ``1er décembre 2026`` or ``01/12/2026``; the year may be missing.

    Years go from 1900 to 9999, which people write for what has no end.
    """
    word = plain(text)
    if found := _ISO.match(word):
        year, month, number_of_day = (int(part) for part in found.groups())
        return _checked(year, month, number_of_day)
    if found := _SLASHED.match(word):
        return _checked(int(found[3]) if found[3] else None, int(found[2]), int(found[1]))
    if (found := _WRITTEN.match(word)) and found[2] in MONTHS:
        return _checked(int(found[3]) if found[3] else None, MONTHS[found[2]], int(found[1]))
    raise Unreadable("une date, par exemple « 2026-12-01 » ou « 1er décembre 2026 »")


def _checked(year: int | None, month: int, number_of_day: int) -> Day:
    if year is not None and year < FIRST_YEAR:
        raise Unreadable(f"une date à partir de l'année {FIRST_YEAR}")
    try:
        date(year or 2024, month, number_of_day)  # 2024 has a 29 February
    except ValueError:
        raise Unreadable("une date qui existe") from None
    return Day(month, number_of_day, year)


@lru_cache(maxsize=1024)  # a delay of the rules is read again at every decision
def duration(text: str) -> Duration:
    found = _NUMBER_UNIT.match(plain(text))
    unit = _UNITS.get(re.sub(r"\s+", " ", found[2].strip())) if found else None
    if found is None or unit is None or int(found[1]) == 0:
        raise Unreadable(
            "une durée, par exemple « 48 heures », « 5 jours ouvrés », « 2 semaines » ou « 1 mois »"
        )
    if int(found[1]) * _DAYS_IN[unit] > _LONGEST_DAYS:
        raise Unreadable("une durée de cent ans au plus")
    return Duration(int(found[1]), unit)


def tolerance(text: str) -> float:
    """Read how far from its outline an object still counts, in metres."""
    value = metres(text)
    if value > _WIDEST_M:
        raise Unreadable("une tolérance de 1 km au plus, par exemple « 25 m »")
    return value


def precision(text: str) -> float:
    """Read how far a point may be wrong, in metres."""
    value = number(text)
    if value < 0:
        raise Unreadable("un nombre de mètres, 0 ou plus")
    return value


def metres(text: str) -> float:
    found = _DISTANCE.match(plain(text))
    if not found:
        raise Unreadable("une distance, par exemple « 150 m » ou « 1,5 km »")
    value = float(found[1].replace(",", "."))
    return value * 1000 if found[2].startswith("k") else value
