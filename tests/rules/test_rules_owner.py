"""Exactly one owner: priority, the smaller territory, the order, the table, the default."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rules_town import CATEGORIES, SERVICES, Town

from router.decision import Facts, Place, Point
from rules.decide import decide


def rule(name: str, si: str, owner: str, more: str = "") -> str:
    return f"- {{id: {name}, {more}si: {si}, alors: {{responsable: {owner}}}}}\n"


def test_the_table_is_the_ground(town: Town) -> None:
    town.expect(
        "{texte: du bruit, commune: Nantes}",
        '{responsable: paix-nantes, regle: "competence:tranquillite:Nantes", priorite: competence}',
    )
    town.expect(
        "{texte: du bruit, commune: Rezé}",
        '{responsable: mairie-reze, regle: "competence:tranquillite:partout"}',
    )


def test_a_normal_rule_stands_above_the_table(town: Town) -> None:
    town.rules(rule("a", "{categorie: bruit}", "routes"))
    town.expect("{texte: bruit, commune: Nantes}", "{responsable: routes, priorite: normale}")


def test_priority_decides_before_territory(town: Town) -> None:
    town.rules(
        rule("large", "{categorie: bruit}", "routes", "priorite: exception, ")
        + rule("small", "{categorie: bruit, commune: Nantes}", "voirie-m")
    )
    town.expect("{texte: bruit, commune: Nantes}", "{responsable: routes}")


def test_danger_stands_above_exception(town: Town) -> None:
    town.rules(
        rule("exception", "{contient: [gaz]}", "routes", "priorite: exception, ")
        + rule("danger", "{contient: [gaz]}", "astreinte", "priorite: danger, ")
    )
    town.expect("{texte: gaz, commune: Nantes}", "{responsable: astreinte, priorite: danger}")


def test_the_smaller_territory_wins_whatever_the_order(town: Town) -> None:
    town.rules(
        rule("metropole", "{contient: [banc]}", "voirie-m")
        + rule("nantes", "{contient: [banc], commune: Nantes}", "routes")
        + rule("bellevue", "{contient: [banc], dans: bellevue}", "eclairage-m")
    )
    town.expect("{texte: banc, commune: Rezé}", "{responsable: voirie-m}")
    town.expect("{texte: banc, point: [47.27, -1.58]}", "{responsable: routes}")
    town.expect("{texte: banc, point: [47.22, -1.58]}", "{responsable: eclairage-m}")


def test_a_file_of_a_commune_is_smaller_than_the_metropole(town: Town) -> None:
    town.rules(rule("metropole", "{contient: [banc]}", "voirie-m"))
    town.rules(
        rule("reze", "{contient: [banc]}", "mairie-reze"), "regles/reze.yaml", territoire="Rezé"
    )
    town.expect("{texte: banc, commune: Rezé}", "{responsable: mairie-reze, regle: reze}")
    town.expect("{texte: banc, commune: Nantes}", "{responsable: voirie-m}")


def test_an_object_layer_is_smaller_than_any_territory(town: Town) -> None:
    town.rules(
        rule("quartier", "{contient: [trou], commune: Nantes}", "voirie-m")
        + rule("objet", "{contient: [trou], sur: peripherique}", "routes")
    )
    town.expect("{texte: trou, point: [47.28, -1.55]}", "{responsable: routes}")


def test_a_list_of_places_counts_as_their_union(town: Town) -> None:
    town.rules(
        rule("deux", "{contient: [banc], commune: [Nantes, Rezé]}", "voirie-m")
        + rule("une", "{contient: [banc], commune: Nantes}", "routes")
    )
    town.expect("{texte: banc, commune: Nantes}", "{responsable: routes}")


def test_lines_decide_within_a_file(town: Town) -> None:
    town.rules(
        rule("premiere", "{contient: [banc]}", "voirie-m")
        + rule("seconde", "{contient: [banc, siège]}", "routes")
    )
    town.expect("{texte: banc}", "{responsable: voirie-m, regle: premiere}")


def test_order_decides_between_files_and_the_rest_goes_by_path(town: Town) -> None:
    town.rules(rule("b", "{contient: [banc]}", "voirie-m"), "regles/b.yaml")
    town.rules(rule("c", "{contient: [rampe]}", "routes"), "regles/c.yaml")
    town.expect("{texte: banc sur la rampe}", "{regle: b}")
    territory = town.folder / "territoire/territoire.yaml"
    territory.write_text(territory.read_text() + "ordre: [regles/c.yaml]\n")
    town.expect("{texte: banc sur la rampe}", "{regle: c}")


def test_nothing_true_goes_to_the_default_of_the_smallest_territory(town: Town) -> None:
    town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-reze\nregles: []\n")
    town.expect(
        "{texte: bonjour, commune: Rezé}",
        '{responsable: mairie-reze, regle: "a_defaut:44143", priorite: a_defaut}',
    )
    decision = town.decide("{texte: bonjour, commune: Nantes}")
    assert (decision.owner, decision.rule) == ("guichet", "a_defaut:metropole")
    assert decision.no_rule
    assert not decision.failed


def test_a_default_may_be_a_role_in_a_smaller_territory(town: Town) -> None:
    town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-du-lieu\nregles: []\n")
    town.expect("{texte: bonjour, commune: Rezé}", "{responsable: mairie-reze}")


def test_a_rule_without_an_owner_leaves_it_to_the_next(town: Town) -> None:
    town.rules(
        "- {id: urgent, priorite: exception, si: {contient: [vite]}, alors: {urgence: haute}}\n"
        + rule("banc", "{contient: [banc]}", "voirie-m")
    )
    town.expect("{texte: un banc vite}", "{responsable: voirie-m, regle: banc, urgence: haute}")


def test_a_refusal_goes_to_the_next_rule_then_the_table_then_the_default(town: Town) -> None:
    town.rules(
        rule("un", "{contient: [musique], commune: Rezé}", "routes")
        + rule("deux", "{contient: [musique]}", "routes")
        + rule("trois", "{contient: [musique, chant]}", "voirie-m")
    )
    case = "{{texte: musique, commune: Rezé, refuse_par: [{}]}}"
    town.expect(case.format(""), "{responsable: routes, regle: un}")
    town.expect(case.format("routes"), "{responsable: voirie-m, regle: trois}")
    town.expect(case.format("routes, voirie-m"), "{responsable: mairie-reze}")
    town.expect(
        case.format("routes, voirie-m, mairie-reze"),
        '{responsable: guichet, regle: "a_defaut:metropole"}',
    )


def test_after_three_refusals_the_metropole_decides_whatever_rules_remain(town: Town) -> None:
    town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-reze\nregles: []\n")
    town.rules(rule("a", "{contient: [banc]}", "voirie-m"))
    town.expect(
        "{texte: banc, commune: Rezé, refuse_par: [routes, astreinte, eclairage-m]}",
        "{responsable: guichet}",
    )


def test_a_refusal_does_not_go_to_the_deputy(town: Town) -> None:
    town.rules(rule("a", "{contient: [banc]}", "paix-nantes"))
    town.expect(
        "{texte: banc, commune: Nantes, refuse_par: [paix-nantes]}", "{responsable: guichet}"
    )


def test_an_unavailable_owner_is_replaced_by_its_deputies(town: Town) -> None:
    town.rules(rule("a", "{contient: [banc]}", "paix-nantes"))
    case = "{{texte: banc, indisponible: [{}]}}"
    result = town.trial(case.format("paix-nantes"), "{responsable: mairie-nantes, regle: a}")
    assert result.passed, str(result)
    assert result.decision.trace["chain"] == ["paix-nantes", "mairie-nantes"]
    town.expect(case.format("paix-nantes, mairie-nantes"), "{responsable: guichet}")


def test_an_agents_choice_wins_until_a_danger(town: Town) -> None:
    town.rules(
        rule("a", "{contient: [banc]}", "voirie-m", "priorite: exception, ")
        + rule("gaz", "{contient: [fuite de gaz]}", "astreinte", "priorite: danger, ")
    )
    town.expect("{texte: banc, choix_agent: routes}", "{responsable: routes, regle: choix_agent}")
    town.expect("{texte: fuite de gaz, choix_agent: routes}", "{responsable: astreinte}")


def test_a_split_makes_parts_and_a_coordinator(town: Town) -> None:
    town.rules(
        """
        - id: deux
          si: {contient_tous: [échafaudage, [clôture, barrière]]}
          alors:
            repartir:
              - {part: échafaudage, responsable: mairie-du-lieu}
              - {part: clôture, responsable: voirie-m}
        """
    )
    town.expect(
        "{texte: un échafaudage sans barrière, commune: Rezé}",
        "{responsable: guichet, regle: deux, parts: [{part: cloture, responsable: voirie-m},"
        " {part: échafaudage, responsable: mairie-reze}], question: aucune}",
    )
    town.expect(
        "{texte: un échafaudage sans barrière}",
        "{responsable: guichet, parts: [], question: lieu}",
    )
    town.expect("{texte: un échafaudage}", "{parts: [], priorite: a_defaut}")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("le trottoir et la chaussée", "trottoir"),  # a tie: the deeper one
        ("musique près du lampadaire", "bruit"),  # a tie: the one named first
        ("lampadaire, musique et bruit", "bruit"),  # the most distinct words
        ("bonjour", "inconnue"),
        ("Bruit et Voirie", "bruit"),  # a name is not a word
        ("quel vacarmement", "bruit"),
    ],
)
def test_words_set_the_category(text: str, category: str, town: Town) -> None:
    town.expect(f'{{texte: "{text}"}}', f"{{categorie: {category}}}")


def test_a_category_that_was_given_wins_over_the_words(town: Town) -> None:
    town.expect("{texte: musique, categorie: voirie}", "{categorie: voirie, responsable: voirie-m}")


def test_a_category_holds_for_its_children(town: Town) -> None:
    town.rules(rule("a", "{categorie: voirie}", "routes"))
    town.expect("{texte: trottoir}", "{regle: a}")
    town.rules(rule("a", "{categorie: trottoir}", "routes"))
    town.expect("{texte: chaussée}", "{responsable: voirie-m}")


def test_children_inherit_the_family_or_have_their_own(town: Town) -> None:
    town.write(
        "categories.yaml",
        CATEGORIES.replace("{id: trottoir,", "{id: trottoir, famille: eclairage,"),
    )
    town.expect("{texte: trottoir}", "{responsable: eclairage-m}")


def test_a_refusal_of_the_deputy_goes_to_the_next_rule(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient: [banc], commune: Nantes}, alors: {responsable: paix-nantes}}
        - {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}
        """
    )
    town.expect(
        "{texte: banc, commune: Nantes, indisponible: paix-nantes, refuse_par: mairie-nantes}",
        "{responsable: voirie-m, regle: b}",
    )


