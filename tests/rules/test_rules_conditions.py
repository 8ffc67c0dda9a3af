"""Conditions: words, time, facts, logic in three values."""

from __future__ import annotations

import pytest
from rules_town import Town


def one_rule(town: Town, si: str, more: str = "") -> None:
    town.rules(f"- {{id: a, si: {si}, alors: {{responsable: routes}}{more}}}")


def holds(town: Town, case: str) -> bool:
    return town.decide(case).owner == "routes"


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("[eau]", "un agneau", False),
        ("[eau]", "plus d'eau", True),
        ("[eau]", "PLUS D’EAU !", True),
        ("[fuite d'eau]", "Une fuite, d eau", True),
        ("[fuite d'eau]", "fuite sans eau", False),
        ("[oeuvre]", "une œuvre", True),
        ("[Éclairage]", "eclairage", True),
        ("[nid de poule]", "nid-de-poule", True),
        ("['=marché']", "le marché", True),
        ("['=marché']", "il marche", False),
        ("[poub*]", "la poubelle", True),
        ("[poub*]", "tapoub", False),
        ("[{proche: [fuite, gaz], mots: 3}]", "gaz : encore une fuite", True),
        ("[{proche: [fuite, gaz], mots: 2}]", "une fuite au fond de la cour, du gaz", False),
        ("[شارع]", "في شارع كبير", True),
        ("[垃圾]", "这里有垃圾", True),
        ("[banc, siège]", "un siege", True),
    ],
)
def test_words_are_found_as_words(words: str, text: str, found: bool, town: Town) -> None:
    one_rule(town, f"{{contient: {words}}}")
    assert holds(town, f'{{texte: "{text}"}}') is found


def test_all_groups_must_be_found(town: Town) -> None:
    one_rule(town, "{contient_tous: [échafaudage, [clôture, barrière]]}")
    assert holds(town, "{texte: échafaudage et barriere}")
    assert not holds(town, "{texte: échafaudage}")
    assert not holds(town, "{texte: clôture et barrière}")


def test_the_subject_counts_and_a_quotation_does_not(town: Town) -> None:
    one_rule(town, "{contient: [fuite de gaz]}")
    assert holds(town, "{sujet: fuite de gaz, texte: bonjour}")
    assert not holds(town, "{texte: merci, citation: fuite de gaz}")
    assert not holds(town, "{sujet: fuite de, texte: gaz}")


def test_a_negated_word_holds_unless_the_rule_says_otherwise(town: Town) -> None:
    one_rule(town, "{contient: [éclairage]}")
    assert holds(town, "{texte: pas d'éclairage}")
    one_rule(town, "{contient: [éclairage]}", ", ignorer_si_nie: oui")
    for text in ("pas d'éclairage", "plus de bon éclairage", "sans éclairage", "no éclairage"):
        assert not holds(town, f'{{texte: "{text}"}}'), text
    for text in ("éclairage", "pas éclairage", "sans un seul petit éclairage"):
        assert holds(town, f'{{texte: "{text}"}}'), text


def test_a_negation_ends_with_its_sentence(town: Town) -> None:
    one_rule(town, "{contient: [ordure]}", ", ignorer_si_nie: oui")
    for text in (
        "pas de lampe. Ordure partout",
        "sans rien ! Ordure",
        "il n'y a plus de.Ordure",
        "aucun… ordure",
        "no。ordure",
        "sans lampe\\n\\nordure",
    ):
        assert holds(town, f'{{texte: "{text}"}}'), text
    for text in (
        "pas de ordure. Rien",
        "sans 3.5 ordure",
        "sans\\nordure",
        "Bonjour. Aucune ordure",
    ):
        assert not holds(town, f'{{texte: "{text}"}}'), text
    assert not holds(town, "{sujet: Bonjour., texte: pas d'ordure}")
    assert holds(town, "{sujet: sans lampe, texte: ordure}")


def test_a_list_may_carry_the_flag_but_danger_never_looks_at_negation(town: Town) -> None:
    lists = "{dechet: {mots: [poubelle], ignorer_si_nie: oui}}"
    town.rules("- {id: a, si: {contient: [$dechet]}, alors: {responsable: routes}}", listes=lists)
    assert not holds(town, "{texte: aucune poubelle}")
    assert holds(town, "{texte: une poubelle}")
    town.rules(
        "- {id: a, priorite: danger, si: {contient: [$dechet]}, alors: {responsable: routes}}",
        listes=lists,
    )
    assert holds(town, "{texte: aucune poubelle}")


