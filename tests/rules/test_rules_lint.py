"""Checks against the map: what one file may say about another's ground, and what meets."""

from __future__ import annotations

from datetime import date

import pytest
from rules_town import (
    CATEGORIES,
    COMPETENCES,
    SERVICES,
    TERRITORY,
    Town,
    collection,
    feature,
    square,
)

from router.decision import Urgency
from rules.lint.linting import lint
from rules.reading.folder import read
from understanding.territory import Territory

RESERVE = COMPETENCES + "reserve: {metropole: [voirie], commune: [tranquillite]}\n"
GRANT = "accords: [{a: '44143', famille: voirie, jusqu_au: 2027-12-31}]\n"


def codes(town: Town, severity: str) -> list[str]:
    return [one.code for one in town.problems if one.severity == severity]


def test_a_sound_folder_has_no_error(town: Town) -> None:
    assert town.errors == []


def test_a_commune_may_not_take_a_reserved_family(town: Town) -> None:
    town.write("competences.yaml", RESERVE)
    town.rules(
        "- {id: a, si: {categorie: trottoir}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    (error,) = town.errors
    assert error.startswith("regles/reze.yaml:3:61: ")
    assert "réservée à la métropole" in error


@pytest.mark.parametrize(
    "rule",
    [
        "{id: a, si: {contient: [trottoir]}, alors: {responsable: mairie-reze}}",
        "{id: a, priorite: danger, si: {categorie: trottoir}, alors: {responsable: mairie-reze}}",
        "{id: a, si: {categorie: trottoir}, alors: {informer: mairie-reze}}",
    ],
)
def test_words_alone_danger_and_effects_are_exempt(rule: str, town: Town) -> None:
    town.write("competences.yaml", RESERVE)
    town.rules(f"- {rule}", "regles/reze.yaml", territoire="Rezé")
    assert town.errors == []


def test_a_reserved_family_is_not_taken_by_way_of_another_rule(town: Town) -> None:
    town.write("competences.yaml", RESERVE)
    town.rules("- {id: rue, si: {categorie: trottoir}, alors: {etiquettes: [rue]}}")
    town.rules(
        "- {id: a, si: {contient: [neige], regle: rue}, alors: {responsable: mairie-reze}}\n"
        "- {id: b, si: {contient: [gel]}, sauf: {regle: rue}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    (error,) = town.errors
    assert "La règle « a » confie à « mairie-reze » la famille « voirie »" in error


def test_an_agreement_grants_a_family_until_its_last_day(town: Town) -> None:
    town.write("competences.yaml", RESERVE + GRANT)
    town.rules(
        "- {id: a, si: {categorie: trottoir}, alors: {responsable: mairie-reze}}\n"
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    assert town.errors == []
    configuration = read(town.folder).configuration
    assert configuration is not None
    geography = Territory.from_description(configuration.territory)
    for today, errors in ((date(2027, 12, 31), 0), (date(2028, 1, 1), 2)):
        found = lint(configuration, geography, today)
        assert sum(one.severity == "error" for one in found) == errors


def test_the_metropole_may_not_take_a_familys_commune(town: Town) -> None:
    town.write("competences.yaml", RESERVE)
    town.rules("- {id: a, si: {categorie: bruit}, alors: {responsable: routes}}")
    (error,) = town.errors
    assert "réservée aux communes" in error
    town.rules("- {id: a, si: {categorie: bruit}, alors: {responsable: mairie-du-lieu}}")
    assert town.errors == []
    town.rules(
        "- {id: a, si: {categorie: bruit, commune: Nantes}, alors: {responsable: paix-nantes}}"
    )
    assert town.errors == []


def test_a_commune_names_its_own_services_roles_and_the_desk(town: Town) -> None:
    for owner, errors in (
        ("mairie-reze", 0),
        ("mairie-du-lieu", 0),
        ("guichet", 0),
        ("mairie-nantes", 1),
        ("voirie-m", 1),
        ("routes", 1),
    ):
        town.rules(
            f"- {{id: a, si: {{contient: [banc]}}, alors: {{responsable: {owner}}}}}",
            "regles/reze.yaml",
            territoire="Rezé",
        )
        assert len(town.errors) == errors, owner


CALENDARS = """
calendriers:
  nuit: {heures: 22h-6h}
  jour: {heures: 8h-18h}
  semaine: {jours: lun-ven}
  week-end: {jours: [sam, dim]}
  ete: {du: 1er juillet, au: 31 août, chaque_annee: oui}
  hiver: {du: 1er décembre, au: 28 février, chaque_annee: oui}
  soirs-d-ete: {dans: [ete], heures: 19h-23h}
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dans: nuit", "dans: jour"),
        ("dans: nuit", "heures: 8h-18h"),
        ("dans: semaine", "dans: week-end"),
        ("dans: semaine", "jours: [sam, dim]"),
        ("dans: ete", "dans: hiver"),
        ("dans: soirs-d-ete", "dans: hiver"),
        ("dans: [ete, nuit]", "dans: [hiver], heures: 8h-18h"),
    ],
)
def test_calendars_that_never_meet_are_no_conflict(one: str, other: str, town: Town) -> None:
    town.write("calendriers.yaml", CALENDARS)
    rule = "- {{id: {}, si: {{contient: [banc], recu: {{{}}}}}, alors: {{responsable: {}}}}}"
    town.rules(rule.format("a", one, "voirie-m"))
    town.rules(rule.format("b", other, "routes"), "regles/autre.yaml")
    assert town.errors == []
    town.rules(f"- {{id: a, si: {{contient: [banc], recu: {{{one}}}, tous: [{{recu: {{{other}}}}}]}}"
               ", alors: {responsable: voirie-m}}")  # fmt: skip
    town.remove("regles/autre.yaml")
    assert codes(town, "error") == ["contradiction"]


@pytest.mark.parametrize(
    "rule",
    [
        "{id: a, si: {tous: [{recu: {heures: 22h-6h, au: 2026-11-30}}, {recu: {du: 2026-12-01}}]},"
        " alors: {urgence: haute}}",
        "{id: a, du: 2026-12-01, si: {recu: {heures: 22h-6h, au: 2026-11-30}},"
        " alors: {urgence: haute}}",
    ],
)
def test_a_night_that_goes_on_into_the_first_day_of_a_period_is_no_contradiction(
    rule: str, town: Town
) -> None:
    town.rules(f"- {rule}")
    assert town.errors == []
    assert town.decide("{texte: a, recu: 2026-12-01 02:00}").urgency is Urgency.HIGH
    assert town.decide("{texte: a, recu: 2026-12-01 22:00}").urgency is Urgency.NORMAL


def test_a_calendar_against_its_own_hours_is_a_contradiction(town: Town) -> None:
    town.write("calendriers.yaml", CALENDARS)
    town.rules(
        "- {id: a, si: {contient: [banc], recu: {heures: 8h-18h, dans: nuit}},"
        " alors: {responsable: voirie-m}}"
    )
    assert "« recu: {heures: 8h-18h, dans: nuit} » se contredit" in town.errors[0]


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ("dans: nuit", "jours: [sam, dim]", '"2026-01-03 22:00"'),
        ("dans: [ete, nuit]", "dans: hiver", '"2025-12-31 22:00"'),
        ("heures: 22h-6h, jours: ven", "heures: 0h-6h, jours: sam", '"2026-01-03 00:00"'),
    ],
)
def test_calendars_that_meet_are_a_conflict_at_a_moment_in_which_they_do(
    one: str, other: str, example: str, town: Town
) -> None:
    town.write("calendriers.yaml", CALENDARS)
    rule = "- {{id: {}, si: {{contient: [banc], recu: {{{}}}}}, alors: {{responsable: {}}}}}"
    town.rules(rule.format("a", one, "voirie-m"))
    town.rules(rule.format("b", other, "routes"), "regles/autre.yaml")
    [problem] = [one for one in town.problems if one.severity == "error"]
    assert problem.code == "conflit"
    assert f"recu: {example}" in str(problem.example)


def test_a_calendar_of_other_dates_than_the_rule_s_own_is_no_conflict(town: Town) -> None:
    town.write("calendriers.yaml", CALENDARS)
    town.rules(
        "- {id: a, si: {contient: [banc], recu: {dans: ete}}, alors: {responsable: voirie-m}}"
    )
    town.rules(
        "- {id: b, du: 1er décembre, au: 31 janvier, chaque_annee: oui, si: {contient: [banc]},"
        " alors: {responsable: routes}}",
        "regles/autre.yaml",
    )
    assert town.errors == []


def test_two_postal_codes_of_one_commune_never_meet(town: Town) -> None:
    rule = "- {{id: {}, si: {{contient: [banc], code_postal: '{}'}}, alors: {{responsable: {}}}}}"
    town.rules(rule.format("a", 44000, "voirie-m"))
    town.rules(rule.format("b", 44100, "routes"), "regles/autre.yaml")
    assert town.errors == []


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("{contient: [banc, arbre]}", "{contient: [banc, siège]}", "error"),
        ("{contient: [banc]}", "{contient: [siège]}", None),
        ("{categorie: bruit, canal: sms}", "{categorie: bruit, langue: fr}", "error"),
        ("{categorie: bruit}", "{contient: [banc]}", None),
        ("{categorie: voirie, contient: [trou]}", "{categorie: voirie, contient: [banc]}", None),
        ("{categorie: voirie}", "{categorie: trottoir}", "error"),
        ("{contient: [banc], commune: Rezé}", "{contient: [banc], commune: Nantes}", None),
        ("{contient: [banc], commune: Rezé}", "{contient: [banc]}", None),
        (
            "{contient: [banc], commune: [Rezé, Nantes]}",
            "{contient: [banc], commune: [Nantes, Orvault]}",
            "error",
        ),
        (
            "{contient: [banc], recu: {heures: 8h-18h}}",
            "{contient: [banc], recu: {heures: 18h-8h}}",
            None,
        ),
        ("{contient: [banc], recu: {jours: lun}}", "{contient: [banc], recu: {jours: mar}}", None),
        (
            "{contient: [banc], recu: {au: 2026-11-30}}",
            "{contient: [banc], recu: {du: 2026-12-01}}",
            None,
        ),
        ("{contient: [banc], canal: sms}", "{contient: [banc], canal: x}", None),
        ("{contient: [banc], sur: peripherique}", "{contient: [trou], sur: peripherique}", None),
        ("{canal: x, sur: peripherique}", "{langue: fr, sur: peripherique}", "error"),
        ("{contient: [banc]}", "{contient_tous: [banc, cassé]}", "error"),
    ],
)
def test_conflicts_are_errors_across_files(
    one: str, other: str, level: str | None, town: Town
) -> None:
    town.rules(f"- {{id: a, si: {one}, alors: {{responsable: routes}}}}", "regles/a.yaml")
    town.rules(f"- {{id: b, si: {other}, alors: {{responsable: voirie-m}}}}", "regles/b.yaml")
    found = [problem for problem in town.problems if problem.code == "conflit"]
    assert [problem.severity for problem in found] == ([level] if level else [])
    if found:
        assert found[0].file == "regles/b.yaml"
        assert "a" in found[0].message
        assert found[0].example.startswith("{")


def test_a_conflict_within_a_file_is_a_warning(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient: [banc]}, alors: {responsable: routes}}
        - {id: b, si: {contient: [banc], canal: sms}, alors: {responsable: voirie-m}}
        """
    )
    assert town.errors == []
    assert {"conflit", "jamais-gagnante"} <= set(codes(town, "warning"))


def test_a_rule_that_stands_back_from_another_is_no_conflict(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient_tous: [banc, cassé]}, sauf: {contient: [parc]},
           alors: {responsable: voirie-m}}
        - {id: b, si: {contient_tous: [tram, cassé]}, sauf: [{contient: [pluie]}, {regle: a}],
           alors: {responsable: routes}}
        """
    )
    assert "conflit" not in codes(town, "warning")


def test_the_same_owner_or_another_priority_is_no_conflict(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {contient: [banc]}, alors: {responsable: routes}}
        - {id: b, si: {contient: [banc], canal: sms}, alors: {responsable: routes}}
        - {id: c, priorite: exception, si: {contient: [banc], canal: x},
           alors: {responsable: voirie-m}}
        """
    )
    assert "conflit" not in codes(town, "warning")


