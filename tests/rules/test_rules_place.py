"""Place is a set of candidates: near borders, with roles, with nothing known, and outside."""

from __future__ import annotations

from rules_town import SERVICES, Town


def test_a_named_commune_is_the_candidate(town: Town) -> None:
    town.expect("{texte: x, commune: Rezé}", "{candidats: [Rezé]}")
    town.expect("{texte: x, commune: [Rezé, Nantes]}", "{candidats: ['44109', reze]}")


def test_a_point_leads_to_the_smallest_territory(town: Town) -> None:
    town.expect("{texte: x, point: [47.22, -1.58]}", "{candidats: [bellevue]}")
    town.expect("{texte: x, point: [47.28, -1.58]}", "{candidats: [Nantes]}")


def test_near_a_border_there_are_several(town: Town) -> None:
    ten_metres = 10 / 111_200
    near = f"{{texte: x, point: [{47.25 - ten_metres}, -1.58]}}"
    town.expect(near, "{candidats: [bellevue, Nantes]}")
    thirty_metres = 30 / 111_200
    far = f"{{texte: x, point: [{47.25 - thirty_metres}, -1.58]}}"
    town.expect(far, "{candidats: [bellevue]}")
    vague = f"{{texte: x, point: [{47.25 - thirty_metres}, -1.58], precision: 40}}"
    town.expect(vague, "{candidats: [bellevue, Nantes]}")


def test_between_two_communes_the_place_is_asked_and_no_coin_is_tossed(town: Town) -> None:
    border = "{texte: bruit, point: [47.20005, -1.52]}"
    town.expect(border, "{responsable: guichet, question: lieu, candidats: [centre, Rezé]}")
    town.expect("{texte: bruit, point: [47.21, -1.52]}", "{responsable: paix-nantes}")


def test_a_condition_holds_when_it_holds_for_all_candidates(town: Town) -> None:
    town.rules("- {id: a, si: {commune: [Nantes, Rezé]}, alors: {responsable: routes}}")
    town.expect("{texte: x, point: [47.20005, -1.52]}", "{regle: a, question: aucune}")


def test_a_failed_test_calls_communes_by_their_names(town: Town) -> None:
    result = town.trial("{texte: x, commune: Nantes}", "{candidats: [Rezé]}")
    assert "candidats : attendu [Rezé], obtenu [Nantes]." in str(result)


def test_a_shared_postal_code_leaves_several(town: Town) -> None:
    town.expect('{texte: bruit, code_postal: "44800"}', "{question: lieu, responsable: guichet}")
    town.expect('{texte: bruit, code_postal: "44700"}', "{responsable: mairie-orvault}")


def test_a_candidate_larger_than_the_condition_leaves_it_unknown(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc], dans: graslin}, alors: {responsable: routes}}")
    town.expect("{texte: banc, commune: Nantes}", "{responsable: guichet, question: lieu}")
    town.expect("{texte: banc, commune: Rezé}", "{responsable: guichet, question: categorie}")
    town.expect("{texte: banc, point: [47.215, -1.545]}", "{regle: a}")


def test_a_role_takes_the_smallest_keyed_territory(town: Town) -> None:
    roles = SERVICES + "  pole: {metropole: voirie-m, Nantes: routes, bellevue: eclairage-m}\n"
    town.write("services.yaml", roles)
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: pole}}")
    town.expect("{texte: banc, commune: Rezé}", "{responsable: voirie-m}")
    town.expect("{texte: banc, commune: Nantes}", "{responsable: routes, question: aucune}")
    town.expect("{texte: banc, point: [47.22, -1.58]}", "{responsable: eclairage-m}")


def test_a_role_keyed_only_inside_the_candidate_is_unknown_when_its_values_differ(
    town: Town,
) -> None:
    town.write("services.yaml", SERVICES + "  pole: {bellevue: voirie-m, centre: routes}\n")
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: pole}}")
    town.expect("{texte: banc, commune: Nantes}", "{responsable: guichet, question: lieu}")
    town.expect("{texte: banc, point: [47.22, -1.52]}", "{responsable: routes}")


def test_a_role_without_a_value_goes_to_the_default_with_a_warning(town: Town) -> None:
    town.write("services.yaml", SERVICES + "  pole: {Rezé: voirie-m}\n")
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: pole}}")
    town.expect("{texte: banc, commune: Nantes}", "{responsable: guichet, question: aucune}")
    assert any("« pole » n'a pas de service à Nantes, Orvault" in one for one in town.warnings)


def test_one_who_is_told_by_role_is_told_once_the_place_is_known(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {informer: [mairie-du-lieu, routes]}}")
    decision = town.decide("{texte: banc}")
    assert decision.notify == ("routes",)
    assert decision.trace["told_later"] == ["mairie-du-lieu"]
    town.expect("{texte: banc, commune: Rezé}", "{informer: [mairie-reze, routes]}")


