"""Compares when two conditions on the time hold, with the hours, days and dates of calendars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

from rules.calendars import Calendar
from rules.conditions.time import Received
from rules.scalars import Hours, Season

_MOST = 64
"""Alternatives of calendars within calendars that are looked through; of more, only the rule's own."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours, days and dates that must all hold; ``first`` are the hours whose first day counts."""

    hours: tuple[Hours, ...]
    days: frozenset[int]
    season: Season | None
    first: tuple[Hours, ...]


Windows = tuple[Window, ...]
"""What must hold together: the condition's own hours, days and dates, and those of calendars."""


def windows_of(condition: Received, calendars: Mapping[str, Calendar]) -> list[Windows]:
    """List the ways in which a condition can hold: one for each calendar that it names, and so on.

    Calendars of days that no rule says (``feries``), and what a calendar leaves out, are not seen.
    """
    own = Window(condition.hours, condition.days, condition.season, condition.hours)
    ways = _inside(condition.within, calendars, condition.hours, frozenset())
    return [(own, *way) for way in ways] if len(ways) <= _MOST else [(own,)]


def _inside(
    names: tuple[str, ...],
    calendars: Mapping[str, Calendar],
    hours: tuple[Hours, ...],
    seen: frozenset[str],
) -> list[Windows]:
    if not names:
        return [()]
    found: list[Windows] = []
    for name in names:
        one = calendars.get(name)
        if one is None or name in seen:
            found.append(())
            continue
        first = one.hours or hours
        own = Window(one.hours, one.days, one.season, first)
        ways = _inside(one.within, calendars, first, seen | {name})
        found += [(own, *way) for way in ways]
        if len(found) > _MOST:
            break
    return found


def never(condition: Received, calendars: Mapping[str, Calendar]) -> bool:
    """Whether no moment can fulfil a condition."""
    return _left_out(condition, condition) or all(map(_clash, windows_of(condition, calendars)))


def apart(one: Received, other: Received, calendars: Mapping[str, Calendar]) -> bool:
    """Whether no moment can fulfil both."""
    if _left_out(one, other) or _left_out(other, one):
        return True
    ways = product(windows_of(one, calendars), windows_of(other, calendars))
    return all(_clash((*mine, *theirs)) for mine, theirs in ways)


def starts_of(condition: Received, calendars: Mapping[str, Calendar]) -> Iterator[int]:
    """List the seconds of the day at which hours begin that a condition or its calendars name."""
    for windows in windows_of(condition, calendars):
        yield from (span.start for window in windows for span in window.hours)


def _left_out(one: Received, other: Received) -> bool:
    """Whether one wants only calendars that the other leaves out."""
    return bool(one.within) and set(one.within) <= set(other.unless)


def _clash(windows: Windows) -> bool:
    return any(_disjoint(one, other) for one, other in combinations(windows, 2))


def _disjoint(one: Window, other: Window) -> bool:
    if one.hours and other.hours and minutes(one.hours).isdisjoint(minutes(other.hours)):
        return True
    if one.first != other.first and (crosses(one.first) or crosses(other.first)):
        return False  # what begins in the evening is of another day than the night that ends it
    if one.season and other.season and one.season.disjoint(other.season):
        return True
    return bool(one.days and other.days) and one.days.isdisjoint(other.days)


def crosses(hours: tuple[Hours, ...]) -> bool:
    """Whether a range goes on after midnight: it belongs to the day on which it began."""
    return any(span.start >= span.end for span in hours)


@lru_cache(maxsize=1024)  # the same few ranges are compared with each other again and again
def minutes(hours: tuple[Hours, ...]) -> frozenset[int]:
    """List the minutes of the day that are covered."""
    found: set[int] = set()
    for span in hours:
        end = span.end if span.start < span.end else span.end + 86400
        found |= {minute % 1440 for minute in range(span.start // 60, (end + 59) // 60)}
    return frozenset(found)
