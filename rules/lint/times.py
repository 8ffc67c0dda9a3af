"""Warns of calendars and rules that end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rules.calendars import SCHOOL, SCHOOL_KNOWN_UNTIL
from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.time import Received
from rules.model import Configuration
from rules.problems import At, Problems
from rules.scalars import Season
from rules.spoken import day_said


def advise_times(ruleset: RuleSet, problems: Problems, today: date | None) -> None:
    """Report calendars that end too soon, where today is known, and rules that have ended."""
    if today is not None:
        _calendars(ruleset, problems, date(today.year + 1, 12, 31))
        _ended(ruleset, problems, today)


def _ended(ruleset: RuleSet, problems: Problems, today: date) -> None:
    for one in ruleset.rules:
        last = _end(one.rule.season)
        if last is not None and last < today:
            problems.warning(
                one.rule.at,
                "regle-finie",
                f"La règle « {one.rule.id} » n'agit plus depuis le {day_said(last)}",
                "Gardez-la le temps de vos rejeux, puis enlevez-la, ou changez ses dates.",
            )


def _calendars(ruleset: RuleSet, problems: Problems, needed: date) -> None:
    """Report calendars in use whose days are not known until the end of next year."""
    configuration = ruleset.configuration
    told: set[str] = set()
    for name, at in _in_use(ruleset):
        for each in _cited(configuration, name):
            if each in told:
                continue
            told.add(each)
            last = _last_day(configuration, each)
            if last is None or last >= needed:
                continue
            if each == SCHOOL:
                what = f"Les vacances scolaires ne sont connues que jusqu'au {day_said(last)}"
                fix = "Mettez Guichet à jour quand le calendrier officiel paraît."
            else:
                what = f"Le calendrier « {each} » n'a plus de jours après le {day_said(last)}"
                fix = f"Ajoutez ses jours de {needed.year}, ou « chaque_annee: oui »."
            problems.warning(at, "vacances-inconnues", what, fix)


def _in_use(ruleset: RuleSet) -> Iterable[tuple[str, At]]:
    """List the calendars that rules and services name, where they do."""
    for one in ruleset.rules:
        for condition in leaves((*one.rule.when, *one.rule.unless)):
            if isinstance(condition, Received):
                for name in (*condition.within, *condition.unless):
                    yield name, condition.at
    for entry in ruleset.configuration.services.values():
        if entry.service.hours:
            yield entry.service.hours, entry.at


def _cited(configuration: Configuration, name: str) -> list[str]:
    """List a calendar and those that it names in turn."""
    found = [name]
    for each in found:
        calendar = configuration.calendars.get(each)
        if calendar is not None:
            own = (*calendar.within, *calendar.unless)
            found += [other for other in own if other not in found]
    return found


def _last_day(configuration: Configuration, name: str) -> date | None:
    """Find the last day of a calendar; None for one that never ends."""
    if name == SCHOOL:
        return SCHOOL_KNOWN_UNTIL
    calendar = configuration.calendars.get(name)
    return _end(calendar.season if calendar else None)


def _end(season: Season | None) -> date | None:
    end = season.end if season is not None and not season.yearly else None
    return date(end.year, end.month, end.day) if end is not None and end.year else None
