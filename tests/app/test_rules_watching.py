"""Watching the rules: the list with its use, coverage, explanations of cases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from past import RULES, TO_ROADS, Past

from app.system import SystemClock
from router.tracking import printed


def rule(listed, name):
    return next(one for one in listed if one["id"] == name)


# --- list --------------------------------------------------------------------------------------


def test_beside_each_rule_stands_how_often_it_was_used(past):
    past.case("lampadaire cassé")
    past.case("lampadaire cassé", ago=timedelta(days=20))
    past.case("lampadaire cassé", ago=timedelta(days=200))
    past.case("musique", received=SystemClock().now().replace(hour=23))
    listed = past.read("list")
    lamps = rule(listed, "lampadaires")
    assert (lamps["hits_7d"], lamps["hits_90d"], lamps["owner"]) == (1, 2, "eclairage-m")
    assert re.fullmatch(r"regles/metropole.yaml:\d+", lamps["at"])
    assert rule(listed, "gaz")["last_hit"] is None
    night = rule(listed, "nuit")  # it names no owner, and held all the same
    assert (night["hits_7d"], night["owner"]) == (1, None)
    assert rule(listed, "competence:tranquillite:Nantes")["hits_90d"] == 1
    said = past.fine("list")
    assert re.search(r"  lampadaires +1 +2 +\d\d/\d\d/\d{4} +aucun\n", said)
    assert re.search(r"  gaz +0 +0 +jamais +aucun\n", said)


def test_what_was_last_used_long_ago_is_still_known(past):
    past.case("lampadaire cassé", ago=timedelta(days=200))
    lamps = rule(past.read("list"), "lampadaires")
    assert lamps["hits_90d"] == 0
    assert lamps["last_hit"] is not None


def test_refusals_that_show_a_pattern_are_told_with_a_proposal(past):
    for _ in range(3):
        past.case("lampadaire cassé", commune="44143", refused=["Hors zone."])
    for _ in range(4):
        past.case("lampadaire cassé")
    lamps = rule(past.read("list"), "lampadaires")
    assert (lamps["hits_90d"], lamps["refused"]) == (7, 3)
    assert lamps["fix"].startswith("43 % refusés : hors zone (Rezé) : ajoutez")
    assert "43 % refusés" in past.fine("list")


def test_one_refusal_shows_no_pattern(past):
    past.case("lampadaire cassé", refused=["hors zone"])
    past.case("lampadaire cassé")
    lamps = rule(past.read("list"), "lampadaires")
    assert (lamps["refused"], lamps["fix"]) == (1, None)


def test_corrections_by_agents_are_counted_and_name_the_service_they_chose(past):
    for _ in range(3):
        past.case("lampadaire cassé", corrected="voirie-m")
    lamps = rule(past.read("list"), "lampadaires")
    assert lamps["corrected"] == 3
    assert lamps["fix"] == (
        "100 % corrigés par des agents, vers voirie-m : nommez ce service dans la règle."
    )


def test_a_folder_can_be_listed_before_anything_is_published(tmp_path):
    new = Past(tmp_path)
    assert rule(new.read("list", new.config), "gaz")["hits_90d"] == 0


def test_coverage_lists_rules_without_trial_and_rules_that_no_case_met(past):
    past.town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\n"
        "essais: [{cas: {texte: lampadaire}, attendu: {responsable: eclairage-m}}]\n",
    )
    said = past.fine("test", past.config, "--coverage")
    untried = said.partition("jamais appliquée")[0]
    assert "2 règles sans essai :" in untried
    assert ": gaz" in untried
    assert ": lampadaires" not in untried
    past.case("odeur de gaz")
    never = past.fine("test", past.config, "--coverage").partition("jamais appliquée")[2]
    assert ": gaz" not in never
    assert ": lampadaires" in never
    assert "passed" not in past.run("test", past.config / "nulle-part", "--coverage")[1]


# --- explain -------------------------------------------------------------------------------------


def test_a_case_is_explained_as_it_was_decided(past):
    number = past.case("lampadaire cassé")
    said = past.fine("explain", number.lower().replace("-", " "))
    assert said.startswith("Éclairage est responsable par la règle « lampadaires »")
    assert "Publiée comme version 1 par Awa" in said
    assert re.search(r"lampadaires : regles/metropole.yaml:\d+", said)
    found = past.read("explain", number)
    assert (found["rule"], found["version"], found["case"]) == ("lampadaires", 1, number)
    assert found["trace"]["words"]


def test_the_facts_that_were_missing_are_named_with_who_waited_for_them(past):
    past.town.rules(RULES + "\n- id: elus\n  si: {contient: [trou], expediteur: elu}\n"
                            "  alors: {responsable: guichet}\n")  # fmt: skip
    past.publish()
    number = past.case("un trou devant la mairie")
    assert past.read("explain", number)["missing"] == {"expediteur": ["elus"]}
    assert "  - qui écrit (règle elus)" in past.fine("explain", number)


def test_a_message_is_explained_by_the_live_rules_or_by_a_draft(past):
    past.change(*TO_ROADS)
    told = ("explain", "--texte", "un lampadaire", "--commune", "Nantes")
    assert past.fine(*told).startswith("Éclairage est responsable par la règle « lampadaires »")
    draft = past.fine(*told, "--config", past.config)
    assert draft.startswith("Voirie est responsable par la règle « lampadaires »")


SAID = {
    "rue: rue de la Paix": ["--rue", "rue de la Paix"],
    "sur: peripherique": ["--point", "47.28,-1.55"],
    "commune: Rezé": ["--code-postal", "44400"],
    "categorie: bruit": ["--categorie", "bruit"],
    "expediteur: [elu]": ["--expediteur", "association", "--expediteur", "élu"],
    "nature: idee": ["--nature", "idée"],
    "contient: [fanfare]": ["--sujet", "La fanfare"],
    "langue: de": ["--langue", "de"],
    "desordre: {min: 7}": ["--desordre", "8"],
    "piece_jointe: oui": ["--piece-jointe", "oui"],
}


@pytest.mark.parametrize("condition", SAID)
def test_what_is_stated_beside_a_text_is_decided_with(past, condition):
    past.town.rules(f"- {{id: essai, si: {{{condition}}}, alors: {{responsable: routes}}}}")
    told = ("explain", "--config", past.config, "--texte", "un banc")
    assert past.read(*told)["owner"] == "guichet"
    found = past.read(*told, *SAID[condition])
    assert (found["owner"], found["rule"]) == ("routes", "essai")
    assert past.fine(*told, *SAID[condition]).startswith("Routes nationales est responsable")


def test_a_point_is_as_precise_as_it_is_stated_to_be(past):
    past.town.rules("- {id: essai, si: {sur: peripherique}, alors: {responsable: routes}}")
    told = ("explain", "--config", past.config, "--texte", "un trou", "--point", "47.28,-1.55")
    assert past.read(*told)["owner"] == "routes"
    assert past.read(*told, "--precision", "900")["owner"] == "guichet"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--desordre", "11"], "Écrivez un nombre de 1 à 10."),
        (["--expediteur", "eluu"], "eluu → elu ?"),
        (["--categorie", "bruits"], "bruits → bruit ?"),
        (["--point", "-1.5,47.2"], "latitude et longitude sont inversées"),
        (["--precision", "20"], "donnez aussi le point"),
    ],
)
def test_a_wrong_word_beside_a_text_is_told_as_in_an_essai(past, more, told):
    code, said = past.run("explain", "--config", past.config, "--texte", "un banc", *more)
    assert (code, told in " ".join(said.split())) == (2, True)


def test_what_is_stated_goes_with_a_text_and_not_with_a_case(past):
    code, said = past.run("explain", past.case("lampadaire cassé"), "--nature", "idee")
    assert (code, "va avec --texte" in " ".join(said.split())) == (2, True)


def test_what_cannot_be_explained_is_said(past):
    unknown = printed(past.ids.number())
    assert past.run("explain", unknown)[0] == 2
    assert past.run("explain", "1234")[0] == 2
    assert past.run("explain")[0] == 2
    assert past.run("explain", unknown, "--texte", "x")[0] == 2


def test_the_check_tells_which_words_never_served(past: Past) -> None:
    past.publish()
    code, said = past.run("check", past.config, "--history")
    assert code == 0
    assert "il en faut 200" in said
    for number in range(200):
        past.case(f"le lampadaire {number} est éteint")
    found = past.read("check", past.config, "--history")
    [told] = [one for one in found if one["code"] == "mot-jamais-vu"]
    assert "« musique »" in told["message"]
    assert "lampadaire" not in told["message"]
    assert "mot-jamais-vu" not in str(past.read("check", past.config))


def test_the_list_fits_eighty_columns(past):
    past.case("lampadaire cassé", refused=["pas chez nous"])
    said = past.fine("list")
    assert max(map(len, said.splitlines())) <= 80
    assert "ligne  règle" in said
    assert "1 refus (responsable : Éclairage)" in said


def test_a_supervisor_reads_names_and_dates_as_he_writes_them(past):
    number = past.case("lampadaire cassé", refused=["pas chez nous"])
    said = past.fine("explain", number)
    assert re.search(r"par Awa, le \d\d/\d\d/\d{4} : essai", said)
    assert "  - lampadaires → Éclairage" in said
    assert "Lieu : Nantes (" in said
    assert "44109" not in said


NEAR = """
- {id: pression, priorite: danger, si: {contient: [jaillit], categorie: trottoir},
   alors: {responsable: astreinte}}
