"""Reads when a made-up case arrives: a date, or only an hour or a weekday of the usual week."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules import scalars
from rules.scalars import Unreadable
from rules.vocabulary import DAYS, plain

DEFAULT_MOMENT = (2026, 11, 24, 10, 15)
LAST_YEAR = 2999  # a hundred years of delay after it are still in the calendar
_USUAL = datetime(*DEFAULT_MOMENT)  # noqa: DTZ001 — local
_TIME = r"(\d{1,2})(?:h|:)(\d{2})?(?::(\d{2}))?"
_DATED = re.compile(rf"^(.*?)(?:[ T]+(?:a +)?{_TIME})?$")
_UNDATED = re.compile(rf"^([a-z]+)?\.?(?: *(?:a +)?\b{_TIME})?$")
_WANTED = (
    "une date et une heure, par exemple « 2026-11-24 17:59:59 », ou une heure : « samedi 22h »"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A local moment; it is not ``dated`` where no date was written."""

    at: datetime
    dated: bool = True


NOT_SAID = Arrival(_USUAL, dated=False)


def arrival(text: str) -> Arrival:
    """Read "2026-11-24 17:59:59" (without an hour it is midnight), "22h10" or "samedi 22h10".

    Without a date it is that hour, or that day, of the week of the usual moment.
    """
    word = plain(text)
    return _undated(word) or _dated(word.replace("t", " ", 1) if "T" in text else word)


def _undated(word: str) -> Arrival | None:
    found = _UNDATED.match(word)
    if not found or (found[1] and found[1] not in DAYS) or not (found[1] or found[2]):
        return None
    weekday = DAYS[found[1]] if found[1] else _USUAL.weekday()
    day = _USUAL + timedelta(days=weekday - _USUAL.weekday())
    return Arrival(_at(day, found.groups()[1:]) if found[2] else day, dated=False)


def _dated(word: str) -> Arrival:
    found = _DATED.match(word)
    if not found:
        raise Unreadable(_WANTED)
    day = scalars.day(found[1])
    if day.year is None:
        raise Unreadable(_WANTED)
    if day.year > LAST_YEAR:
        raise Unreadable(f"une date jusqu'à l'année {LAST_YEAR}")
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 — local
    return Arrival(_at(midnight, found.groups()[1:]))


def _at(day: datetime, time: tuple[str | None, ...]) -> datetime:
    hour, minute, second = (int(part or 0) for part in time)
    if hour > 23 or minute > 59 or second > 59:
        raise Unreadable(_WANTED)
    return day.replace(hour=hour, minute=minute, second=second)