def test_a_rules_territory_is_its_place_key_and_only_else_its_files(town: Town) -> None:
    """44800 is shared: a rule on it is wider than one on the commune of its file."""
    town.rules(
        """
        - {id: wide, si: {contient: [banc], code_postal: 44800}, alors: {responsable: mairie-reze}}
        - {id: narrow, si: {contient: [banc], commune: Rezé}, alors: {responsable: guichet}}
        """,
        "regles/reze.yaml",
        territoire="Rezé",
    )
    town.expect("{texte: banc, code_postal: 44800, commune: Rezé}", "{regle: narrow}")


def test_a_role_is_told_by_this_place_alone_whatever_was_decided_before(town: Town) -> None:
    quarters = "  social: {bellevue: paix-nantes, centre: mairie-nantes}\n"
    town.write("services.yaml", SERVICES + quarters)
    town.rules(rule("a", "{contient: [banc]}", "social"))
    received = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)
    somewhere = Facts(received, "banc", place=Place(communes=("44109",), source="form"))
    in_no_quarter = Place(communes=("44109",), point=Point(47.28, -1.58), source="form")
    north = Facts(received, "banc", place=in_no_quarter)
    ruleset = town.ruleset()
    assert decide(ruleset, somewhere).questions == ("lieu",)
    assert decide(ruleset, north) == decide(town.ruleset(), north)
    assert decide(ruleset, north).questions == ()


