"""Effects collect from all true rules; promises come from the owner's rule; everything is told."""

from __future__ import annotations

import json
import re

import pytest
from rules_town import CATEGORIES, COMPETENCES, SERVICES, Town

from router.decision import Urgency
from rules.explain import explain
from rules.naming import fact_asked
from rules.vocabulary import FACTS


def test_effects_collect_from_all_true_rules(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient: [banc]}, alors: {responsable: routes, informer: [voirie-m],
           urgence: basse, etiquettes: [un], consulter: [astreinte]}}
        - {id: b, si: {contient: [cassé]}, alors: {informer: [eclairage-m, voirie-m],
           urgence: haute, etiquettes: [deux, un], confidentiel: oui, proposer: entretien,
           cloture: {preuve: photo}}}
        - {id: c, si: {contient: [banc, arbre]}, alors: {publier: non, demander: [photo]}}
        """
    )
    town.expect(
        "{texte: banc cassé}",
        "{responsable: routes, informer: [voirie-m, eclairage-m], urgence: haute,"
        " etiquettes: [un, deux], consulter: [astreinte], confidentiel: oui, publier: non,"
        " proposer: entretien, cloture: {preuve: photo}, demander: [photo], question: photo}",
    )
    decision = town.decide("{texte: banc cassé}")
    assert decision.trace["effects"]["urgence"] == [["a", "low"], ["b", "high"]]
    assert decision.trace["true_rules"] == ["a", "b", "c"]


def test_without_a_word_about_it_urgency_is_normal(town: Town) -> None:
    assert town.decide("{texte: banc, urgence: haute}").urgency is Urgency.NORMAL


def test_an_informed_owner_is_not_told_twice(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: routes, informer: routes}}")
    assert town.decide("{texte: banc}").notify == ()


def test_promises_come_from_the_owners_rule_only(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient: [banc]}, alors: {responsable: routes}}
        - {id: b, si: {contient: [arbre]}, alors: {responsable: voirie-m, delai: 2 jours,
           repondre: merci, transmettre_par: email}}
        """
    )
    decision = town.decide("{texte: banc et arbre}")
    assert (decision.owner, decision.delay, decision.replies) == ("routes", None, ())
    assert decision.transmit_by is None
    decision = town.decide("{texte: arbre}")
    assert (decision.delay, decision.replies) == ("2 jours", ("merci",))
    assert decision.transmit_by == "email"


def test_promises_fall_back_on_the_category_then_the_service(town: Town) -> None:
    town.write(
        "categories.yaml",
        CATEGORIES.replace("famille: voirie\n", "famille: voirie\n    delai: 1 mois\n"),
    )
    town.write(
        "services.yaml",
        SERVICES.replace("e@m.example}, contact", "e@m.example}, delai: 3 semaines, contact"),
    )
    assert town.decide("{texte: trottoir}").delay == "1 mois"
    assert town.decide("{texte: lampadaire}").delay == "3 semaines"


_WAITING = (
    CATEGORIES.replace("famille: voirie\n", "famille: voirie\n    delai: 5 jours ouvrés\n"),
    SERVICES.replace("s@m.example}, contact", "s@m.example}, delai: 3 semaines, contact"),
)


@pytest.mark.parametrize(
    ("effects", "told"),
    [
        ("{responsable: astreinte}", None),
        ("{responsable: astreinte, delai: 2 heures}", "2 heures"),
        ("{repondre: consigne-gaz}", None),
    ],
    ids=["nothing by itself", "what its own rule says", "nothing by another rule"],
)
def test_whoever_is_in_danger_is_told_no_delay_but_that_of_the_danger(
    town: Town, effects: str, told: str | None
) -> None:
    town.write("categories.yaml", _WAITING[0]).write("services.yaml", _WAITING[1])
    town.rules(
        f"""
        - {{id: a, priorite: danger, si: {{contient: [gaz]}}, alors: {effects}}}
        - {{id: b, si: {{contient: [banc]}}, alors: {{responsable: routes, delai: 3 jours}}}}
        """
    )
    decision = town.decide("{texte: gaz sous le banc du trottoir}")
    assert decision.danger
    assert (decision.delay, decision.trace["promises"].get("delai")) == (told, told)
    assert town.decide("{texte: trottoir}").delay == "5 jours ouvrés"


