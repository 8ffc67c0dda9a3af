"""A date of no believable year is refused at its place, wherever a file may write one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import COMPETENCES, SERVICES, Town

from rules import delays, scalars
from rules.checking import check
from rules.reading.arrival import LAST_YEAR, arrival
from rules.scalars import Unreadable
from rules.trials import run
from understanding.territory import Territory

PARIS = ZoneInfo("Europe/Paris")
RULE = "{id: a, si: {contient: [lampe]}, alors: {responsable: routes}}"
NIGHT = "{id: a, si: {contient: [lampe], recu: {heures: 22h-6h}}, alors: {responsable: routes}}"
BY_CALENDAR = "{id: a, si: {contient: [lampe], recu: {dans: x}}, alors: {responsable: routes}}"
PERIODS = {
    "a rule": "{id: a, WHEN, si: {contient: [lampe]}, alors: {responsable: routes}}",
    "effects": "{id: a, si: {contient: [lampe]}, alors: {responsable: routes, WHEN}}",
    "a step": "{id: a, si: {contient: [lampe]}, seuils: {confirmations: 2, responsable: routes, WHEN}}",
    "a condition": "{id: a, si: {contient: [lampe], recu: {WHEN}}, alors: {responsable: routes}}",
    "an exception": (
        "{id: a, si: {contient: [lampe]}, sauf: {recu: {WHEN}}, alors: {responsable: routes}}"
    ),
}
NEVER = ["0000-01-01", "1er janvier 0000", "1er janvier 0", "00/00", "31/12/1899"]


def places(day: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Write a date at every place of a folder that takes one: the place, and the files."""
    for key in ("du", "au"):
        for yearly in ("", ", chaque_annee: oui"):
            when = f'{key}: "{day}"{yearly}'
            for name, rule in PERIODS.items():
                yield f"{name}: {when}", _file(rule.replace("WHEN", when))
            away = SERVICES.replace(
                "suppleant: mairie-nantes", f"suppleant: mairie-nantes, absences: [{{{when}}}]"
            )
            yield f"an absence: {when}", _file(RULE) | {"services.yaml": away}
            calendar = f"calendriers: {{x: {{{when}}}}}\n"
            yield f"a calendar: {when}", _file(BY_CALENDAR) | {"calendriers.yaml": calendar}
    granted = f'accords: [{{a: Nantes, famille: voirie, jusqu_au: "{day}"}}]\n'
    yield "an agreement", _file(RULE) | {"competences.yaml": COMPETENCES + granted}
    for hour in ("", " 00:30", " 23:59:59"):
        for rule in (RULE, NIGHT):
            yield f"a test at{hour}", _file(rule, f'{{texte: lampe, recu: "{day}{hour}"}}')


def _file(rule: str, case: str = "") -> dict[str, str]:
    tests = f"essais:\n  - {{cas: {case}, attendu: {{urgence: normale}}}}\n" if case else ""
    head = "territoire: metropole\na_defaut: guichet\n"
    return {
        "services.yaml": SERVICES,
        "competences.yaml": COMPETENCES,
        "calendriers.yaml": "calendriers: {}\n",
        "regles/metropole.yaml": f"{head}regles:\n  - {rule}\n{tests}",
    }


@pytest.mark.parametrize("day", NEVER)
def test_a_date_of_no_believable_year_is_refused_at_its_place(day: str, town: Town) -> None:
    accepted = []
    for place, files in places(day):
        for path, content in files.items():
            town.write(path, content)
        found = check(town.folder, Territory.from_description, date(2026, 11, 27)).problems
        errors = [one for one in found if one.severity == "error"]
        if [f"« {day}" in str(one) for one in errors] != [True]:
            accepted.append((place, [str(one) for one in errors]))
    assert accepted == []


@pytest.mark.parametrize("day", ["1900-01-01", "9999-12-31"])
def test_the_first_and_the_last_believable_dates_are_counted_with(day: str, town: Town) -> None:
    for place, files in places(day):
        for path, content in files.items():
            town.write(path, content)
        checked = check(town.folder, Territory.from_description, date(2026, 11, 27))
        errors = [str(one) for one in checked.problems if one.severity == "error"]
        if day.startswith("9999") and place.startswith("a test"):
            assert [f"jusqu'à l'année {LAST_YEAR}" in one for one in errors] == [True], place
        elif checked.ruleset is not None:
            run(checked.ruleset)


@given(
    year=st.sampled_from([scalars.FIRST_YEAR, 2024, LAST_YEAR]),
    count=st.integers(1, 10**9 - 1),
    unit=st.sampled_from(["minutes", "heures", "jours", "semaines", "mois"]),
)
def test_whatever_delay_may_be_written_ends_within_the_calendar(
    year: int, count: int, unit: str
) -> None:
    try:
        delay = scalars.duration(f"{count} {unit}")
    except Unreadable:
        assert count > 1_200
        return
    for at in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, tzinfo=UTC)):
        assert delays.before(at, delay, PARIS) < at < delays.after(at, delay, PARIS)


@pytest.mark.parametrize("unit", ["jours ouvrés", "jours ouvrables"])
def test_the_longest_delay_of_working_days_ends_within_the_calendar(unit: str) -> None:
    longest = scalars.duration(f"36525 {unit}")
    at = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)
    assert delays.after(at, longest, PARIS).year > LAST_YEAR + 100


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (scalars.duration, "36526 jours"),
        (scalars.duration, "1201 mois"),
        (scalars.duration, "9" * 5000 + " jours"),
        (scalars.metres, "9" * 5000 + " m"),
        (arrival, "3000-01-01 00:00"),
    ],
)
def test_what_is_too_long_or_too_far_is_refused_in_a_sentence(reader, text: str) -> None:
    with pytest.raises(Unreadable):
        reader(text)