def test_outside_all_territories_nothing_is_asked(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: routes}}")
    for place in (
        "commune: Angers",
        "point: [48.85, 2.35]",
        "commune: '75056'",
        "code_postal: 75001",
    ):
        result = town.trial(f"{{texte: banc, {place}}}", "{question: aucune, candidats: []}")
        assert result.passed, str(result)
        assert result.decision.owner == "guichet"
        assert result.decision.outside
        assert "hors territoire" in result.decision.trace["flags"]


def test_the_counter_tells_the_place_when_the_message_names_none(town: Town) -> None:
    town.write(
        "compteurs.yaml",
        "compteurs: [{id: reze-sms, canal: sms, adresse: '+33700000000', commune: Rezé}]",
    )
    result = town.trial("{texte: bruit, compteur: reze-sms}", "{responsable: mairie-reze}")
    assert result.passed, str(result)
    assert result.decision.trace["place"]["known"] == "lieu : compteur"
    town.expect("{texte: bruit, compteur: reze-sms, commune: Nantes}", "{responsable: paix-nantes}")


def test_a_point_less_precise_than_the_tolerance_of_a_layer_is_unknown(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [trou], sur: peripherique}, alors: {responsable: routes}}")
    twelve_metres = 47.28 + 12 / 111_200
    town.expect(f"{{texte: trou, point: [{twelve_metres}, -1.55], precision: 1}}", "{regle: a}")
    town.expect(
        f"{{texte: trou, point: [{twelve_metres}, -1.55], precision: 10}}",
        "{responsable: guichet, question: lieu}",
    )
    town.expect("{texte: trou}", "{responsable: guichet, question: lieu}")


def test_the_place_is_asked_only_when_its_answer_alone_could_change_the_owner(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc], commune: Rezé}, alors: {responsable: routes}}")
    town.expect("{texte: banc}", "{question: lieu}")
    town.expect("{texte: banc, refuse_par: [routes]}", "{question: categorie}")
    town.rules(
        "- {id: a, si: {contient: [banc], commune: Rezé, canal: sms},"
        " alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}"
    )
    town.expect("{texte: banc}", "{responsable: voirie-m, question: aucune}")
    town.expect("{texte: banc, canal: sms}", "{responsable: voirie-m, question: lieu}")
    town.expect("{texte: banc, canal: web}", "{responsable: voirie-m, question: aucune}")
    town.expect("{texte: banc, commune: Rezé}", "{responsable: voirie-m, question: canal}")


def test_a_rule_below_the_winner_or_of_the_same_owner_asks_nothing(town: Town) -> None:
    town.rules(
        "- {id: a, priorite: exception, si: {contient: [banc]}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [banc], commune: Rezé}, alors: {responsable: voirie-m}}\n"
    )
    town.expect("{texte: banc}", "{responsable: routes, question: aucune}")
    town.rules(
        "- {id: a, si: {contient: [banc]}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [banc], commune: Rezé}, alors: {responsable: routes}}\n"
    )
    town.expect("{texte: banc}", "{responsable: routes, question: aucune}")


def test_the_category_is_asked_only_when_no_rule_has_an_owner(town: Town) -> None:
    town.expect("{texte: bonjour}", "{responsable: guichet, question: categorie}")
    town.rules(
        "- {id: a, priorite: exception, si: {categorie: bruit}, alors: {responsable: routes}}\n"
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}\n"
    )
    town.expect("{texte: banc}", "{responsable: voirie-m, question: aucune}")


def test_a_danger_that_lacks_only_the_place_acts_at_once(town: Town) -> None:
    town.rules(
        "- {id: a, priorite: danger, si: {contient: [gaz], commune: Rezé},"
        " alors: {responsable: astreinte, urgence: immediate, repondre: consigne-gaz}}"
    )
    result = town.trial("{texte: gaz}", "{responsable: astreinte, repondre: consigne-gaz}")
    assert result.passed, str(result)
    assert result.decision.danger
    assert result.decision.trace["at_once"] == ["a"]
    town.expect("{texte: gaz, commune: Nantes}", "{responsable: guichet, urgence: normale}")


def test_a_danger_that_lacks_something_else_waits(town: Town) -> None:
    town.rules(
        "- {id: a, priorite: danger, si: {contient: [gaz], commune: Rezé, canal: sms},"
        " alors: {responsable: astreinte}}"
    )
    town.expect("{texte: gaz}", "{responsable: guichet}")
    town.expect("{texte: gaz, canal: sms}", "{responsable: astreinte}")


def test_a_file_never_acts_outside_its_territory(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc]}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    town.expect("{texte: banc, commune: Rezé}", "{regle: a}")
    result = town.trial("{texte: banc, commune: Nantes}", "{responsable: guichet}")
    assert result.passed, str(result)
    (miss,) = result.decision.trace["near_misses"]
    assert (miss["rule"], miss["condition"]) == ("a", "territoire")
    town.expect("{texte: banc}", "{responsable: guichet, question: lieu}")
