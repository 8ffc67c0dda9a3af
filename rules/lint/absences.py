"""Tells of absences that leave cases to nobody, and of those that are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, MINYEAR, date, timedelta

from rules.absences import Absence
from rules.compile import RuleSet
from rules.lint.hours import Hours
from rules.model import ServiceEntry
from rules.problems import Problems
from rules.scalars import Day, Season
from rules.spoken import day_said, period_said

_ANY_YEAR, _LEAP_YEAR = 2027, 2028


def advise_absences(ruleset: RuleSet, problems: Problems, today: date | None) -> None:
    """Report absences with nobody behind the service; where today is known, those that are over."""
    hours, last = Hours(ruleset), ruleset.owners.last.service
    for entry in ruleset.configuration.services.values():
        over = [one for one in entry.absences if today and _is_over(one.season, today)]
        _over(entry, over, problems)
        left = [one for one in entry.absences if one not in over]
        if entry.service.id == last and today and _gone(hours.chain(entry), today):
            _dead(entry, left[0], problems)
        elif left and entry.service.deputy is None:
            _alone(entry, left[0], last, problems)
        elif left:
            _together(hours.chain(entry), today, problems)


def _gone(chain: Iterable[ServiceEntry], today: date) -> bool:
    """Whether a service and all who stand in for it are away until further notice."""
    return all(
        any(not a.season.yearly and a.season.end is None and a.season.holds(today) for a in own)
        for own in (one.absences for one in chain)
    )


def _dead(entry: ServiceEntry, absence: Absence, problems: Problems) -> None:
    problems.error(
        absence.at,
        "a-defaut-mort",
        f"Le responsable par défaut de la métropole « {entry.service.id} » est en absence jusqu'à "
        "nouvel ordre, et personne ne le remplace",
        "Donnez-lui un suppléant, ou un dernier jour à son absence.",
    )


def _is_over(season: Season, today: date) -> bool:
    end = _dated(season.end)
    return not season.yearly and end is not None and end < today


def _over(entry: ServiceEntry, over: Iterable[Absence], problems: Problems) -> None:
    for absence in over:
        end = absence.season.end
        problems.warning(
            absence.at,
            "absence-finie",
            f"L'absence de « {entry.service.id} » est finie depuis le {day_said(end) if end else ''}",
            "Gardez-la tant que vous rejouez les demandes de ces jours, puis enlevez-la.",
        )


def _alone(entry: ServiceEntry, absence: Absence, last: str, problems: Problems) -> None:
    name, when = entry.service.id, period_said(absence.season)
    end = "lui arrivent quand même" if name == last else "vont au responsable par défaut"
    problems.warning(
        absence.at,
        "absence-sans-suppleant",
        f"« {name} » est en absence {when} et n'a pas de suppléant : ses demandes {end}",
        "Donnez-lui un suppléant.",
    )


def _together(chain: Sequence[ServiceEntry], today: date | None, problems: Problems) -> None:
    """Report the first day on which a service and all who stand in for it are away."""
    days = set(_first_days([one.season for entry in chain for one in entry.absences], today))
    for day in sorted(day for day in days if today is None or day >= today):
        holding = [one for one in chain[0].absences if one.season.holds(day)]
        if holding and all(any(a.season.holds(day) for a in one.absences) for one in chain):
            *names, last = (f"« {one.service.id} »" for one in chain)
            problems.warning(
                holding[0].at,
                "absences-ensemble",
                f"{', '.join(names)} et {last} sont en absence ensemble le {day_said(day)} : personne d'autre ne les "
                "remplace, et leurs demandes vont au responsable par défaut",
                "Décalez l'une des absences, ou ajoutez un suppléant.",
            )
            return


def _first_days(seasons: Sequence[Season], today: date | None) -> Iterable[date]:
    """List days of which one is the first that periods share, if they share any."""
    named = {day.year for one in seasons for day in (one.start, one.end) if day and day.year}
    named |= {today.year} if today else set()
    years = {year + step for year in named for step in (-1, 0, 1)} | {_ANY_YEAR, _LEAP_YEAR}
    years = {year for year in years if MINYEAR <= year <= MAXYEAR}
    yield from [today] if today else []
    for season in seasons:
        if season.yearly:
            first = season.start or Day(1, 1)
            for year in years:
                # the year without a 29 February begins such a period on the first of March
                yield date(year, first.month, 1) + timedelta(days=first.day - 1)
        else:
            yield from filter(None, (_dated(season.start), _dated(season.end)))


def _dated(day: Day | None) -> date | None:
    return date(day.year, day.month, day.day) if day is not None and day.year else None
