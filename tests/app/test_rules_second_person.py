"""Rules of danger, and the files of others, go live by two people."""

from __future__ import annotations

import pytest
from past import RULES, TO_ROADS

from app.rules.refused import Refused
from app.rules.second_person import Author, check_second


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
    assert "approve 4 --par NOM --equipe superviseurs-reze" in said
    for teams in ((), ("--equipe", "superviseurs-metropole")):
        code, told = past.run("approve", "4", "--par", "Lu", *teams)
        assert (code, past.active().version) == (1, 3)
        assert " ".join(told.split()) == (
            "L'accord doit venir de superviseurs-reze pour « regles/reze.yaml » : si vous en êtes, "
            "ajoutez --equipe superviseurs-reze."
        )
    past.fine("approve", "4", "--par", "Lu", "--equipe", "superviseurs-reze")


def test_a_danger_of_a_file_that_names_a_team_is_agreed_to_by_one_of_it(past):
    past.town.rules(RULES, peut_modifier="[superviseurs-metropole, Zoé]")
    past.publish("--equipe", "superviseurs-metropole")
    more = RULES.replace("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.town.rules(more, peut_modifier="[superviseurs-metropole, Zoé]")
    said = past.publish("--equipe", "superviseurs-metropole")
    assert "approve 3 --par NOM --equipe superviseurs-metropole" in said
    whose = "« regles/metropole.yaml » : l'accord vient de superviseurs-metropole ou Zoé"
    assert whose in " ".join(said.split())
    code, told = past.run("approve", "3", "--par", "Lu", "--equipe", "superviseurs-reze")
    assert (code, "L'accord doit venir de superviseurs-metropole ou Zoé" in told) == (1, True)
    past.fine("approve", "3", "--par", "zoé")


def test_two_files_of_two_teams_are_agreed_to_by_one_who_speaks_for_both(past):
    one = "- {{id: {0}, si: {{contient: [fanfare]}}, alors: {{responsable: mairie-{0}}}}}"
    for name, place in (("reze", "Rezé"), ("orvault", "Orvault")):
        head = {"territoire": place, "peut_modifier": f"[equipe-{name}]"}
        past.town.rules(one.format(name), f"regles/{name}.yaml", **head)
    past.publish()
    code, told = past.run("approve", "2", "--par", "Lu", "--equipe", "equipe-reze")
    assert (code, "« regles/orvault.yaml »" in told, "reze.yaml" in told) == (1, True, False)
    said = past.fine(
        "approve", "2", "--par", "Lu", "--equipe", "equipe-reze", "--equipe", "Equipe-Orvault"
    )
    assert said.splitlines() == [
        "Version 2 en service, avec l'accord de Lu pour :",
        "  « regles/orvault.yaml », au nom de equipe-orvault",
        "  « regles/reze.yaml », au nom de equipe-reze",
    ]
    covered = "l'accord de Lu vaut pour : regles/orvault.yaml, regles/reze.yaml"
    assert covered in past.fine("history")


def test_an_agreement_names_the_files_that_needed_it_and_no_other_that_changed(past):
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.town.write("calendriers.yaml", "calendriers: {nuit: {heures: 22h-6h}}")
    past.publish()
    found = past.read("approve", "2", "--par", "Lucie")
    assert (found["danger"], found["files"]) == (["gaz"], {"regles/metropole.yaml": []})
    record = past.read("history")[0]
    assert record["changes"]["files_added"] == ["calendriers.yaml"]
    assert record["second_person"]["grave"] == ["regles/metropole.yaml"]


def test_an_agreement_to_a_danger_whose_text_changed_names_the_danger(past):
    text = (past.config / "textes/textes.yaml").read_text()
    past.town.write("textes/textes.yaml", text.replace("Appelez le 18.", "Appelez-nous."))
    past.publish()
    assert past.fine("approve", "2", "--par", "Lucie").splitlines() == [
        "Version 2 en service, avec l'accord de Lucie pour :",
        "  règles de danger : gaz",
    ]


def test_a_version_that_waited_before_teams_were_asked_for_is_still_guarded():
    asked = {"danger": [], "foreign": {"regles/reze.yaml": ["superviseurs-reze"]}}
    with pytest.raises(Refused, match="L'accord doit venir de superviseurs-reze"):
        check_second("Awa", Author("Lu"), asked)
    check_second("Awa", Author("Lu", ("superviseurs-reze",)), asked)
    check_second("Awa", Author("Lu"), {})


def test_who_names_no_team_is_of_none(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    head = {"territoire": "Rezé", "peut_modifier": "[superviseurs-reze, Zoé]"}
    past.town.rules(one, "regles/reze.yaml", **head)
    assert "Version 2 en attente" in past.publish()  # nor is a new file his who writes it
    past.fine("approve", "2", "--par", "Lucie", "--equipe", "superviseurs-reze")
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


def test_a_draft_that_waits_already_makes_no_second_version_and_tells_its_number(past):
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    for by in ("Awa", "Lucie"):
        said = " ".join(past.publish(by=by).split())
        assert "Ce brouillon attend déjà, sous le numéro 2 : Awa l'a proposé le" in said
        assert "guichet rules approve 2 --par NOM" in said
    found = past.read("publish", past.config, "--reason", "x", "--par", "Lucie")
    assert (found["version"], found["state"]) == (2, "pending")
    assert [one["state"] for one in past.read("history")] == ["pending", "published"]
    past.fine("approve", "2", "--par", "Lucie")


def test_two_different_drafts_may_wait_at_once(past):
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    past.change("[odeur de gaz]", "[odeur de gaz, fuite de gaz]")
    assert "Version 3 en attente" in past.publish()
    assert [one["state"] for one in past.read("history")] == ["pending", "pending", "published"]


def test_a_draft_that_waits_is_replaced_when_its_author_names_his_team(past):
    """Then fewer must agree; the version that asked for more waits no longer."""
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[reze]")
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    said = " ".join(past.publish("--equipe", "reze").split())
    assert "Version 3 en attente" in said
    assert "La version 2, qui attendait avec le même contenu, est retirée." in said
    assert [one["state"] for one in past.read("history")] == ["pending", "withdrawn", "published"]


def test_a_draft_that_waits_is_not_replaced_by_whoever_would_need_more_to_agree(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    past.town.rules(one, "regles/reze.yaml", territoire="Rezé", peut_modifier="[reze]")
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish("--equipe", "reze")
    said = " ".join(past.publish(by="Lucie").split())
    assert "Ce brouillon attend déjà, sous le numéro 2 : Awa l'a proposé le" in said
    assert "se modifie par" not in said
    assert [one["state"] for one in past.read("history")] == ["pending", "published"]
