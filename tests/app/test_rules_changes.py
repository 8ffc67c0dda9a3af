"""Changing the rules safely: replay, publish, a second person, history and the way back."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from past import RULES, Past

from router.case import Status
from router.ports import TIMER

_SOON = timedelta(seconds=30)
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def past(tmp_path):
    """An installation whose first version is published and has decided five cases."""
    found = Past(tmp_path)
    found.publish()
    return found


@pytest.fixture
def cases(past):
    return {
        "gaz": past.case("forte odeur de gaz rue Scribe"),
        "lampe": past.case("lampadaire cassé"),
        "autre lampe": past.case("le lampadaire clignote", commune="44143"),
        "musique": past.case("musique trop forte", received=NIGHT),
        "rien": past.case("bonjour"),
    }


def changed(past, old, new):
    """Change the draft: the rules as they are, with one piece of their text replaced."""
    assert old in RULES
    past.town.rules(RULES.replace(old, new))


TO_ROADS = ("{contient: [lampadaire]}\n  alors: {responsable: eclairage-m}",
            "{contient: [lampadaire]}\n  alors: {responsable: voirie-m}")  # fmt: skip


# --- replay ----------------------------------------------------------------------------------


def test_the_live_rules_change_nothing_of_what_they_decided(past, cases):
    said = past.fine("replay", past.config)
    assert "Aucun des 5 cas rejoués ne changerait." in said
    found = past.read("replay", past.config)
    assert (found["cases"], found["replayed"], found["changed"]) == (5, 5, 0)


def test_a_replay_says_what_moves_where_and_each_case(past, cases):
    changed(past, *TO_ROADS)
    said = past.fine("replay", past.config)
    assert "2 cas changeraient : 2 eclairage-m → voirie-m" in said
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
    assert said.index("Dangers qui ne seraient plus vus") < said.index(cases["lampe"])
    assert "urgence immédiate → normale" in said


def test_a_case_is_replayed_with_the_time_at_which_it_came(past, cases):
    changed(past, "heures: 22h-6h", "heures: 8h-18h")
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
    assert "1 cas n'ont pas pu être rejoués : leurs faits ne sont plus là." in past.fine(
        "replay", past.config
    )


def test_changed_cases_go_into_a_table_for_spreadsheets(past, cases, tmp_path):
    changed(past, *TO_ROADS)
    past.fine("replay", past.config, "--csv", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert {row["numero"] for row in rows} == {cases["lampe"], cases["autre lampe"]}
    assert {(row["de"], row["a"]) for row in rows} == {("eclairage-m", "voirie-m")}


def test_only_what_is_recent_enough_is_replayed(past, cases):
    assert past.read("replay", past.config, "--since", "30h")["cases"] == 5
    assert "rien à rejouer" in Past(past.data.parent / "new").fine("replay", past.config)
    for wrong in ("hier", "0d", "-3d", "99999999d"):
        code, said = past.run("replay", past.config, f"--since={wrong}")
        assert (code, wrong in said) == (2, True)


# --- publish ---------------------------------------------------------------------------------


def test_what_past_cases_become_must_be_looked_at_before_publishing(past, cases):
    changed(past, *TO_ROADS)
    code, said = past.run("publish", past.config, "--reason", "x", "--par", "Awa")
    assert (code, "n'a pas été rejoué" in said) == (1, True)
    past.fine("replay", past.config)
    assert "Version 2 en service." in past.publish()
    assert "voirie-m" in past.active().files["regles/metropole.yaml"].decode()


def test_a_replay_of_another_draft_is_none(past, cases):
    changed(past, *TO_ROADS)
    past.fine("replay", past.config)
    changed(past, "[lampadaire]", "[lampadaire, réverbère]")
    assert past.run("publish", past.config, "--reason", "x")[0] == 1


def test_a_replay_against_a_version_that_was_replaced_is_too_old(past, cases):
    changed(past, *TO_ROADS)
    past.fine("replay", past.config)
    kept = (past.config / "regles/metropole.yaml").read_text()
    changed(past, "[lampadaire]", "[lampadaire, réverbère]")
    past.fine("replay", past.config)
    past.publish()
    (past.config / "regles/metropole.yaml").write_text(kept)
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "rejouez-le" in said) == (1, True)
    past.fine("replay", past.config)
    past.publish()


def test_a_failing_trial_refuses_the_draft(past):
    past.town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        "  - {nom: lampe, cas: {texte: lampadaire}, attendu: {responsable: guichet}}\n",
    )
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "attendu guichet, obtenu eclairage-m" in said) == (1, True)
    assert past.active().version == 1


def test_the_same_content_makes_no_version(past):
    assert "déjà en service" in past.publish()
    assert past.active().version == 1


def test_a_reason_is_asked_for_and_a_folder_must_exist(past):
    assert past.run("publish", past.config)[0] == 2
    assert past.run("publish")[0] == 2
    assert past.run("publish", past.config / "nulle-part", "--reason", "x")[0] == 2


# --- a broken file -----------------------------------------------------------------------------


@pytest.fixture
def reze(past):
    """Rezé has a file of its own, published."""
    past.town.rules(
        "- {id: bruit-reze, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    past.publish()
    return past


def test_a_broken_file_stays_as_it_was_while_the_others_are_published(reze):
    before = reze.active().files["regles/reze.yaml"]
    (reze.config / "regles/reze.yaml").write_text("territoire: Rezé\nregles: [\n")
    changed(reze, *TO_ROADS)
    code, said = reze.run("publish", reze.config, "--reason", "x")
    assert code == 1
    assert "Version 3 en service." in said
    assert "« regles/reze.yaml » est fautif" in said
    assert "regles/reze.yaml:2:9" in said or "regles/reze.yaml:3:1" in said
    files = reze.active().files
    assert files["regles/reze.yaml"] == before
    assert "voirie-m" in files["regles/metropole.yaml"].decode()
    assert reze.read("history")[0]["kept"] == ["regles/reze.yaml"]


def test_a_broken_file_that_was_never_published_is_left_out(past):
    past.town.write("regles/neuf.yaml", "territoire: metropole\nregles: [{id: x}]\n")
    changed(past, *TO_ROADS)
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "n'a jamais été publié" in said) == (1, True)
    assert "regles/neuf.yaml" not in past.active().files


def test_a_sound_file_is_not_held_back_by_a_broken_one_that_it_names(reze):
    """A list that a broken file brought: the file that uses it is sound once that one stands."""
    reze.town.write(
        "regles/listes.yaml", "territoire: metropole\nlistes: {fete: [fanfare, bal]}\nregles: []\n"
    )
    reze.publish()
    reze.town.write("regles/listes.yaml", "territoire: metropole\nlistes: {fete: [\n")
    reze.town.rules(
        "- {id: bruit-reze, si: {contient: [$fete]}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    code, _ = reze.run("publish", reze.config, "--reason", "x")
    assert code == 1
    assert reze.read("history")[0]["kept"] == ["regles/listes.yaml"]
    assert b"$fete" in reze.active().files["regles/reze.yaml"]


def test_a_file_that_others_depend_on_refuses_everything(past):
    past.town.write("services.yaml", "services: [\n")
    changed(past, *TO_ROADS)
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "services.yaml:" in said) == (2, True)
    assert past.active().version == 1


def test_a_first_version_must_be_sound(tmp_path):
    new = Past(tmp_path)
    new.town.write("regles/neuf.yaml", "territoire: metropole\nregles: [{id: x}]\n")
    assert new.run("publish", new.config, "--reason", "x")[0] == 2
    assert new.store(lambda store: store.active()) is None


# --- a second person -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]"),
        ("urgence: immediate", "urgence: haute"),
        ("priorite: danger\n  ", ""),
        (RULES[: RULES.index("- id: lampadaires")], ""),
    ],
)
def test_a_rule_of_danger_needs_a_second_person(past, old, new):
    changed(past, old, new)
    said = past.publish()
    assert "Version 2 en attente" in said
    assert "règles de danger changées : gaz" in said
    assert past.active().version == 1
    for same in ("Awa", " awa "):
        code, said = past.run("approve", "2", "--par", same)
        assert (code, "une autre personne" in said) == (1, True)
    past.fine("approve", "2", "--par", "Lucie")
    assert past.active().version == 2
    newest = past.read("history")[0]
    assert (newest["author"], newest["approved_by"], newest["live"]) == ("Awa", "Lucie", True)


def test_the_text_that_a_danger_sends_needs_a_second_person(past):
    text = (past.config / "textes/textes.yaml").read_text()
    past.town.write("textes/textes.yaml", text.replace("Appelez le 18.", "Appelez-nous."))
    assert "en attente" in past.publish()


def test_a_danger_that_only_stands_on_another_line_does_not(past):
    past.town.rules("# un commentaire de plus\n" + RULES)
    assert "en service" in past.publish()


def test_a_file_of_another_team_needs_a_second_person(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    head = {"territoire": "Rezé", "peut_modifier": "[superviseurs-reze]"}
    past.town.rules(one, "regles/reze.yaml", **head)
    past.publish()
    past.town.rules(one.replace("fanfare", "orchestre"), "regles/reze.yaml", **head)
    past.town.rules(RULES, peut_modifier="[superviseurs-metropole]")
    assert "Version 3 en service" in past.publish("--equipe", "superviseurs-reze")
    past.town.rules(one, "regles/reze.yaml", **head)
    said = past.publish("--equipe", "superviseurs-metropole")
    assert "« regles/reze.yaml » se modifie par superviseurs-reze" in said
    code, _ = past.run("approve", "4", "--par", "Lu", "--equipe", "superviseurs-metropole")
    assert code == 1
    past.fine("approve", "4", "--par", "Lu", "--equipe", "superviseurs-reze")


def test_nobody_lets_himself_into_a_file_by_editing_who_may(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[reze, awa]")
    past.town.rules(RULES, peut_modifier="[metropole]")
    past.publish()
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[metropole]")
    assert "en attente" in past.publish("--equipe", "metropole", by="Zoé")


def test_a_version_that_waited_is_withdrawn_by_the_next(past):
    changed(past, "[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    changed(past, *TO_ROADS)
    past.publish()
    code, said = past.run("approve", "2", "--par", "Lucie")
    assert (code, "n'attend" in said) == (2, True)
    assert past.run("approve", "9", "--par", "Lucie")[0] == 2


# --- history and rollback ------------------------------------------------------------------------


def test_the_history_tells_who_when_why_and_what(past, cases):
    changed(past, *TO_ROADS)
    past.fine("replay", past.config)
    past.fine("publish", past.config, "--reason", "Éclairage à la voirie", "--par", "Lucie")
    newest, first = past.read("history")
    assert (newest["version"], newest["author"], newest["live"]) == (2, "Lucie", True)
    assert newest["changes"]["rules_changed"] == ["lampadaires"]
    assert newest["replay"]["changed"] == 2
    assert (first["version"], first["live"]) == (1, False)
    said = past.fine("history")
    for piece in ("Éclairage à la voirie", "règles changées : lampadaires", "2 cas changeraient"):
        assert piece in said


def test_a_rollback_lists_the_cases_that_the_bad_version_sent_and_leaves_them(past, cases):
    changed(past, *TO_ROADS)
    past.fine("replay", past.config)
    past.publish()
    bad = past.case("lampadaire éteint", ago=-_SOON)
    found = past.read("rollback", "1", "--reason", "erreur", "--par", "Lu")
    assert found["version"] == 3
    assert [(one["number"], one["owner"], one["rule"]) for one in found["cases"]] == [
        (bad, "voirie-m", "lampadaires")
    ]
    assert found["redispatched"] == 0
    assert past.store(lambda store: store.next_due(TIMER)) is None
    assert "eclairage-m" in past.active().files["regles/metropole.yaml"].decode()


def test_a_rollback_leaves_the_cases_to_the_running_router_on_request(past):
    changed(past, *TO_ROADS)
    past.publish()
    past.case("lampadaire éteint", ago=-_SOON)
    past.case("lampadaire cassé", ago=-_SOON, status=Status.CLOSED)
    past.fine("rollback", "1", "--reason", "erreur")
    found = past.read("rollback", "1", "--reason", "erreur", "--redispatch")
    assert (found["version"], len(found["cases"]), found["redispatched"]) == (3, 2, 1)
    assert past.store(lambda store: store.next_due(TIMER)) is not None


def test_only_what_was_live_can_be_rolled_back_to(past):
    changed(past, "[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    assert past.run("rollback", "2", "--reason", "x")[0] == 1
    assert past.run("rollback", "9", "--reason", "x")[0] == 2
    assert past.run("rollback", "1")[0] == 2
