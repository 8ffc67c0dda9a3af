"""Looks up what the configuration says about services, counters, texts, categories and hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from router.decision import ServiceId
from router.directory import Counter, Service
from router.rights import Rights
from rules import scalars
from rules.calendars import BUILT_IN, Calendars, school_zone
from rules.delays import after
from rules.model import Configuration
from rules.silence import read_silence


class RulesDirectory:
    """A Directory and Texts of one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._services = tuple(entry.service for entry in configuration.services.values())
        self._counters = {
            (counter.channel, counter.address.casefold()): counter
            for counter in configuration.counters
        }
        last = (f.default for f in configuration.files if f.territory == configuration.metropole)
        self._desk = next((default.id for default in last if default), "")
        self._zone = ZoneInfo(configuration.timezone)
        communes = configuration.territory.communes
        school = school_zone(communes[0].insee) if communes else "B"
        self._calendars = Calendars(configuration.calendars, school)

    # --- services and counters -------------------------------------------------------------------

    def service(self, service: ServiceId) -> Service | None:
        entry = self._configuration.services.get(service)
        return entry.service if entry else None

    def services(self) -> tuple[Service, ...]:
        return self._services

    @property
    def desk(self) -> Service:
        """Give the metropole's `a_defaut`; a checked configuration always has one."""
        return self._configuration.services[self._desk].service

    def counter(self, channel: str, account: str) -> Counter | None:
        return self._counters.get((channel, account.casefold()))

    def counters(self) -> tuple[Counter, ...]:
        return self._configuration.counters

    # --- texts -----------------------------------------------------------------------------------

    def text(self, text: str, language: str, *, short: bool = False) -> tuple[str, str] | None:
        """Find a text in a language, else in English, else in French."""
        long = self._configuration.texts.get(text, {})
        brief = self._configuration.short_texts.get(text, {}) if short else {}
        for wanted in (language, language.split("-")[0], "en", "fr"):
            found = brief.get(wanted) or long.get(wanted)
            if found:
                return wanted, found
        return next(iter(long.items()), None)

    def wordings(self) -> Iterator[str]:
        """Give every text as it was written, in every language and length."""
        for texts in (self._configuration.texts, self._configuration.short_texts):
            for written in texts.values():
                yield from written.values()

    # --- categories ------------------------------------------------------------------------------

    def category_name(self, category: str, language: str) -> str:
        """Name a category in a language, else in English, else in French, else by its id."""
        found = self._configuration.categories.get(category)
        if found is None:
            return category
        for wanted in (language, "en", "fr"):
            if wanted in found.names:
                return found.names[wanted]
        return category

    def category_family(self, category: str) -> str | None:
        found = self._configuration.categories.get(category)
        return found.family if found else None

    def questions_of(self, category: str) -> tuple[str, ...]:
        """List the facts to ask about a category; children that name none inherit them."""
        for name in self._configuration.ancestry(category):
            own = self._configuration.categories[name].questions
            if own is not None:
                return own
        return ()

    def rights(self, category: str, received_at: datetime) -> Rights | None:
        """Say what silence means for a category, whose children inherit it, and from which day on."""
        said = next(
            filter(
                None,
                (
                    self._configuration.categories[name].silence
                    for name in self._configuration.ancestry(category)
                ),
            ),
            "",
        )
        try:
            silence = read_silence(said) if said else None
        except scalars.Unreadable:  # the check has warned of it: no date is better than a wrong one
            return None
        if silence is None:
            return None
        end = self.due_at(received_at, silence.after) if silence.after else None
        return Rights(
            received_at.astimezone(self._zone).date(),
            silence.meaning,
            end.astimezone(self._zone).date() if end else None,
            self._configuration.court,
        )

    def categories(self) -> tuple[str, ...]:
        return tuple(self._configuration.categories)

    # --- time ------------------------------------------------------------------------------------

    def due_at(self, received_at: datetime, delay: str) -> datetime:
        """Find when a delay as a rule writes it ("5 jours ouvrés") ends, as aware UTC.

        Raises:
            scalars.Unreadable: the text is no delay.
        """
        return after(received_at, scalars.duration(delay), self._zone)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the territory."""
        return self._zone

    def is_open(self, calendar: str, at: datetime) -> bool:
        """Whether a moment lies in a calendar; an unknown calendar is always open."""
        if calendar not in self._configuration.calendars and calendar not in BUILT_IN:
            return True
        local = at.astimezone(self._zone)
        return self._calendars.holds(calendar, local, local.date())