def test_every_true_danger_answers_first(town: Town) -> None:
    town.rules(
        """
        - {id: a, priorite: danger, si: {contient: [gaz]}, alors: {repondre: consigne-gaz}}
        - {id: b, priorite: exception, si: {contient: [banc]}, alors: {responsable: routes,
           repondre: merci}}
        """
    )
    decision = town.decide("{texte: gaz sous le banc}")
    assert decision.owner == "routes"
    assert decision.replies == ("consigne-gaz", "merci")
    assert decision.danger_replies == 1
    assert decision.danger


def test_thresholds_act_once_and_hold(town: Town) -> None:
    town.rules(
        """
        - id: a
          si: {categorie: bruit}
          seuils:
            - {confirmations: 10, informer: [routes], responsable: voirie-m}
            - {confirmations: 100, informer: [astreinte], urgence: haute, responsable: routes}
        """
    )
    case = "{{texte: bruit, commune: Rezé, confirmations: {}, confirmations_avant: {}}}"
    town.expect(case.format(9, 0), "{responsable: mairie-reze, pas_informes: [routes]}")
    town.expect(case.format(10, 9), "{responsable: voirie-m, informer: [routes], urgence: normale}")
    town.expect(case.format(11, 10), "{responsable: voirie-m, pas_informes: [routes]}")
    town.expect(case.format(150, 3), "{responsable: routes, informer: [astreinte], urgence: haute}")
    town.expect(case.format(150, 150), "{urgence: haute, pas_informes: [astreinte]}")


def test_the_trace_is_plain_json_with_words_winners_and_near_misses(town: Town) -> None:
    town.rules(
        """
        - {id: sms-seul, priorite: exception, si: {contient: [banc], canal: sms},
           alors: {responsable: voirie-m}}
        - {id: banc, si: {contient: [banc, siège]}, alors: {responsable: routes}}
        - {id: sauf-nuit, si: {contient: [banc]}, sauf: {canal: web},
           alors: {responsable: voirie-m}}
        - {id: autre, si: {contient: [arbre]}, alors: {responsable: voirie-m}}
        """
    )
    decision = town.decide("{texte: un banc, canal: web, commune: Nantes}")
    trace = json.loads(json.dumps(decision.trace))
    assert trace["words"] == ["banc"]
    assert trace["winners"] == [{"rule": "banc", "priority": "normale", "owner": "routes"}]
    assert [(one["rule"], one["condition"]) for one in trace["near_misses"]] == [
        ("sms-seul", "canal"),
        ("sauf-nuit", "sauf canal"),
    ]
    assert trace["near_misses"][0]["expected"] == "sms"
    assert trace["near_misses"][0]["value"] == "web"
    assert trace["facts"]["canal"] == "web"
    assert decision.sentence == "Routes nationales est responsable par la règle « banc »."


def test_at_most_ten_near_misses_are_kept_in_rank_order(town: Town) -> None:
    town.rules(
        "".join(
            f"- {{id: r{number:02}, si: {{contient: [banc], canal: sms}},"
            " alors: {responsable: routes}}\n"
            for number in range(15)
        )
    )
    misses = town.decide("{texte: banc, canal: web}").trace["near_misses"]
    assert [one["rule"] for one in misses] == [f"r{number:02}" for number in range(10)]


def test_a_person_reads_why(town: Town) -> None:
    town.rules(
        """
        - {id: nuit, priorite: exception, si: {categorie: bruit, recu: {heures: 22h-6h}},
           alors: {responsable: astreinte}}
        """
    )
    decision, ruleset = town.decide("{texte: bruit, commune: Nantes}"), town.ruleset()
    told = explain(decision, ruleset=ruleset)
    assert told.startswith("Tranquillité est responsable par la table des compétences")
    assert "- la table des compétences (famille tranquillite, Nantes) → Tranquillité\n" in told
    assert "Lieu : Nantes (d'après le message)\n" in told
    assert "Catégorie : Bruit (d'après les mots)\n" in told
    late = "la demande est arrivée le 24/11/2026 à 10:15, hors de : 22h-6h\n"
    assert f"- nuit : {late}" in told
    assert "Mots trouvés : bruit" in told
    assert "Rules that hold" in explain(decision, "en", ruleset)
    assert "competence:tranquillite:Nantes → paix-nantes" in explain(decision, "en")


