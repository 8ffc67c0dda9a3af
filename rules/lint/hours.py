"""Warns of hours in which nobody is in charge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from rules.compile import RuleSet
from rules.model import Ref, ServiceEntry
from rules.problems import Problems

_WEEK = [date(2026, 11, 23) + timedelta(days=day) for day in range(7)]
_HOLIDAY, _SCHOOL_HOLIDAY = date(2026, 12, 25), date(2026, 12, 28)
_MOMENTS = [
    datetime.combine(day, time(half // 2, 30 * (half % 2)))
    for day in (*_WEEK, _HOLIDAY, _SCHOOL_HOLIDAY)
    for half in range(48)
]
"""Every half-hour of an ordinary week, and of days on which much is closed."""


def advise_hours(ruleset: RuleSet, problems: Problems) -> None:
    """Report owners that close while nobody stands in: each danger, and each service once."""
    hours = Hours(ruleset)
    told = _dangers(ruleset, hours, problems)
    _owners(ruleset, hours, told, problems)


class Hours:
    """When services are there."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._services = ruleset.configuration.services
        self._closed: dict[str, frozenset[datetime]] = {}

    def named(self, refs: Iterable[Ref]) -> Iterator[tuple[Ref, ServiceEntry]]:
        """List the services that names mean, with every value of a role."""
        for ref in refs:
            for entry in self._ruleset.configuration.services_of(ref.id):
                yield ref, entry

    def chain(self, entry: ServiceEntry) -> list[ServiceEntry]:
        """List a service and those who stand in for it, one after another."""
        found = [entry]
        while (deputy := found[-1].service.deputy) and self._services[deputy] not in found:
            found.append(self._services[deputy])
        return found

    def closes(self, *entries: ServiceEntry) -> bool:
        """Whether there are hours in which none of them is there."""
        closed = frozenset(_MOMENTS)
        for entry in entries:
            closed &= self._without(entry.service.hours)
        return bool(closed)

    def _without(self, calendar: str | None) -> frozenset[datetime]:
        if calendar is None:
            return frozenset()
        if calendar not in self._closed:
            holds = self._ruleset.calendars.holds
            self._closed[calendar] = frozenset(
                at for at in _MOMENTS if not holds(calendar, at, at.date())
            )
        return self._closed[calendar]


def _dangers(ruleset: RuleSet, hours: Hours, problems: Problems) -> set[str]:
    """Report dangers that wait for somebody to come in the morning; gives the services told of."""
    told: set[str] = set()
    for one in ruleset.rules:
        if one.rule.priority != "danger":
            continue
        for ref, entry in hours.named(one.rule.owners):
            chain = hours.chain(entry)
            if not hours.closes(*chain):
                continue
            name = entry.service.id
            left = (
                "n'a pas de suppléant" if len(chain) == 1 else "dont les suppléants ferment aussi"
            )
            link = "et " if len(chain) == 1 else ""
            problems.warning(
                ref.at,
                "heures-sans-personne",
                f"La règle de danger « {one.rule.id} » confie ses cas à « {name} », "
                f"qui ferme (« {entry.service.hours} ») {link}{left}",
                "Donnez-lui un suppléant, ou nommez une astreinte.",
            )
            told.add(name)
            break
    return told


def _owners(ruleset: RuleSet, hours: Hours, told: set[str], problems: Problems) -> None:
    """Report services in charge that close without a deputy; the last resort has nobody behind it."""
    configuration = ruleset.configuration
    refs = [ref for one in ruleset.rules for ref in one.rule.owners]
    refs += [cell.owner for cell in configuration.cells]
    refs += [file.default for file in configuration.files if file.default]
    last = ruleset.owners.last.service
    entries = {entry.service.id: entry for _, entry in hours.named(refs)}
    for name, entry in entries.items():
        if name in told or name == last or entry.service.deputy or not hours.closes(entry):
            continue
        problems.warning(
            entry.at,
            "heures-sans-personne",
            f"« {name} » ferme (« {entry.service.hours} ») et n'a pas de suppléant : "
            "personne n'est en charge de ses cas pendant ces heures",
            "Donnez-lui un suppléant.",
        )