def test_the_example_of_a_conflict_is_a_case_in_which_both_hold(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc], commune: [Rezé, Nantes]}, alors: {responsable: routes}}",
        "regles/a.yaml",
    )
    town.rules(
        "- {id: b, si: {contient: [banc], commune: [Nantes, Orvault]},"
        " alors: {responsable: voirie-m}}",
        "regles/b.yaml",
    )
    (problem,) = [one for one in town.problems if one.code == "conflit"]
    assert problem.example == '{texte: "banc", commune: Nantes}'


@pytest.mark.parametrize(
    "si",
    [
        "{commune: Nantes, dans: Rezé}",
        "{canal: sms, aucun_de: [{canal: sms}]}",
        "{tous: [{categorie: bruit}, {categorie: voirie}]}",
        "{tous: [{desordre: {max: 3}}, {desordre: {min: 7}}]}",
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(si: str, town: Town) -> None:
    town.rules(f"- {{id: a, si: {si}, alors: {{responsable: routes}}}}")
    assert codes(town, "error") == ["contradiction"]


def test_words_that_match_too_much_are_warned_of(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [feu, bonjour, poubelle]}, alors: {responsable: routes}}")
    assert codes(town, "warning").count("mot-douteux") == 2


def test_a_service_of_a_commune_that_owns_elsewhere_is_warned_of(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: mairie-reze}}")
    assert "service-hors-commune" in codes(town, "warning")


