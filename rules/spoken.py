"""Says days and periods as people do, in French and in English."""

from __future__ import annotations

from datetime import date

from rules.scalars import Day, Season

_MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre"),
        *("octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    ),
}
_PERIODS = {
    "fr": ("le {}", "du {} au {}", "à partir du {}", "jusqu'au {}", ", chaque année"),
    "en": ("on {}", "from {} to {}", "from {}", "until {}", ", every year"),
}


def day_said(day: date | Day, language: str = "fr") -> str:
    """Say a day: "1er août 2026"; without its year where it has none."""
    return " ".join(_parts(day, language))


def period_said(season: Season, language: str = "fr") -> str:
    """Say a period: "du 1er au 16 août 2026"; what both ends share is said once."""
    one_day, both, since, until, yearly = _PERIODS[language]
    start, end = (_parts(day, language, season.yearly) for day in (season.start, season.end))
    if start == end:
        said = one_day.format(" ".join(start))
    elif start and end:
        said = both.format(" ".join(_unlike(start, end)), " ".join(end))
    else:
        said = since.format(" ".join(start)) if start else until.format(" ".join(end))
    return f"{said}{yearly if season.yearly else ''}"


def _unlike(start: list[str], end: list[str]) -> list[str]:
    """Leave out of the first day the year, and then the month, that the last day has too."""
    shared = 0
    while shared < len(start) - 1 and start[-1 - shared :] == end[-1 - shared :]:
        shared += 1
    return start[: len(start) - shared]


def _parts(day: date | Day | None, language: str, yearly: bool = False) -> list[str]:
    if day is None:
        return []
    number = "1er" if day.day == 1 and language == "fr" else str(day.day)
    year = [] if yearly or day.year is None else [str(day.year)]
    return [number, _MONTHS[language][day.month - 1], *year]
