"""What past cases would become under a draft."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from past import RULES, TO_ROADS, Past

from app.since import since

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 27, 11, tzinfo=UTC)


def test_the_live_rules_change_nothing_of_what_they_decided(past, cases):
    said = past.fine("replay", past.config)
    assert "Aucun des 5 cas rejoués ne changerait." in said
    found = past.read("replay", past.config)
    assert (found["cases"], found["replayed"], found["changed"]) == (5, 5, 0)


def test_a_replay_says_what_moves_where_and_each_case(past, cases):
    past.change(*TO_ROADS)
    said = past.fine("replay", past.config)
    assert "2 cas changeraient : 2 Éclairage → Voirie\n" in said
    assert cases["lampe"] in said
    assert cases["autre lampe"] in said
    assert cases["gaz"] not in said
    assert "par la règle « lampadaires »" in said


def test_a_danger_that_would_no_longer_be_seen_comes_first(past, cases):
    past.town.rules(RULES.replace("odeur de gaz", "fuite de gaz").replace(*TO_ROADS))
    found = past.read("replay", past.config)
    assert found["changes"][0]["number"] == cases["gaz"]
    assert found["changes"][0]["kinds"][:2] == ["danger_lost", "without_rule"]
    assert (found["danger_lost"], found["urgency_lowered"], found["changed"]) == (1, 1, 3)
    said = past.fine("replay", past.config)
    assert said.index("Danger qui ne serait plus vu :") < said.index(cases["lampe"])
    assert "urgence : immédiate → normale" in said


def test_a_danger_that_would_answer_nothing_is_told(past, cases):
    past.change("urgence: immediate, repondre: consigne-gaz", "urgence: immediate")
    [one] = past.read("replay", past.config)["changes"]
    assert (one["number"], one["kinds"]) == (cases["gaz"], ["replies"])
    assert (one["from"]["replies"], one["to"]["replies"]) == (["consigne-gaz"], [])
    said = past.fine("replay", past.config)
    assert "Cas dont la réponse changerait :" in said
    assert "réponse : consigne-gaz → rien" in said


DOES_MORE = (
    "{contient: [lampadaire]}\n  alors: {responsable: eclairage-m}",
    "{contient: [lampadaire]}\n  alors: {responsable: eclairage-m, delai: 5 jours ouvrés, "
    "etiquettes: [nuit], consulter: [voirie-m], transmettre_par: open311, proposer: visite, "
    "escalade: {apres: 2 jours, vers: guichet}}",
)


def test_what_else_a_rule_does_is_told_in_words_and_for_programs(past, cases, tmp_path):
    past.change(*DOES_MORE)
    said = past.fine("replay", past.config, "--csv", tmp_path / "c.csv")
    for line in (
        "2 cas dont le délai changerait",
        "Cas qui demanderaient d'autres avis :",
        "avis demandés : rien → Voirie",
        "voie : celle du service → open311",
        "alerte : rien → Guichet après 2 jours",
        "délai : aucun → 5 jours ouvrés",
        "proposition : rien → visite",
        "étiquettes : rien → nuit",
    ):
        assert line in said
    found = past.read("replay", past.config)
    assert (found["labels"], found["delay"], found["escalation"]) == (2, 2, 2)
    one = found["changes"][0]
    assert one["kinds"] == [
        "consult", "transmit_by", "escalation", "delay", "proposals", "labels"
    ]  # fmt: skip
    assert one["to"]["escalation"] == {"after": "2 jours", "to": "guichet"}
    assert (one["from"]["delay"], one["to"]["delay"]) == (None, "5 jours ouvrés")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        effects = {row["effets"] for row in csv.DictReader(file, delimiter=";")}
    assert effects == {
        "autres avis demandés, autre voie, autre alerte, autre délai, autre proposition, "
        "autres étiquettes"
    }


def test_a_case_is_replayed_with_the_time_at_which_it_came(past, cases):
    past.change("heures: 22h-6h", "heures: 8h-18h")
    [one] = past.read("replay", past.config)["changes"]
    assert (one["number"], one["kinds"]) == (cases["musique"], ["urgency_lowered"])


def test_a_refused_case_is_replayed_with_its_refusal_and_counts_once(past):
    past.case("lampadaire cassé", refused=["hors zone"])
    found = past.read("replay", past.config)
    assert (found["cases"], found["changed"]) == (1, 0)


def test_cases_whose_facts_are_gone_are_counted_and_said(past, cases):
    past.case("lampadaire", blank=True)
    found = past.read("replay", past.config)
    assert found["not_replayed"] == {"facts_missing": 1, "engine_error": 0}
    assert (found["cases"], found["replayed"]) == (6, 5)
    assert "1 cas n'a pas pu être rejoué : les faits ne sont plus là." in past.fine(
        "replay", past.config
    )


def test_changed_cases_go_into_a_table_for_spreadsheets(past, cases, tmp_path):
    past.change(*TO_ROADS)
    past.fine("replay", past.config, "--csv", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert {row["numero"] for row in rows} == {cases["lampe"], cases["autre lampe"]}
    assert {(row["de"], row["a"]) for row in rows} == {("eclairage-m", "voirie-m")}
    assert {row["effets"] for row in rows} == {"autre service"}


def test_only_what_is_recent_enough_is_replayed(past, cases):
    assert past.read("replay", past.config, "--since", "30h")["cases"] == 5
    assert "rien à rejouer" in Past(past.data.parent / "new").fine("replay", past.config)


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("90j", 90 * 24),
        ("90 jours", 90 * 24),
        ("12h", 12),
        ("1 heure", 1),
        ("2s", 14 * 24),
        ("2 semaines", 14 * 24),
        ("1 mois", 31 * 24),
        ("30", 30 * 24),
        ("90d", 90 * 24),
        ("2w", 14 * 24),
    ],
)
def test_how_far_back_is_read_in_french_and_in_english(written, hours):
    assert since(written, NOON) == NOON - timedelta(hours=hours)


@pytest.mark.parametrize(
    "written", ["2026-09-01", "01/09/2026", "1er septembre 2026", "1er septembre", "01/09"]
)
def test_a_replay_begins_on_a_day_too(written):
    assert since(written, NOON) == datetime(2026, 9, 1, tzinfo=PARIS)


def test_a_day_without_its_year_is_the_last_one():
    assert since("1er décembre", NOON) == datetime(2025, 12, 1, tzinfo=PARIS)


def test_a_replay_shows_since_when_it_looked(past, cases):
    assert "depuis le 01/09/2026" in past.fine("replay", past.config, "--since", "2026-09-01")
    new = Past(past.data.parent / "new")
    said = new.fine("replay", new.config, "--since", "2026-09-01")
    assert "Aucun cas n'a été décidé depuis le 01/09/2026 : il n'y a rien à rejouer." in said


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("hier", "« hier » n'est pas une durée ni une date : écrivez 90j, 12h, 2 semaines"),
        ("0j", "« 0j » n'est pas une durée"),
        ("-3j", "« -3j » n'est pas une durée"),
        ("99999999j", "« 99999999j » n'est pas une durée"),
        ("31/02/2026", "« 31/02/2026 » n'est pas une durée ni une date"),
        ("29/02", "« 29/02 » n'est pas une durée ni une date"),
        ("2999-01-01", "« 2999-01-01 » n'est pas encore passé."),
        ("", "« » n'est pas une durée"),
    ],
)
def test_what_is_neither_a_duration_nor_a_past_day_is_one_sentence(past, wrong, told):
    code, said = past.run("replay", past.config, f"--since={wrong}")
    assert code == 2
    assert told in " ".join(said.split())
    assert said.count(".") <= 2
