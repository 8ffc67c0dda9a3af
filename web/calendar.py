"""Write dates as people read them, in French or in English."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

_FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day(at: datetime | date, language: str, zone: ZoneInfo) -> str:
    """Write a day, or that of an aware time: « 22 novembre 2026 », ``22 November 2026``."""
    return _day(at.astimezone(zone).date() if isinstance(at, datetime) else at, language)


def moment(at: datetime, language: str, zone: ZoneInfo) -> str:
    """Write day and time: « 22 novembre 2026 à 9 h 05 », ``22 November 2026 at 9:05``."""
    local = at.astimezone(zone)
    if language == "fr":
        # no-break spaces, so that « 9 h 05 » is never cut at the end of a line
        return f"{_day(local.date(), language)} à {local.hour}\u00a0h\u00a0{local.minute:02d}"
    return f"{_day(local.date(), language)} at {local.hour}:{local.minute:02d}"


def _day(when: date, language: str) -> str:
    months = _FRENCH if language == "fr" else _ENGLISH
    number = "1er" if language == "fr" and when.day == 1 else str(when.day)
    return f"{number}\u00a0{months[when.month - 1]}\u00a0{when.year}"