@pytest.mark.parametrize(
    ("recu", "at", "inside"),
    [
        ("{heures: 8h-18h}", "2026-11-24 08:00:00", True),
        ("{heures: 8h-18h}", "2026-11-24 07:59:59", False),
        ("{heures: 8h-18h}", "2026-11-24 17:59:59", True),
        ("{heures: 18:00-08:00}", "2026-11-24 18:00:00", True),
        ("{heures: 8h-18h}", "2026-11-24 18:00:00", False),
        ("{heures: 22h-6h, jours: [ven]}", "2026-11-27 23:00", True),
        ("{heures: 22h-6h, jours: [ven]}", "2026-11-28 02:00", True),
        ("{heures: 22h-6h, jours: [ven]}", "2026-11-27 02:00", False),
        ("{heures: 22h-6h, jours: [ven]}", "2026-11-28 23:00", False),
        ("{heures: [8h-12h, 14h-18h]}", "2026-11-24 13:00", False),
        ("{jours: [lundi, mardi]}", "2026-11-24 13:00", True),
        ("{jours: lun-ven}", "2026-11-22 13:00", False),
        ("{du: 2026-11-24, au: 2026-11-24}", "2026-11-24 23:59:59", True),
        ("{du: 1er décembre 2026}", "2026-11-30 23:59", False),
        ("{du: 1er novembre, au: 15 mars, chaque_annee: oui}", "2026-02-01 10:00", True),
        ("{du: 1er novembre, au: 15 mars, chaque_annee: oui}", "2026-06-01 10:00", False),
        ("{dans: feries}", "2026-12-25 10:00", True),
        ("{dans: feries}", "2026-04-06 10:00", True),
        ("{dans: feries}", "2026-12-26 10:00", False),
        ("{dans: vacances-scolaires}", "2026-12-19 10:00", True),
        ("{dans: vacances-scolaires}", "2026-12-18 10:00", False),
        ("{sauf: [bureau]}", "2026-11-24 20:00", True),
        ("{sauf: [bureau]}", "2026-11-24 10:00", False),
        ("{sauf: [bureau]}", "2026-12-25 10:00", True),
    ],
)
def test_time_is_the_reception_time(recu: str, at: str, inside: bool, town: Town) -> None:
    town.write(
        "calendriers.yaml",
        "calendriers: {bureau: {jours: [lun, mar, mer, jeu, ven], heures: 8h30-17h30,"
        " sauf: [feries]}}",
    )
    one_rule(town, f"{{recu: {recu}}}")
    assert holds(town, f'{{texte: x, recu: "{at}"}}') is inside


def test_a_rule_and_its_effects_may_have_dates(town: Town) -> None:
    one_rule(town, "{contient: [neige]}", ", du: 2026-12-01, au: 2026-12-31")
    assert not holds(town, '{texte: neige, recu: "2026-11-30 23:59:59"}')
    assert holds(town, '{texte: neige, recu: "2026-12-31 23:59:59"}')
    town.rules("- {id: a, si: {contient: [neige]}, alors: {responsable: routes, au: 2026-11-30}}")
    assert holds(town, '{texte: neige, recu: "2026-11-30 12:00"}')
    assert not holds(town, '{texte: neige, recu: "2026-12-01 12:00"}')


@pytest.mark.parametrize(
    ("si", "yes", "no"),
    [
        ("{canal: sms}", "canal: sms", "canal: email"),
        ("{canal: [sms, x]}", "canal: x", "canal: web"),
        ("{langue: ar}", "langue: ar", "langue: fr"),
        ("{urgence: [haute, immédiate]}", "urgence: haute", "urgence: basse"),
        ("{desordre: {min: 7}}", "desordre: 7", "desordre: 6"),
        ("{recurrence: {fois: 3, en: 30 jours, par: lieu}}", "recurrence: 3", "recurrence: 2"),
        ("{confirmations: {min: 10}}", "confirmations: 10", "confirmations: 9"),
        (
            "{afflux: {fois: 20, categorie: voirie, dans: Rezé, en: 30 min}}",
            "afflux: 20",
            "afflux: 3",
        ),
        ("{piece_jointe: oui}", "piece_jointe: oui", "piece_jointe: non"),
        ("{expediteur: [elu, bailleur]}", "expediteur: élu", "expediteur: citoyen"),
        ("{nature: réclamation}", "nature: reclamation", "nature: question"),
        ('{code_postal: ["44400"]}', 'code_postal: "44400"', 'code_postal: "44000"'),
        ("{rue: [rue de la Poterie]}", "rue: 3 rue de la poterie", "rue: rue de la Paix"),
        ("{commune: [Rezé]}", "commune: reze", "commune: Nantes"),
        ("{dans: graslin}", "point: [47.215, -1.545]", "point: [47.28, -1.545]"),
        ("{sur: peripherique}", "point: [47.28, -1.55]", "point: [47.285, -1.55]"),
        (
            "{pres_de: {quoi: peripherique, a_moins_de: 150 m}}",
            "point: [47.281, -1.55]",
            "point: [47.283, -1.55]",
        ),
        (
            "{un_de: [{canal: sms}, {langue: ar}]}",
            "canal: email, langue: ar",
            "canal: x, langue: fr",
        ),
        (
            "{tous: [{canal: sms}, {langue: ar}]}",
            "canal: sms, langue: ar",
            "canal: sms, langue: fr",
        ),
        (
            "{aucun_de: [{canal: sms}, {langue: ar}]}",
            "canal: x, langue: fr",
            "canal: x, langue: ar",
        ),
        ("[{canal: sms}, {langue: ar}]", "canal: sms, langue: fr", "canal: x, langue: fr"),
    ],
)
def test_each_condition(si: str, yes: str, no: str, town: Town) -> None:
    one_rule(town, si)
    assert holds(town, f"{{texte: x, {yes}}}")
    assert not holds(town, f"{{texte: x, {no}}}")