def test_a_rule_that_holds_and_waits_for_people_says_from_how_many_on_it_acts(town: Town) -> None:
    town.rules(
        """
        - {id: foule, si: {categorie: bruit}, seuils: [{confirmations: 30, informer: [astreinte]},
           {confirmations: 5, urgence: haute}]}
        """
    )

    def told(count: int) -> str:
        case = f"{{texte: bruit, commune: Nantes, confirmations: {count}}}"
        return explain(town.decide(case), ruleset=town.ruleset())

    waits = "- foule : n'agit qu'à partir de 5 confirmations, et il "
    assert f"{waits}n'y en a aucune\n" in told(0)
    assert f"{waits}y en a 4\n" in told(4)
    assert "- foule\n" in told(5)


def test_a_failed_test_names_no_rule_of_which_not_one_word_was_said(town: Town) -> None:
    town.rules(
        "- {id: ring, si: {categorie: eclairage, contient: [périphérique]},"
        " alors: {responsable: routes}}"
    )
    why = town.trial("{texte: lampadaire}", "{responsable: routes}").why
    assert "ring" not in why
    assert (
        "ring : le message n'a aucun mot de"
        in town.trial("{texte: lampadaire}", "{regle: ring}").why
    )


LATE = "la demande est arrivée le 24/11/2026 à 10:15, hors de : "


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (
            "si: {contient_tous: [bruit, [banc, arbre]]}",
            "le message n'a aucun mot de : banc, arbre\n",
        ),
        (
            "si: {contient: [bruit]}, sauf: {contient: [fort]}",
            "écartée, car le message contient : fort",
        ),
        ("si: {contient: [bruit], commune: Rezé}", "vaut pour Rezé, et le lieu est : Nantes"),
        (
            "si: {contient: [bruit], categorie: [voirie, trottoir]}",
            "vaut pour « Voirie » ou « Trottoir », et la catégorie est « Bruit »",
        ),
        ("si: {contient: [bruit], canal: sms}", "vaut pour le canal : sms ; la demande a : web"),
        (
            "si: {contient: [bruit], canal: [sms, x]}",
            "vaut pour le canal : sms, x ; la demande a : web",
        ),
        (
            "si: {contient: [bruit], urgence: haute}",
            "vaut pour l'urgence : haute ; la demande a : basse",
        ),
        ("si: {contient: [bruit], piece_jointe: non}", "la demande a une pièce jointe"),
        (
            'si: {contient: [bruit], code_postal: ["44400"]}',
            "vaut pour le code postal 44400, et le lieu est : ",
        ),
        (
            "si: {contient: [bruit], pres_de: {quoi: peripherique, a_moins_de: 50 m}}",
            "vaut à moins de 50 m de « peripherique », et le lieu est à 1112 m de « peripherique »",
        ),
        (
            "si: {contient: [bruit], sur: peripherique}",
            "vaut sur « peripherique », et le lieu est à 1112 m",
        ),
        ("si: {contient: [bruit], regle: jamais}", "la règle « jamais » ne s'applique pas"),
        (
            "si: {contient: [bruit], recurrence: {fois: 3, en: 30 jours, par: lieu}}",
            "vaut après 3 demandes en 30 jours au même lieu, et il n'y en a aucune",
        ),
        (
            "si: {contient: [bruit], afflux: {fois: 20, en: 30 min}}",
            "vaut à partir de 20 demandes en 30 min, et il n'y en a aucune",
        ),
        (
            "si: {contient: [bruit], recu: {dans: feries, sauf: vacances-scolaires}}",
            f"{LATE}« feries », sauf « vacances-scolaires »",
        ),
        (
            "si: {contient: [bruit], recu: {du: 20 août, au: 10 septembre, chaque_annee: oui}}",
            f"{LATE}du 20 août au 10 septembre, chaque année",
        ),
        ("si: {contient: [bruit], rue: [rue Scribe, rue Kléber]}", ""),
        (
            "si: {contient_tous: [bruit, {proche: [fuite, gaz], mots: 5}, [banc, arbre]]}",
            "le message n'a aucun mot de : fuite … gaz (5 mots) ; ni de : banc, arbre\n",
        ),
        ("du: 1er mai, au: 2 mai, chaque_annee: oui, si: {contient: [bruit]}", "hors de ses dates"),
        (
            "si: {contient: [bruit], un_de: [{canal: sms}, {canal: x}]}",
            "aucune de ces conditions ne tient : canal sms ; canal x\n",
        ),
        ("si: {contient: [bruit], aucun_de: [{canal: web}]}", "l'une de ces conditions tient"),
    ],
)
def test_what_kept_a_rule_from_holding_is_told_in_plain_words(
    rule: str, why: str, town: Town
) -> None:
    town.rules(
        f"- {{id: a, {rule}, alors: {{responsable: routes}}}}\n"
        "- {id: jamais, si: {contient: [jamais]}, alors: {urgence: haute}}"
    )
    decision = town.decide(
        "{texte: un bruit fort, point: [47.27, -1.55], canal: web, urgence: basse, piece_jointe: oui}"
    )
    told = explain(decision, ruleset=town.ruleset())
    assert f"  - a : {why}" in told if why else "  - a :" not in told
    assert not set("{}[]") & set(told.partition("proches")[2])


