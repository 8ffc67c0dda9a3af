"""Counts delays in the territory's zone: hours, days, working days, weeks, months."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.calendars import holidays
from rules.scalars import Duration

_SATURDAY, _SUNDAY = 5, 6
_EXACT = {
    "minutes": timedelta(minutes=1),
    "heures": timedelta(hours=1),
    "jours": timedelta(days=1),
    "semaines": timedelta(weeks=1),
}


def after(start: datetime, delay: Duration, zone: ZoneInfo) -> datetime:
    """Find the moment when a delay from ``start`` (aware) ends, as aware UTC.

    Hours are counted exactly; days, weeks and months keep the hour of the clock on the wall.
    Working days (jours ouvrés) leave out week-ends and public holidays, business days (jours
    ouvrables) only Sundays and public holidays.
    """
    if delay.unit == "minutes":
        return start.astimezone(UTC) + timedelta(minutes=delay.count)
    if delay.unit == "heures":
        return start.astimezone(UTC) + timedelta(hours=delay.count)
    return _days(start.astimezone(zone), delay).astimezone(UTC)


def before(end: datetime, delay: Duration, zone: ZoneInfo) -> datetime:
    """Find when a window that ends at ``end`` (aware) begins, as aware UTC.

    Days and weeks are counted exactly here: a window is no promise, and an hour is nothing to it.
    """
    exact = _EXACT.get(delay.unit)
    if exact is not None:
        return end - delay.count * exact
    return _days(end.astimezone(zone), delay, -1).astimezone(UTC)


def _days(local: datetime, delay: Duration, way: int = 1) -> datetime:
    if delay.unit == "jours":
        return local + timedelta(days=way * delay.count)
    if delay.unit == "semaines":
        return local + timedelta(weeks=way * delay.count)
    if delay.unit == "mois":
        return _months(local, way * delay.count)
    closed = {_SATURDAY, _SUNDAY} if delay.unit == "jours ouvrés" else {_SUNDAY}
    left = delay.count
    while left:
        local += timedelta(days=way)
        if local.weekday() not in closed and local.date() not in holidays(local.year):
            left -= 1
    return local


def _months(local: datetime, count: int) -> datetime:
    """Add months; a day that the month does not have becomes its last one."""
    year, month = divmod(local.year * 12 + local.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))