def test_what_is_not_known_is_neither_true_nor_false(town: Town) -> None:
    one_rule(town, "{canal: sms}")
    assert town.decide("{texte: x}").trace["unknown"][0] == "a"
    town.rules("- {id: a, si: {contient: [x1]}, sauf: {canal: sms}, alors: {responsable: routes}}")
    assert not holds(town, "{texte: x1}")
    assert holds(town, "{texte: x1, canal: x}")
    one_rule(town, "{aucun_de: [{canal: sms}]}")
    assert not holds(town, "{texte: x}")


def test_sauf_reads_like_si(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc]}, sauf: [{canal: sms, langue: fr}, {langue: ar}],"
        " alors: {responsable: routes}}"
    )
    assert holds(town, "{texte: banc, canal: sms, langue: en}")
    assert not holds(town, "{texte: banc, canal: sms, langue: fr}")
    assert not holds(town, "{texte: banc, canal: x, langue: ar}")


def test_a_rule_may_ask_for_another(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {regle: b, canal: sms}, alors: {responsable: routes}}
        - {id: b, si: {contient: [banc]}, alors: {urgence: haute}}
        """
    )
    assert holds(town, "{texte: banc, canal: sms}")
    assert not holds(town, "{texte: arbre, canal: sms}")


def test_a_condition_on_urgency_never_reads_the_effect(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {urgence: haute}, alors: {responsable: routes}}
        - {id: b, si: {contient: [banc]}, alors: {urgence: haute}}
        """
    )
    assert not holds(town, "{texte: banc, urgence: normale}")


def test_an_english_file_says_the_same(town: Town) -> None:
    town.write(
        "regles/metropole.yaml",
        """
        language: en
        territory: metropole
        default: guichet
        rules:
          - id: a
            if:
              contains: [street light]
              channel: sms
              received: {days: [monday], hours: "8:00-18:00"}
            then: {owner: routes, urgency: high, delay: 5 working days}
        tests:
          - case: {text: street light, channel: sms, received: "2026-11-23 09:00"}
            expected: {owner: routes, urgency: high}
        """,
    )
    from rules.trials import run

    (result,) = run(town.ruleset())
    assert result.passed, str(result)
    assert result.decision.delay == "5 jours ouvrés"


def test_values_that_yaml_would_spoil_need_no_quotes(town: Town) -> None:
    town.rules(
        "- {id: a, si: {code_postal: [44400], recu: {heures: 08:00-12:00}},"
        " sauf: {piece_jointe: on}, alors: {responsable: routes, publier: non}}"
    )
    decision = town.decide("{texte: x, code_postal: 44400, piece_jointe: off}")
    assert decision.owner == "routes"
    assert decision.publish is False


def test_a_rule_not_tried_for_lack_of_its_other_words_is_told_as_a_near_miss(town: Town) -> None:
    one_rule(town, "{contient_tous: [lampadaire, [cassé, éteint]]}")
    missed = town.decide("{texte: un lampadaire neuf}").trace["near_misses"]
    assert [(one["rule"], one["condition"]) for one in missed] == [("a", "contient_tous")]


def test_a_rule_not_tried_for_another_category_is_told_as_a_near_miss(town: Town) -> None:
    one_rule(town, "{contient: [lampadaire], categorie: bruit}")
    missed = town.decide("{texte: un lampadaire neuf, categorie: trottoir}").trace["near_misses"]
    assert [(one["rule"], one["condition"]) for one in missed] == [("a", "categorie")]
