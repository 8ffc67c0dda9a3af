"""Rules of danger, and the files of others, go live by two people."""

from __future__ import annotations

import pytest
from past import RULES, TO_ROADS


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
    past.change(old, new)
    said = past.publish()
    assert "Version 2 en attente" in said
    assert "règles de danger touchées : gaz" in said
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


def test_who_names_no_team_is_of_none(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    head = {"territoire": "Rezé", "peut_modifier": "[superviseurs-reze, Zoé]"}
    past.town.rules(one, "regles/reze.yaml", **head)
    assert "Version 2 en attente" in past.publish()  # nor is a new file his who writes it
    past.fine("approve", "2", "--par", "Lucie")
    past.town.rules(one.replace("fanfare", "orchestre"), "regles/reze.yaml", **head)
    said = " ".join(past.publish().split())
    assert "« regles/reze.yaml » se modifie par superviseurs-reze, Zoé" in said
    assert "Si vous en êtes, publiez avec --equipe superviseurs-reze" in said
    assert past.active().version == 2
    assert "en service" in past.publish("--equipe", "superviseurs-reze")
    past.town.rules(one, "regles/reze.yaml", **head)
    assert "en service" in past.publish(by="zoé")


def test_a_file_that_names_no_team_is_everybodys(past):
    past.change(*TO_ROADS)
    assert "Version 2 en service" in past.publish()


def test_nobody_lets_himself_into_a_file_by_editing_who_may(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[reze, awa]")
    past.town.rules(RULES, peut_modifier="[metropole]")
    past.publish()
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[metropole]")
    assert "en attente" in past.publish("--equipe", "metropole", by="Zoé")


def test_dangers_need_a_second_person_even_if_nobody_can_read_the_live_rules_any_more(past):
    now = past.active().at
    past.store(lambda store: store.publish({"services.yaml": b"["}, "old", "Lu", "essai", now))
    assert "règles de danger touchées : gaz" in past.publish()


def test_a_version_that_waited_is_withdrawn_by_the_next(past):
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    past.change(*TO_ROADS)
    past.publish()
    code, said = past.run("approve", "2", "--par", "Lucie")
    assert (code, "n'attend" in said) == (2, True)
    assert past.run("approve", "9", "--par", "Lucie")[0] == 2
