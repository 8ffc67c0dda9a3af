"""Reads how far back to look: « 90j », « 2 semaines », « 90d », or the day on which to begin."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from app.city_time import CITY
from router.errors import InvalidInput
from rules import scalars
from rules.scalars import Unreadable
from rules.vocabulary import plain

Since = Annotated[
    str, typer.Option("--since", help="How far back: 90j, 12h, 2 semaines; or since 2026-09-01.")
]

_SPAN = re.compile(r"(\d{1,9})\s*([a-z]*)")
_HOURS = {
    **dict.fromkeys(("h", "heure", "heures", "hours"), 1),
    **dict.fromkeys(("", "j", "d", "jour", "jours", "days"), 24),
    **dict.fromkeys(("s", "w", "semaine", "semaines", "weeks"), 7 * 24),
    **dict.fromkeys(("mois", "months"), 31 * 24),
}
_MOST_HOURS = 36_500 * 24


def since(text: str, now: datetime) -> datetime:
    """Find the moment since which to look; a day begins at midnight of the city.

    Raises:
        InvalidInput: it is no number of hours, days, weeks or months, and no day that has begun.
    """
    found = _SPAN.fullmatch(plain(text))
    hours = int(found[1]) * _HOURS.get(found[2], 0) if found else 0
    if 0 < hours < _MOST_HOURS:
        return now - timedelta(hours=hours)
    start = _midnight(text, now)
    if start is None:
        raise InvalidInput(
            f"« {text.strip()} » n'est pas une durée ni une date : écrivez 90j, 12h, 2 semaines ou "
            "2026-09-01."
        )
    if start > now:
        raise InvalidInput(f"« {text.strip()} » n'est pas encore passé.")
    return start


def _midnight(text: str, now: datetime) -> datetime | None:
    try:
        day = scalars.day(text)
        start = datetime(day.year or now.year, day.month, day.day, tzinfo=CITY.zone)
        return start if day.year or start <= now else start.replace(year=start.year - 1)
    except (Unreadable, ValueError):  # the 29 February of a year that has none
        return None