def test_a_commune_that_would_own_the_rest_of_the_metropole_is_warned_of(town: Town) -> None:
    town.write(
        "regles/metropole.yaml", "territoire: metropole\na_defaut: mairie-nantes\nregles: []"
    )
    assert "service-hors-commune" in codes(town, "warning")


def test_crossing_quartiers_are_warned_of(town: Town) -> None:
    crossing = (town.folder / "territoire/graslin.geojson").read_text()
    town.write("territoire/croise.geojson", crossing)
    town.write(
        "territoire/territoire.yaml",
        TERRITORY.replace("zones:", "  - {id: croise, contour: croise.geojson}\nzones:"),
    )
    assert codes(town, "warning").count("territoires-croises") == 2


def test_a_rule_keeps_to_the_table_in_every_commune_where_it_acts(town: Town) -> None:
    town.write("competences.yaml", COMPETENCES + "reserve: {commune: [tranquillite]}\n")
    town.rules("- {id: a, si: {categorie: bruit}, alors: {responsable: paix-nantes}}")
    assert codes(town, "error") == ["famille-reservee"]
    town.rules(
        "- {id: a, si: {categorie: bruit, commune: Nantes}, alors: {responsable: paix-nantes}}"
    )
    assert codes(town, "error") == []


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (
            "du: 1er janvier, au: 1er mars, chaque_annee: oui",
            "du: 2 mars, au: 31/12, chaque_annee: oui",
            False,
        ),
        (
            "du: 15/12, au: 15 janvier, chaque_annee: oui",
            "du: 10 janvier, au: 1er mars, chaque_annee: oui",
            True,
        ),
        ("du: 2026-03-02, au: 2026-05-01", "du: 1/6, au: 30/6, chaque_annee: oui", False),
        ("du: 2026-03-02", "du: 1/6, au: 30/6, chaque_annee: oui", True),
    ],
)
def test_disjoint_dates_of_every_year_are_no_conflict(
    one: str, other: str, conflict: bool, town: Town
) -> None:
    town.rules(
        f"- {{id: a, {one}, si: {{contient: [banc]}}, alors: {{responsable: routes}}}}",
        "regles/a.yaml",
    )
    town.rules(
        f"- {{id: b, {other}, si: {{contient: [banc]}}, alors: {{responsable: voirie-m}}}}",
        "regles/b.yaml",
    )
    assert ("conflit" in codes(town, "error")) is conflict


