"""The page of the published rules says when a service is away, and who answers then."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest
from rules_town import SERVICES, Town

from app.rulebook import load_folder
from router.versions import RulesetVersion
from web.published.page import page

NOW = datetime(2026, 8, 10, 9, 0, tzinfo=UTC)
LIGHTS = "adresse: e@m.example}"
DESK = "adresse: a@m.example}"
ROADS = "adresse: v@m.example}"


@pytest.fixture
def shown(tmp_path):
    def show(now: datetime = NOW, **said: str) -> str:
        services = SERVICES
        for name, more in said.items():
            own = {"lights": LIGHTS, "desk": DESK, "roads": ROADS}[name]
            services = services.replace(own, f"{own}, {more}")
        town = Town(tmp_path / "config").write("services.yaml", services)
        rulebook = load_folder(town.folder)
        version = RulesetVersion(1, rulebook.hash, "Awa", "essai", now, {})
        text = page(rulebook.ruleset.configuration, rulebook.geography, version, now)
        return unescape(text).replace("\N{NO-BREAK SPACE}", " ")

    return show


def test_an_absence_to_come_shows_its_days_and_who_answers_but_never_why(shown):
    text = shown(
        lights="suppleant: voirie-m, absences: [{du: 2026-08-12, au: 2026-08-20, motif: opération}]"
    )
    assert "Absence du 12 au 20 août 2026 : Voirie répond à sa place." in text
    assert "opération" not in text


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("{au: 2026-08-09}", ""),
        ("{du: 2026-08-01, au: 2026-08-10}", "du 1er au 10 août 2026"),
        ("{du: 2026-08-01}", "à partir du 1er août 2026"),
        ("{du: 1er août, au: 5 août, chaque_annee: oui}", "du 1er au 5 août, chaque année"),
    ],
)
def test_what_is_over_is_left_out(days, said, shown):
    text = shown(lights=f"suppleant: voirie-m, absences: [{days}]")
    assert (f"Absence {said} : Voirie" in text) if said else ("Absence" not in text)


def test_the_day_is_that_of_the_territory(shown):
    before_midnight_in_utc = datetime(2026, 8, 20, 22, 30, tzinfo=UTC)
    away = "suppleant: voirie-m, absences: [{au: 2026-08-20}]"
    assert "Absence" not in shown(before_midnight_in_utc, lights=away)


def test_the_nearest_absence_stands_first(shown):
    text = shown(
        lights="suppleant: voirie-m, absences: [{du: 5 août, au: 6 août, chaque_annee: oui}, "
        "{du: 2027-01-04, au: 2027-01-05}, {du: 2026-12-01, au: 2026-12-02}, {au: 2026-08-11}]"
    )
    order = ["11 août 2026", "2 décembre 2026", "5 janvier 2027", "6 août, chaque"]
    assert sorted(order, key=text.index) == order


def test_a_stand_in_who_may_be_away_too_is_named_with_the_next_one(shown):
    away = "absences: [{du: 2026-08-12, au: 2026-08-20}]"
    text = shown(lights=f"suppleant: voirie-m, {away}", roads=f"suppleant: mairie-nantes, {away}")
    assert (
        "Absence du 12 au 20 août 2026 : Voirie répond à sa place, ou Mairie de Nantes en cas d'absence aussi."
        in text
    )
    other = "absences: [{du: 2026-08-21, au: 2026-08-22}]"
    text = shown(lights=f"suppleant: voirie-m, {away}", roads=f"suppleant: mairie-nantes, {other}")
    assert "du 12 au 20 août 2026 : Voirie répond à sa place." in text


def test_without_a_stand_in_it_is_who_takes_what_nobody_else_does(shown):
    away = "absences: [{du: 2026-08-12, au: 2026-08-20}]"
    assert "2026 : Guichet répond à sa place." in shown(lights=away)
    assert "2026 : vos demandes l'attendent." in shown(desk=away)


def test_a_page_without_absences_speaks_of_none(shown):
    assert "Absence" not in shown()


def test_the_first_day_of_all_and_the_last_are_days(shown):
    text = shown(lights="suppleant: voirie-m, absences: [{du: 1900-01-01, au: 9999-12-31}]")
    assert "31 décembre 9999 : Voirie" in text
