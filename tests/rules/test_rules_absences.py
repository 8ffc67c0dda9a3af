"""Services that are away on some days: who takes their cases, what is said of it, what is doubtful."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_cases import Drawn, Writer
from oracle_town import Bench
from rules_town import SERVICES, Town

from router.decision import Decision, Facts, ServiceId
from rules import trials
from rules.changes import changes_between
from rules.checking import check
from rules.compile import compile_rules
from rules.decide import decide
from rules.explain import explain
from rules.lint.absences import advise_absences
from rules.problems import Problem, Problems
from rules.translate import translate
from understanding.territory import Territory

PAIX = "- {id: banc, si: {contient: [banc]}, alors: {responsable: paix-nantes}}"


def away(town: Town, **absences: str) -> Town:
    """Write what stands beside some services, dashes for underscores: ``{du: …}``, … or keys."""
    services = SERVICES
    for name, written in absences.items():
        name = name.replace("_", "-")
        more = written if written.startswith("suppleant") else f"absences: [{written}]"
        services = services.replace(f"{{id: {name},", f"{{id: {name}, {more},")
    town.write("services.yaml", services)
    return town.rules(PAIX)


def on(day: str, **more: str) -> str:
    said = "".join(f", {key}: {value}" for key, value in more.items())
    return f'{{texte: banc, commune: Nantes, recu: "{day}", absences: oui{said}}}'


# --- deciding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "there", "gone"),
    [
        (
            "{du: 2026-08-01, au: 2026-08-16}",
            ["2026-07-31 23:59:59", "2026-08-17 00:00"],
            ["2026-08-01 00:00", "2026-08-16 23:59:59"],
        ),
        ("{du: 1er août 2026}", ["2026-07-31 12:00"], ["2026-08-01 12:00", "2040-01-01 12:00"]),
        ("{au: 16/08/2026}", ["2026-08-17 12:00"], ["2026-08-16 12:00", "1999-01-01 12:00"]),
        (
            "{du: 24 décembre, au: 1er janvier, chaque_annee: oui}",
            ["2026-12-23 12:00", "2027-01-02 12:00"],
            ["2026-12-24 12:00", "2031-01-01 12:00"],
        ),
        (
            "{du: 2026-08-01, au: 2026-08-02}, {du: 2026-08-04, au: 2026-08-04}",
            ["2026-08-03 12:00"],
            ["2026-08-02 12:00", "2026-08-04 12:00"],
        ),
    ],
)
def test_the_day_of_reception_decides_its_ends_included(
    written: str, there: list[str], gone: list[str], town: Town
) -> None:
    away(town, paix_nantes=written)
    for day in there:
        town.expect(on(day), "{responsable: paix-nantes, regle: banc}")
    for day in gone:
        town.expect(on(day), "{responsable: mairie-nantes, regle: banc}")


def test_a_stand_in_who_is_away_too_has_a_stand_in_or_the_owner_by_default(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}", mairie_nantes="{du: 2026-08-10}")
    town.expect(on("2026-08-09 12:00"), "{responsable: mairie-nantes}")
    town.expect(on("2026-08-10 12:00"), "{responsable: guichet, regle: banc}")


def test_a_test_may_have_others_away_as_well(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}")
    town.expect(on("2026-08-09 12:00", indisponible="mairie-nantes"), "{responsable: guichet}")


@pytest.mark.parametrize("written", ["{du: 2020-01-01}", "{au: 2099-12-31, motif: congés}"])
@pytest.mark.parametrize("when", ["", ', recu: "2026-11-24 10:15"', ", recu: 10h, absences: non"])
def test_a_test_says_what_the_rules_mean_whoever_is_on_leave_unless_it_asks(
    when: str, written: str, town: Town
) -> None:
    away(town, paix_nantes=written)
    case = f"{{texte: banc, commune: Nantes{when}}}"
    silent = town.trial(case, "{responsable: paix-nantes}")
    assert silent.passed, str(silent)
    assert silent.decision.trace["absences"] == []
    town.expect(on("2026-11-24 10:15"), "{responsable: mairie-nantes, regle: banc}")
    town.write("services.yaml", SERVICES)
    assert town.trial(case).decision.owner == silent.decision.owner


def test_a_test_that_would_pass_with_the_absences_of_its_day_is_told_so(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01, au: 2026-08-16}")
    hint = "écrivez « absences: oui » dans son cas"
    case = '{{texte: banc, commune: Nantes, recu: "{} 12:00"}}'
    for day, owner, told in (
        ("2026-08-09", "mairie-nantes", True),
        ("2026-08-17", "mairie-nantes", False),
        ("2026-08-09", "guichet", False),
    ):
        failed = town.trial(case.format(day), f"{{responsable: {owner}}}")
        assert (failed.passed, hint in failed.why) == (False, told)
    asked = town.trial(on("2026-08-09 12:00"), "{responsable: paix-nantes}")
    assert "à la place de « paix-nantes » (absence du 1er au 16 août 2026)" in asked.why
    assert hint not in asked.why


def test_a_test_in_english_asks_for_absences_too(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}")
    french = "territoire: metropole\nregles: []\nessais:\n  - cas: " + on("2026-08-09 12:00")
    french += "\n    attendu: {responsable: mairie-nantes}\n"
    english = translate("regles/essai.yaml", french, "en")
    assert "absences: yes" in english
    town.write("regles/essai.yaml", english)
    assert [one.passed for one in trials.run(town.ruleset())] == [True]
    assert translate("regles/essai.yaml", english, "fr").endswith(french)


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("18h30", "2026-11-24T18:30"),
        ("18:30:05", "2026-11-24T18:30:05"),
        ("8h", "2026-11-24T08:00"),
        ("samedi 22h10", "2026-11-28T22:10"),
        ("dim. à 5h", "2026-11-29T05:00"),
        ("monday 14:00", "2026-11-23T14:00"),
        ("mercredi", "2026-11-25T10:15"),
    ],
)
def test_an_hour_or_a_weekday_is_no_day_on_which_one_may_be_away(
    written: str, local: str, town: Town
) -> None:
    away(town, paix_nantes="{du: 2020-01-01}")
    result = town.trial(f"{{texte: banc, commune: Nantes, recu: {written}}}")
    assert result.decision.owner == "paix-nantes"
    assert result.decision.trace["facts"]["recu"].startswith(local)


@pytest.mark.parametrize("written", ["25h", "22h60", "samdi 8h", "de 22h", "8", "h", '""'])
def test_what_is_neither_an_hour_nor_a_day_is_refused_in_a_sentence(
    written: str, town: Town
) -> None:
    town.rules(PAIX)
    essai = f"{{cas: {{texte: banc, recu: {written}}}, attendu: {{responsable: guichet}}}}"
    town.write("regles/essai.yaml", f"territoire: metropole\nregles: []\nessais: [{essai}]\n")
    assert ["regles/essai.yaml:3" in one for one in town.errors] == [True]


def test_a_test_without_a_day_may_still_name_who_is_not_there(town: Town) -> None:
    away(town, paix_nantes="{du: 2020-01-01}", mairie_nantes="{du: 2020-01-01}")
    case = "{texte: banc, commune: Nantes, indisponible: paix-nantes}"
    result = town.trial(case, "{responsable: mairie-nantes, regle: banc}")
    assert result.passed, str(result)
    assert result.decision.trace["absences"] == []


def test_the_table_an_owner_by_default_and_parts_know_of_it(town: Town) -> None:
    away(town, voirie_m="suppleant: routes, absences: [{du: 2026-08-01}]")
    town.rules(
        "- {id: deux, si: {contient_tous: [arbre, câble]}, alors: {repartir: ["
        "{part: arbre, responsable: voirie-m}, {part: câble, responsable: eclairage-m}]}}"
    )
    day = 'commune: Rezé, recu: "2026-08-09 12:00", absences: oui'
    town.expect(f"{{texte: la chaussée, {day}}}", "{responsable: routes, priorite: competence}")
    town.expect(
        f"{{texte: un arbre et un câble, {day}}}",
        "{parts: [{part: arbre, responsable: routes}, {part: câble, responsable: eclairage-m}]}",
    )
    away(town, mairie_reze="{du: 2026-08-01}")
    town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-reze\nregles: []\n")
    town.expect(f"{{texte: bonjour, {day}}}", '{responsable: guichet, regle: "a_defaut:metropole"}')


def test_who_is_told_asked_or_warned_stays_the_same(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}")
    town.rules(
        "- {id: banc, si: {contient: [banc]}, alors: {responsable: guichet, informer: [paix-nantes],"
        " escalade: {apres: 2 jours, vers: paix-nantes}}}"
    )
    town.expect(on("2026-08-09 12:00"), "{informer: [paix-nantes], escalade: paix-nantes}")


def test_an_agent_may_choose_who_is_away(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}")
    town.expect(on("2026-08-09 12:00", choix_agent="paix-nantes"), "{responsable: paix-nantes}")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("absences"))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_to_be_away_by_absence_is_to_be_unavailable_on_that_day(
    data: st.DataObject, bench: Bench
) -> None:
    writer = Writer(Drawn(data.draw))
    files, absences = writer.files(), writer.absences()
    ruleset = bench.ruleset(files, absences)
    if ruleset is None:
        return
    configuration = ruleset.configuration
    services = {name: replace(one, absences=()) for name, one in configuration.services.items()}
    plain = compile_rules(replace(configuration, services=services), ruleset.geography)
    for facts in writer.several(20, 30, lambda _: writer.facts()):
        day = facts.received_at.astimezone(ruleset.zone).date()
        gone = [
            ServiceId(name)
            for name, one in configuration.services.items()
            if any(own.season.holds(day) for own in one.absences)
        ]
        said = replace(facts, unavailable=(*facts.unavailable, *gone))
        assert _told(decide(ruleset, facts)) == _told(decide(plain, said)), absences


def _told(decision: Decision) -> Decision:
    """Leave out how it is said that somebody is away."""
    return replace(decision, sentence="", trace={})


def test_without_absences_nothing_is_looked_up(town: Town) -> None:
    ruleset = town.rules(PAIX).ruleset()
    unavailable = (ServiceId("routes"),)
    facts = Facts(datetime(2026, 8, 9, tzinfo=UTC), "banc", unavailable=unavailable)
    assert ruleset.situation(facts).away is unavailable


def test_days_of_many_years_are_looked_up_without_being_kept_for_ever(town: Town) -> None:
    absences = (
        away(town, paix_nantes="{du: 3 mars, au: 3 mars, chaque_annee: oui}").ruleset().absences
    )
    first = date(2020, 1, 1)
    gone = [day for day in range(3000) if absences.on(first + timedelta(days=day))]
    assert len(gone) == 9
    assert len(absences._days) <= 1024


# --- telling -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "day", "said"),
    [
        (
            "{du: 2026-08-01, au: 2026-08-16, motif: congés}",
            "2026-08-09",
            "du 1er au 16 août 2026 (congés)",
        ),
        ("{du: 2026-07-28, au: 2026-08-16}", "2026-08-09", "du 28 juillet au 16 août 2026"),
        (
            "{du: 2026-12-28, au: 2027-01-01}",
            "2026-12-29",
            "du 28 décembre 2026 au 1er janvier 2027",
        ),
        ("{du: 2026-08-09, au: 2026-08-09}", "2026-08-09", "le 9 août 2026"),
        ("{du: 2026-08-01}", "2026-08-09", "à partir du 1er août 2026"),
        ("{au: 2026-08-16}", "2026-08-09", "jusqu'au 16 août 2026"),
        (
            "{du: 24 décembre, au: 1er janvier, chaque_annee: oui}",
            "2026-12-25",
            "du 24 décembre au 1er janvier, chaque année",
        ),
        (
            "{du: 2020-08-01, au: 2020-08-16, chaque_annee: oui}",
            "2026-08-09",
            "du 1er au 16 août, chaque année",
        ),
    ],
)
def test_the_explanation_says_who_is_away_when_why_and_who_is_there(
    written: str, day: str, said: str, town: Town
) -> None:
    away(town, paix_nantes=written)
    decision = town.decide(on(f"{day} 12:00"))
    told = explain(decision, "fr", town.ruleset())
    assert f"\nAbsence : Tranquillité, {said} ; à sa place : Mairie de Nantes\n" in told
    when, _, reason = said.partition(" (")
    why = f"{when} : {reason[:-1]}" if reason else when
    assert f", à la place de « paix-nantes » (absence {why})" in decision.sentence


def test_the_explanation_speaks_english_too(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01, au: 2026-08-16, motif: congés}")
    told = explain(town.decide(on("2026-08-09 12:00")), "en", town.ruleset())
    assert "\nAway : Tranquillité, from 1 to 16 August 2026 (congés); in its place: Mairie" in told


def test_all_who_are_away_on_the_way_are_told(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01}", mairie_nantes="{au: 2026-08-31}")
    decision = town.decide(on("2026-08-09 12:00"))
    assert [(one["service"], one["instead"]) for one in decision.trace["absences"]] == [
        ("paix-nantes", "guichet"),
        ("mairie-nantes", "guichet"),
    ]
    assert decision.trace["chain"] == ["paix-nantes", "mairie-nantes", "guichet"]


def test_an_owner_by_default_that_is_away_is_told_too(town: Town) -> None:
    away(town, mairie_reze="{du: 2026-08-01}")
    town.write("regles/reze.yaml", "territoire: Rezé\na_defaut: mairie-reze\nregles: []\n")
    decision = town.decide(
        '{texte: bonjour, commune: Rezé, recu: "2026-08-09 12:00", absences: oui}'
    )
    assert decision.sentence.startswith(
        "Guichet est responsable par défaut, car aucune règle ne s'applique, à la place de "
        "« mairie-reze » (absence à partir du 1er août 2026)"
    )


def test_the_last_owner_by_default_keeps_its_cases_and_it_is_said(town: Town) -> None:
    away(town, guichet="{du: 2026-08-01}")
    for more in ("", ", refuse_par: [routes, voirie-m, eclairage-m]"):
        decision = town.decide(
            f'{{texte: bonjour, commune: Rezé, recu: "2026-08-09 12:00", absences: oui{more}}}'
        )
        assert decision.owner == "guichet"
        assert "à la place de" not in decision.sentence
        told = explain(decision, "fr", town.ruleset())
        assert "Absence : Guichet, à partir du 1er août 2026 ; personne à sa place\n" in told


def test_who_takes_a_part_in_whose_place_is_told(town: Town) -> None:
    away(town, voirie_m="suppleant: routes, absences: [{du: 2026-08-01}]")
    town.rules(
        "- {id: deux, si: {contient_tous: [arbre, câble]}, alors: {repartir: ["
        "{part: arbre, responsable: voirie-m}, {part: câble, responsable: eclairage-m}]}}"
    )
    decision = town.decide('{texte: un arbre et un câble, recu: "2026-08-09 12:00", absences: oui}')
    [one] = decision.trace["absences"]
    assert (one["service"], one["instead"]) == ("voirie-m", "routes")


def test_a_decision_in_which_nobody_is_away_says_nothing_of_it(town: Town) -> None:
    away(town, paix_nantes="{du: 2026-08-01, au: 2026-08-16}")
    decision = town.decide(on("2026-08-17 12:00"))
    assert decision.trace["absences"] == []
    assert "Absence" not in explain(decision, "fr", town.ruleset())


# --- writing -------------------------------------------------------------------------------------


def test_absences_are_written_in_english_too(town: Town) -> None:
    away(town, paix_nantes="{du: 24 décembre, au: 2 janvier, chaque_annee: oui, motif: congés}")
    native = (town.folder / "services.yaml").read_text(encoding="utf-8")
    english = translate("services.yaml", native, "en")
    assert "{from: 24 décembre, until: 2 janvier, every_year: yes, reason: congés}" in english
    assert translate("services.yaml", english, "fr").removeprefix("langue: fr\n") in (
        native,
        "langue: fr\n" + native,
    )
    town.write("services.yaml", english)
    town.expect(on("2026-12-25 12:00"), "{responsable: mairie-nantes}")


def test_a_list_without_absences_is_none(town: Town) -> None:
    town.write("services.yaml", SERVICES.replace("{id: routes,", "{id: routes, absences: [],"))
    assert town.errors == []
    assert not town.ruleset().absences


def test_a_danger_whose_service_leaves_counts_as_changed(town: Town) -> None:
    danger = PAIX.replace("si:", "priorite: danger, si:")
    old = town.rules(danger).ruleset().configuration
    new = away(town, paix_nantes="{du: 2026-08-01}").rules(danger).ruleset().configuration
    assert changes_between(old, new, {}, {}).danger == ("banc",)
    other = away(town, paix_nantes="{du: 2026-08-01, motif: congés}").rules(danger).ruleset()
    assert changes_between(new, other.configuration, {}, {}).danger == ()


# --- doubting ------------------------------------------------------------------------------------


def doubts(town: Town, today: date | None = None) -> list[Problem]:
    found = check(town.folder, Territory.from_description, today).problems
    return [one for one in found if "absence" in one.code]


@pytest.mark.parametrize(
    ("one", "other", "day"),
    [
        ("{du: 2027-08-01, au: 2027-08-16}", "{du: 2027-08-16, au: 2027-09-01}", "16 août 2027"),
        ("{du: 2027-08-01, au: 2027-08-16}", "{du: 2027-08-17, au: 2027-09-01}", ""),
        ("{au: 2027-08-16}", "{du: 2027-08-01}", "1er août 2027"),
        ("{au: 2027-08-16}", "{au: 2026-12-31}", "31 décembre 2026"),
        ("{du: 2026-12-31}", "{du: 1er mai, au: 9 mai, chaque_annee: oui}", "1er mai 2027"),
        (
            "{du: 24 décembre, au: 2 janvier, chaque_annee: oui}",
            "{du: 1er janvier, au: 5 janvier, chaque_annee: oui}",
            "1er janvier",
        ),
        (
            "{du: 29 février, au: 29 février, chaque_annee: oui}",
            "{du: 28 février, au: 29 février, chaque_annee: oui}",
            "29 février 2028",
        ),
        ("{du: 2026-12-26, au: 9999-12-31}", "{au: 9999-12-31}", "26 décembre 2026"),
    ],
)
def test_a_service_and_its_stand_in_away_on_one_day(
    one: str, other: str, day: str, town: Town
) -> None:
    away(town, paix_nantes=one, mairie_nantes=f"suppleant: guichet, absences: [{other}]")
    assert [told for told in doubts(town) if told.code == "absences-ensemble"] == []
    away(town, paix_nantes=one, mairie_nantes=other)
    told = [each for each in doubts(town) if each.code == "absences-ensemble"]
    assert [f"ensemble le {day}" in each.message for each in told] == [True] * bool(day)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_first_day_away_together_is_found_as_one_finds_it_day_by_day(
    data: st.DataObject, bench: Bench
) -> None:
    writer = Writer(Drawn(data.draw))
    own = [", ".join(writer.absence() for _ in range(writer.number(1, 2))) for _ in range(2)]
    beside = f"paix-nantes: {{absences: [{own[0]}]}}\nmairie-nantes: {{absences: [{own[1]}]}}\n"
    ruleset = bench.ruleset({"regles/a.yaml": _EMPTY}, beside)
    assert ruleset is not None
    problems = Problems()
    today = date(2026, writer.number(1, 12), 15)
    advise_absences(ruleset, problems, today)
    days = (today + timedelta(days=step) for step in range(800))
    pair = {"paix-nantes", "mairie-nantes"}
    together = next((day for day in days if pair <= ruleset.absences.on(day)), None)
    told = [one.message for one in problems.found if one.code == "absences-ensemble"]
    assert len(told) == (together is not None), own
    if together is not None:
        assert f" {together.year} : " in told[0]
        assert f"ensemble le {together.day}" in told[0]


_EMPTY = "territoire: metropole\na_defaut: guichet\nregles: []\n"


@pytest.mark.parametrize(
    ("written", "over"),
    [
        ("{du: 2026-11-01, au: 2026-11-25}", 1),
        ("{du: 2026-11-01, au: 2026-11-26}", 0),
        ("{du: 2026-11-01}", 0),
        ("{du: 1er août, au: 16 août, chaque_annee: oui}", 0),
        ("{au: 2026-10-01}, {au: 2026-09-01}, {du: 2027-01-01}", 2),
    ],
)
def test_an_absence_that_is_over_is_told_once_today_is_known(
    written: str, over: int, town: Town
) -> None:
    away(town, paix_nantes=written)
    assert doubts(town) == []
    told = doubts(town, date(2026, 11, 26))
    assert [one.code for one in told] == ["absence-finie"] * over


def test_the_last_owner_by_default_is_told_of_in_its_own_words(town: Town) -> None:
    [told] = doubts(away(town, guichet="{du: 2027-08-01}"))
    assert told.message == (
        "« guichet » est en absence à partir du 1er août 2027 et n'a pas de suppléant : "
        "ses demandes lui arrivent quand même"
    )


def test_an_absence_that_is_over_needs_no_stand_in(town: Town) -> None:
    away(town, routes="{au: 2026-10-01}")
    assert [one.code for one in doubts(town, date(2026, 11, 26))] == ["absence-finie"]


TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    "absences",
    [
        {"guichet": "{du: 2026-11-26}"},
        {
            "guichet": "suppleant: astreinte, absences: [{du: 2026-11-01}]",
            "astreinte": "{du: 2026-10-01}",
        },
    ],
    ids=["nobody stands in", "who stands in is away as well"],
)
def test_the_last_owner_by_default_may_not_be_away_until_further_notice(
    absences: dict[str, str], town: Town
) -> None:
    away(town, **absences)
    found = check(town.folder, Territory.from_description, TODAY).problems
    [told] = [one for one in found if one.severity == "error"]
    assert (told.code, told.file) == ("a-defaut-mort", "services.yaml")
    assert told.message == (
        "Le responsable par défaut de la métropole « guichet » est en absence jusqu'à nouvel "
        "ordre, et personne ne le remplace"
    )


@pytest.mark.parametrize(
    "absences",
    [
        {"guichet": "{du: 2026-11-27}"},
        {"guichet": "{du: 2026-11-01, au: 2026-12-01}"},
        {"guichet": "suppleant: astreinte, absences: [{du: 2026-11-01}]"},
        {"paix_nantes": "{du: 2026-11-01}"},
    ],
    ids=["not yet", "it ends", "another stands in", "not the last one"],
)
def test_other_absences_do_not_keep_rules_from_being_published(
    absences: dict[str, str], town: Town
) -> None:
    away(town, **absences)
    found = check(town.folder, Territory.from_description, TODAY).problems
    assert [one for one in found if one.severity == "error"] == []