def test_a_rule_whose_escalation_comes_back_to_its_owner_is_refused(town: Town) -> None:
    town.write(
        "services.yaml",
        SERVICES.replace(
            "- {id: voirie-m,",
            "- {id: voirie-m, escalade: {apres: 3 jours, vers: routes},",
        ),
    )
    town.rules(
        "- {id: a, alors: {responsable: routes, escalade: {apres: 2 jours, vers: voirie-m}}}"
    )
    (problem,) = [one for one in town.problems if one.severity == "error"]
    assert problem.code == "cycle"
    assert "routes → voirie-m → routes" in problem.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{contient: [arbres]}", "{contient: [arbre]}"),
        ("{contient: [arbr*]}", "{contient: [arbre]}"),
        ('{contient: ["=marché"]}', "{contient: [marché]}"),
        ("{contient: [fuite de gaz]}", "{contient: [gaz]}"),
        ("{contient: [fuite de gaz], canal: sms}", "{contient: [fuites de gaz], langue: fr}"),
        ("{categorie: voirie}", "{categorie: trottoir}"),
        ("{sur: peripherique}", "{pres_de: {quoi: peripherique, a_moins_de: 100 m}}"),
        ("{canal: [sms, web]}", "{canal: [web]}"),
        (
            "{contient: [banc], recu: {jours: sam}}",
            "{contient: [banc], recu: {heures: 20h-6h}, urgence: haute}",
        ),
        ("{contient: [banc], dans: graslin}", "{contient: [banc], dans: graslin, desordre: 3}"),
        (
            "{contient: [banc], recu: {dans: feries}}",
            "{contient: [banc], expediteur: elu, piece_jointe: oui, nature: idee, recurrence: {fois: 2}}",
        ),
        ("{contient: [banc], rue: rue du Port}", "{contient: [banc], rue: [rue du port, quai x]}"),
    ],
)
def test_a_made_up_case_is_one_in_which_both_rules_hold(one: str, other: str, town: Town) -> None:
    town.rules(f"- {{id: a, si: {one}, alors: {{responsable: routes}}}}", "regles/a.yaml")
    town.rules(f"- {{id: b, si: {other}, alors: {{responsable: voirie-m}}}}", "regles/b.yaml")
    (problem,) = [one for one in town.problems if one.code == "conflit"]
    town.rules(f"- {{id: b, si: {other}, alors: {{urgence: haute}}}}", "regles/b.yaml")
    decision = town.decide(problem.example)
    assert set(decision.trace["true_rules"]) == {"a", "b"}, problem.example