def test_what_a_rule_below_waits_for_is_asked_when_one_above_asks_for_that_rule(town: Town) -> None:
    town.rules(
        rule("cabinet", "{contient: [banc], regle: elus}", "routes", "priorite: exception, ")
        + rule("banc", "{contient: [banc]}", "voirie-m")
        + "- {id: elus, si: {expediteur: [elu]}, alors: {etiquettes: [élu]}}\n"
    )
    town.expect("{texte: banc, commune: Rezé}", "{responsable: voirie-m, question: expediteur}")
    town.expect("{texte: banc, commune: Rezé, expediteur: elu}", "{responsable: routes}")


SPLIT = """
territoire: Rezé
a_defaut: mairie-reze
regles:
  - id: deux
    si: {contient_tous: [échafaudage, clôture]}
    alors:
      repartir: [{part: échafaudage, responsable: mairie-reze}, {part: clôture, responsable: mairie-du-lieu}]
"""


def test_who_refuses_to_coordinate_a_split_case_does_not_keep_it(town: Town) -> None:
    town.rules(rule("une", "{contient: [clôture]}", "voirie-m"))
    town.write("regles/reze.yaml", SPLIT)
    case = "{{texte: un échafaudage et une clôture, commune: Rezé, {}}}"
    town.expect(case.format("canal: sms"), "{responsable: mairie-reze, regle: deux}")
    town.expect(
        case.format("refuse_par: [mairie-reze]"), "{responsable: voirie-m, regle: une, parts: []}"
    )
    town.expect(case.format("refuse_par: [mairie-reze, voirie-m]"), "{responsable: guichet}")


def test_who_is_away_coordinates_nothing(town: Town) -> None:
    town.write("regles/reze.yaml", SPLIT)
    town.expect(
        "{texte: un échafaudage et une clôture, commune: Rezé, indisponible: [mairie-reze]}",
        "{responsable: guichet, regle: deux, parts: [{part: échafaudage, responsable: guichet},"
        " {part: clôture, responsable: guichet}]}",
    )


def test_the_desk_after_three_refusals_has_its_deputy(town: Town) -> None:
    desk = 'adresse: a@m.example}, contact: {telephone: "3631", relais_sourds: "3631"}'
    town.write("services.yaml", SERVICES.replace(desk, f"{desk}, suppleant: astreinte"))
    town.expect(
        "{texte: bonjour, refuse_par: [routes, voirie-m, eclairage-m], indisponible: [guichet]}",
        "{responsable: astreinte}",
    )
