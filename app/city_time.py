"""Shows moments as the city's clocks do, and reads those that people type so, wherever we run."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.reading.territory import PATH

MINUTE = "%d/%m/%Y %H:%M"
SECOND = "%d/%m/%Y %H:%M:%S"
DAY = "%d/%m/%Y"
_STATED = re.compile(rb"^(?:fuseau|timezone) *: *[\"']?([\w/+-]+)", re.MULTILINE)


class CityTime:
    """The time zone of the territory that a command works for; one process, one territory."""

    def __init__(self) -> None:
        self.zone = ZoneInfo("Europe/Paris")

    def learn(self, territory: bytes) -> None:
        """Take the zone from the text of :data:`PATH`; without one there the zone stays."""
        found = _STATED.search(territory)
        if found:
            with suppress(ZoneInfoNotFoundError, ValueError):  # the check of the rules names it
                self.zone = ZoneInfo(found[1].decode())

    def learn_of(self, config: Path) -> None:
        """Take the zone from a folder of rules; one that cannot be read is told by who reads it."""
        with suppress(OSError):
            self.learn((config / PATH).read_bytes())

    def shown(self, at: datetime, form: str = MINUTE) -> str:
        return at.astimezone(self.zone).strftime(form)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def typed(self, at: datetime) -> datetime:
        """Take a moment without a zone for one of the city's clocks."""
        return at if at.tzinfo else at.replace(tzinfo=self.zone)


CITY = CityTime()