def test_a_made_up_case_reaches_the_step_that_names_an_owner(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc]}, seuils: [{confirmations: 3, urgence: haute},"
        " {confirmations: 10, responsable: routes}]}\n"
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m}}"
    )
    (warning,) = (one for one in town.problems if one.code == "conflit")
    assert warning.example == '{texte: "banc", confirmations: 10, commune: Nantes}'


def test_effects_of_other_dates_are_no_conflict(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc]}, alors: {responsable: routes, au: 2026-03-31}}",
        "regles/a.yaml",
    )
    town.rules(
        "- {id: b, si: {contient: [banc]}, alors: {responsable: voirie-m, du: 2026-04-01}}",
        "regles/b.yaml",
    )
    assert "conflit" not in codes(town, "error")


@pytest.mark.parametrize(
    ("owner", "way"),
    [("voirie-m", "open311"), ("routes", "email"), ("mairie-du-lieu", "webhook")],
)
def test_a_way_that_nobody_in_charge_has_is_a_warning(owner: str, way: str, town: Town) -> None:
    town.rules(
        f"- {{id: a, si: {{contient: [pont]}},"
        f" alors: {{responsable: {owner}, transmettre_par: {way}}}}}"
    )
    assert town.errors == []
    assert "moyen-absent" in codes(town, "warning")


