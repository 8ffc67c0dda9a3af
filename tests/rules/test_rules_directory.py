"""Texts, names, delays and opening hours of a configuration."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rules_town import Town

from router.decision import ServiceId
from router.directory import Level
from rules.calendars import easter, holidays, is_school_holiday, school_zone
from rules.directory import RulesDirectory
from rules.scalars import Unreadable, duration, hours, metres


def directory(town: Town) -> RulesDirectory:
    return RulesDirectory(town.ruleset().configuration)


def test_services_and_counters_are_found(town: Town) -> None:
    town.write(
        "compteurs.yaml",
        "compteurs: [{id: n, canal: email, adresse: Guichet@nantes.example, commune: Nantes},"
        " {id: x, canal: x, adresse: Nantes, actif: non}]",
    )
    found = directory(town)
    service = found.service(ServiceId("paix-nantes"))
    assert service is not None
    assert (service.level, service.insee, service.deputy) == (Level.CITY, "44109", "mairie-nantes")
    assert found.service(ServiceId("nobody")) is None
    counter = found.counter("email", "guichet@NANTES.example")
    assert counter is not None
    assert counter.commune == "44109"
    assert found.counter("sms", "guichet@nantes.example") is None
    assert [one.active for one in found.counters()] == [True, False]


def test_a_text_falls_back_to_english_then_french(town: Town) -> None:
    found = directory(town)
    assert found.text("consigne-gaz", "fr") == ("fr", "Appelez le 18.")
    assert found.text("consigne-gaz", "ar") == ("en", "Call 18.")
    assert found.text("merci", "ar") == ("fr", "Merci {numero}")
    assert found.text("consigne-gaz", "fr", short=True) == ("fr", "18")
    assert found.text("consigne-gaz", "en", short=True) == ("en", "Call 18.")
    assert found.text("nothing", "fr") is None


def test_categories_have_names_families_and_questions(town: Town) -> None:
    found = directory(town)
    assert found.category_name("trottoir", "ar") == "Trottoir"
    assert found.category_family("trottoir") == "voirie"
    assert found.questions_of("trottoir") == ()
    assert found.category_name("unknown", "fr") == "unknown"


def test_a_category_that_asks_nothing_does_not_ask_what_its_parent_does(town: Town) -> None:
    town.write(
        "categories.yaml",
        """
        categories:
          - id: voirie
            famille: voirie
            noms: {fr: Voirie}
            questions: [lieu]
            enfants:
              - {id: trottoir, noms: {fr: Trottoir}}
              - {id: permis, noms: {fr: Permission}, questions: []}
        """,
    )
    found = RulesDirectory(town.ruleset().configuration)
    assert found.questions_of("trottoir") == ("lieu",)
    assert found.questions_of("permis") == ()


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        ("48 heures", "2026-11-27 16:00"),
        ("5 jours", "2026-11-30 16:00"),
        ("1 jour ouvré", "2026-11-26 16:00"),
        ("5 jours ouvrés", "2026-12-02 16:00"),
        ("5 jours ouvrables", "2026-12-01 16:00"),
        ("2 semaines", "2026-12-09 16:00"),
        ("1 mois", "2026-12-25 16:00"),
        ("3 mois", "2027-02-25 16:00"),
        ("30 min", "2026-11-25 16:30"),
    ],
)
def test_delays_run_from_reception(delay: str, due: str, town: Town) -> None:
    received = datetime(2026, 11, 25, 16, tzinfo=UTC)  # a Wednesday, 17:00 in Nantes
    found = directory(town).due_at(received, delay)
    assert found.strftime("%Y-%m-%d %H:%M") == due
    assert found.tzinfo is UTC


def test_the_clock_on_the_wall_is_kept_across_summer_time(town: Town) -> None:
    received = datetime(2026, 10, 24, 8, tzinfo=UTC)  # 10:00 summer time
    assert directory(town).due_at(received, "2 jours") == datetime(2026, 10, 26, 9, tzinfo=UTC)
    assert directory(town).due_at(received, "48 heures") == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_a_month_ends_on_its_last_day(town: Town) -> None:
    received = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert directory(town).due_at(received, "1 mois").day == 28


def test_opening_hours(town: Town) -> None:
    town.write(
        "calendriers.yaml",
        "calendriers: {bureau: {jours: lun-ven, heures: 8h30-17h30, sauf: [feries]}}",
    )
    found = directory(town)
    assert found.is_open("bureau", datetime(2026, 11, 24, 7, 30, tzinfo=UTC))
    assert not found.is_open("bureau", datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    assert not found.is_open("bureau", datetime(2026, 12, 25, 10, tzinfo=UTC))
    assert found.is_open("unknown", datetime(2026, 12, 25, 10, tzinfo=UTC))


def test_holidays_of_france() -> None:
    assert easter(2026).isoformat() == "2026-04-05"
    assert easter(2027).isoformat() == "2027-03-28"
    assert len(holidays(2026)) == 11
    assert is_school_holiday(datetime(2026, 2, 20).date(), "B")  # noqa: DTZ001 — a day
    assert not is_school_holiday(datetime(2026, 2, 9).date(), "B")  # noqa: DTZ001 — a day
    assert [school_zone(code) for code in ("44109", "69123", "75056")] == ["B", "A", "C"]


@pytest.mark.parametrize("text", ["22h-6h", "22:00-06:00", "22 h – 6 h", "de 22h à 6h"])
def test_hours_read_as_people_write_them(text: str) -> None:
    assert (hours(text).start, hours(text).end) == (22 * 3600, 6 * 3600)


@pytest.mark.parametrize("text", ["", "8h", "8h-25h", "8h-8h", "08:61-09:00", "matin"])
def test_what_is_no_range_of_hours_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        hours(text)


def test_durations_and_distances() -> None:
    assert str(duration("1 jours ouvrés")) == "1 jour ouvré"
    assert str(duration("5 JOURS ouvres")) == "5 jours ouvrés"
    assert metres("1,5 km") == 1500
    with pytest.raises(Unreadable):
        duration("0 jour")