def test_a_failed_test_says_expected_got_and_why(town: Town) -> None:
    result = town.trial("{texte: bruit, commune: Nantes}", "{responsable: routes, urgence: haute}")
    assert not result.passed
    assert [(one.key, one.expected, one.got) for one in result.differences] == [
        ("responsable", "routes", "paix-nantes"),
        ("urgence", "haute", "normale"),
    ]
    assert str(result).startswith("regles/essai.yaml:4: ")
    assert "table des compétences" in str(result)


def test_the_lead_of_a_category_keeps_the_clock(town: Town) -> None:
    """Until another has accepted: the trace names who answers for the delay."""
    town.write(
        "categories.yaml",
        """
        categories:
          - id: bruit
            famille: tranquillite
            noms: {fr: Bruit}
            chef_de_file: mairie-du-lieu
            enfants: [{id: chien, noms: {fr: Chien}}]
          - {id: voirie, famille: voirie, noms: {fr: Voirie}}
        """,
    )
    town.rules("- {id: a, si: {categorie: bruit}, alors: {responsable: routes}}")
    assert town.decide("{categorie: chien, commune: Rezé}").trace["clock"] == "mairie-reze"
    assert town.decide("{categorie: chien}").trace["clock"] == "routes"
    assert town.decide("{categorie: voirie}").trace["clock"] == "voirie-m"


@pytest.mark.parametrize("fact", FACTS)
def test_what_is_asked_is_said_in_french(fact: str) -> None:
    said = fact_asked(fact)
    assert re.fullmatch(r"(le|la|l'|une?)\s?[\w' ]+ est demandée?", said)
    assert not said.startswith(("la ", "une ")) or said.endswith("demandée")
    assert not said.startswith(("le ", "un ")) or said.endswith("demandé")


def test_a_question_stands_in_the_sentence(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc], langue: en}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}"
    )
    decision = town.decide("{texte: banc, commune: Nantes}")
    assert decision.sentence == (
        "Voirie est responsable par la règle « b » ; la langue est demandée à la personne."
    )


def test_a_commune_that_the_table_writes_as_a_code_is_named(town: Town) -> None:
    town.write("competences.yaml", COMPETENCES.replace("Nantes:", '"44109":'))
    decision = town.decide("{texte: du bruit, commune: Nantes}")
    assert decision.rule == "competence:tranquillite:44109"
    assert "(famille « tranquillite », à Nantes)" in decision.sentence
    told = explain(decision, ruleset=town.ruleset())
    assert "la table des compétences (famille tranquillite, Nantes) → Tranquillité" in told


def test_the_sentence_says_that_nobody_has_a_role_here(town: Town) -> None:
    town.write("services.yaml", f"{SERVICES}  gardien: {{Nantes: routes}}\n")
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: gardien}}")
    decision = town.decide("{texte: banc, commune: Rezé}")
    assert decision.sentence == (
        "Guichet est responsable par défaut, car « gardien », que veut la règle « a », "
        "n'a personne ici."
    )