@pytest.mark.parametrize(
    "effects",
    [
        "{responsable: routes, transmettre_par: open311}",
        "{responsable: mairie-du-lieu, transmettre_par: email}",
        "{urgence: haute, transmettre_par: webhook}",  # promises nothing: it has no owner
    ],
)
def test_a_way_of_the_one_in_charge_is_allowed(effects: str, town: Town) -> None:
    town.rules(f"- {{id: a, si: {{contient: [pont]}}, alors: {effects}}}")
    assert town.errors == []
    assert "moyen-absent" not in codes(town, "warning")


def test_a_step_s_way_is_that_of_its_own_owner(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {categorie: bruit}, alors: {responsable: mairie-du-lieu},
           seuils: [{confirmations: 9, responsable: routes, transmettre_par: email}]}
        """
    )
    assert town.errors == []
    assert "moyen-absent" in codes(town, "warning")


@pytest.mark.parametrize("place", ["code_postal: '44800'", "dans: metropole", "dans: bord"])
def test_a_file_never_acts_outside_so_its_service_owns_nothing_elsewhere(
    place: str, town: Town
) -> None:
    """The bound of the file holds for a postal code, or a zone, that goes on beyond it."""
    town.write(
        "territoire/territoire.yaml",
        TERRITORY.replace("zones: {", "zones: {bord: {contour: bord.geojson}, "),
    )
    town.write("territoire/bord.geojson", collection(feature(square(-1.56, 47.19, -1.54, 47.22))))
    rule = f"- {{id: a, si: {{contient: [banc], {place}}}, alors: {{responsable: mairie-reze}}}}"
    town.rules(rule, "regles/reze.yaml", territoire="Rezé")
    assert town.errors == []
    assert "service-hors-commune" not in codes(town, "warning")
    town.remove("regles/reze.yaml").rules(rule)
    assert "service-hors-commune" in codes(town, "warning")


def test_a_name_in_french_is_wanted_whatever_the_counters_speak(town: Town) -> None:
    town.write("categories.yaml", CATEGORIES.replace("noms: {fr: Bruit}", "noms: {en: Noise}"))
    [told] = [one for one in town.problems if one.code == "nom-manquant"]
    assert told.message == "Il manque un nom en français à la catégorie « bruit »"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("bus, métro, tri", "« bus », « tri »"),
        ("eau*, ea*", "« eau* », « ea* »"),
        ('"=bus", "=RER", métro, passage bus, {proche: [feu, bus]}', ""),
    ],
)
def test_a_short_word_of_a_category_is_warned_of_unless_it_is_exact(
    words: str, told: str, town: Town
) -> None:
    town.write("categories.yaml", CATEGORIES.replace("[lampadaire]", f"[{words}]"))
    found = [one for one in town.problems if one.code == "mot-douteux"]
    assert [one.message.partition(" : ")[2] for one in found] == ([told] if told else [])
    assert all(
        "Dans la catégorie « eclairage », des mots ont moins" in one.message for one in found
    )
    assert all("« =bus »" in one.fix or "« =eau »" in one.fix for one in found)


@pytest.mark.parametrize("word", ["leur", "même", "déjà", "pourquoi", "with", "please"])
def test_a_word_that_carries_no_subject_is_warned_of(word: str, town: Town) -> None:
    town.rules(f"- {{id: a, si: {{contient: [{word}]}}, alors: {{urgence: haute}}}}")
    [told] = [one for one in town.problems if one.code == "mot-douteux"]
    assert f"se trouvent dans presque tous les messages : « {word} »" in told.message
