"""What past cases would become under a draft."""

from __future__ import annotations

import csv

from past import RULES, TO_ROADS, Past


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
    for wrong in ("hier", "0d", "-3d", "99999999d"):
        code, said = past.run("replay", past.config, f"--since={wrong}")
        assert (code, wrong in said) == (2, True)