- {id: verglas, si: {contient_tous: [trottoir, [verglas, neige], nuit]}, alors: {urgence: haute}}
- {id: foire, si: {categorie: trottoir}, alors: {urgence: haute}, du: 2020-01-01, au: 2020-01-02}
"""


@pytest.mark.parametrize("stored", [True, False])
def test_the_rules_that_nearly_held_are_told_nearest_first_and_no_far_danger(past, stored):
    past.town.rules(NEAR)
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    text = "Le trottoir est sale"
    asked = (past.case(text),) if stored else ("--texte", text, "--commune", "Nantes")
    told = past.fine("explain", *asked)
    near = told.partition("Règles proches")[2].partition("Mots trouvés")[0]
    assert re.findall(r"^  - (\w+) :", near, re.MULTILINE) == ["foire", "verglas"]


def test_a_case_is_told_the_nearest_rules_even_if_far_ones_stand_before_them(past):
    """What a decision records of them are the first ten; the nearest may be none of these."""
    far = "- {{id: loin-{0}, priorite: exception, si: {{contient_tous: [banc, lac, {1}]}}, alors: {{urgence: haute}}}}\n"
    town = "".join(far.format(number, word) for number, word in enumerate(WORDS))
    past.town.rules(
        town + "- {id: voisine, si: {contient_tous: [banc, rouge]}, alors: {urgence: haute}}"
    )
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    number = past.case("un banc bleu")
    told = past.fine("explain", number)
    assert "Règles proches qui ne s'appliquent pas :\n  - voisine : " in told
    past.town.rules("- {id: bancs, si: {contient: [rouge]}, alors: {urgence: haute}}")
    past.fine("replay", past.config)
    past.publish()
    assert "  - voisine : " in past.fine("explain", number)  # by the rules that decided it


WORDS = [
    "abri",
    "aire",
    "arbre",
    "barque",
    "berge",
    "canard",
    "cygne",
    "ponton",
    "rame",
    "rive",
    "roseau",
    "voile",
]
