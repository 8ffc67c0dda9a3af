"""Cases of Signalen's routing expressions, told as reports to a city.

Source: Amsterdam/signals (Signalen/backend), app/signals/apps/dsl/tests/test_dsl.py and
app/signals/apps/signals/tests/test_routing_mechanism.py, test_user_routing_mechanism.py, MPL-2.0;
read in November 2026, nothing copied. There an expression that does not compile is switched off
and a run-time error passes in silence; here both are errors when the file is checked.
"""

from __future__ import annotations

import pytest
from rules_town import Town

INSIDE, OUTSIDE = "point: [47.215, -1.545]", "point: [47.28, -1.545]"
ABROAD = "point: [47.45, -0.55]"
AT_FOUR = 'recu: "2026-11-24 16:00:00"'


def rule(town: Town, si: str) -> None:
    town.rules(f"- {{id: a, si: {si}, alors: {{responsable: routes}}}}")


def holds(town: Town, case: str) -> bool:
    return town.decide(case).owner == "routes"


@pytest.mark.parametrize(
    ("si", "expected"),
    [
        pytest.param("{desordre: 5}", True, id="n == 5"),
        pytest.param("{desordre: 4}", False, id="n == 4"),
        pytest.param("{aucun_de: [{desordre: 5}]}", False, id="n != 5"),
        pytest.param("{aucun_de: [{desordre: 4}]}", True, id="n != 4"),
        pytest.param("{desordre: {min: 6}}", False, id="n > 5"),
        pytest.param("{desordre: {min: 5}}", True, id="n >= 5"),
        pytest.param("{desordre: {min: 4}}", True, id="n >= 4"),
        pytest.param("{desordre: {min: 7}}", False, id="n >= 7"),
        pytest.param("{desordre: {max: 4}}", False, id="n < 5"),
        pytest.param("{desordre: {max: 5}}", True, id="n <= 5"),
        pytest.param("{desordre: {max: 6}}", True, id="n <= 6"),
        pytest.param("{desordre: {min: 5, max: 5}}", True, id="5 <= n <= 5"),
        pytest.param("{desordre: [2, 5]}", True, id="n in (2, 5)"),
        pytest.param("{desordre: [2, {min: 8}]}", False, id="n == 2 or n >= 8"),
    ],
)
def test_numbers(si: str, expected: bool, town: Town) -> None:
    rule(town, si)
    assert holds(town, "{texte: x, desordre: 5}") is expected


@pytest.mark.parametrize(
    ("heures", "expected"),
    [
        pytest.param("16h-16h01", True, id="the minute that begins"),
        pytest.param("16h01-17h", False, id="the next one"),
        pytest.param("0h-16h", False, id="t < 16:00"),
        pytest.param("0h-16h01", True, id="t <= 16:00"),
        pytest.param("16h-24h", True, id="t >= 16:00"),
        pytest.param("15h-24h", True, id="t > 15:00"),
        pytest.param("0h-15h", False, id="t < 15:00"),
        pytest.param("12h-20h", True, id="12:00 < t < 20:00"),
        pytest.param("20h-12h", False, id="the night"),
        pytest.param("[8h-12h, 14h-18h]", True, id="one of two ranges"),
    ],
)
def test_hours(heures: str, expected: bool, town: Town) -> None:
    rule(town, f"{{recu: {{heures: {heures}}}}}")
    assert holds(town, f"{{texte: x, {AT_FOUR}}}") is expected


@pytest.mark.parametrize(
    ("si", "expected"),
    [
        pytest.param("{categorie: voirie}", True, id="a main category holds for its own"),
        pytest.param("{categorie: trottoir}", True, id="a subcategory"),
        pytest.param("{categorie: bruit}", False, id="another category"),
        pytest.param("{aucun_de: [{categorie: bruit}]}", True, id="not another category"),
        pytest.param("{aucun_de: [{categorie: voirie}]}", False, id="not its own"),
        pytest.param("{canal: [sms, telegram]}", True, id="in a list"),
        pytest.param("{canal: [web, email]}", False, id="not in a list"),
    ],
)
def test_texts_and_lists(si: str, expected: bool, town: Town) -> None:
    rule(town, si)
    assert holds(town, "{categorie: trottoir, canal: sms}") is expected


@pytest.mark.parametrize(
    ("day", "expected"), [("jeu", True), ("jeudi", True), ("ven", False), ("lun-mer", False)]
)
def test_days(day: str, expected: bool, town: Town) -> None:
    rule(town, f"{{recu: {{jours: [{day}]}}}}")
    assert holds(town, '{texte: x, recu: "2021-07-15 12:00"}') is expected


@pytest.mark.parametrize(("place", "expected"), [(INSIDE, True), (OUTSIDE, False), (ABROAD, False)])
def test_a_point_in_an_area(place: str, expected: bool, town: Town) -> None:
    rule(town, "{dans: graslin}")
    assert holds(town, f"{{texte: x, {place}}}") is expected


def test_a_report_without_a_point_is_not_taken_for_one_outside(town: Town) -> None:
    """There a missing location fails in silence; here the case goes on and the place is asked."""
    rule(town, "{dans: graslin}")
    town.expect("{texte: x, commune: Nantes, categorie: voirie}", "{question: lieu}")


@pytest.mark.parametrize(
    ("si", "expected"),
    [
        pytest.param("{un_de: [{desordre: 4}, {desordre: 5}]}", True, id="or"),
        pytest.param("{tous: [{desordre: 4}, {canal: sms}]}", False, id="and"),
        pytest.param("{desordre: 5, recu: {heures: 12h-20h}}", True, id="and, two facts"),
        pytest.param("[{desordre: 4}, {recu: {heures: 12h-20h}}]", True, id="or, two facts"),
        pytest.param(
            "{dans: graslin, un_de: [{desordre: {min: 1}}, {canal: web}]}",
            True,
            id="area and (number or channel)",
        ),
        pytest.param(
            "{canal: [web], recu: {heures: 12h-20h}}", False, id="list and hours, one is false"
        ),
        pytest.param(
            "{un_de: [{tous: [{desordre: 4}, {canal: sms}]}, {desordre: 5}]}",
            True,
            id="and within or",
        ),
        pytest.param(
            "{tous: [{un_de: [{desordre: 4}, {desordre: 5}]}, {canal: web}]}",
            False,
            id="or within and",
        ),
    ],
)
def test_and_or(si: str, expected: bool, town: Town) -> None:
    rule(town, si)
    assert holds(town, f"{{texte: x, desordre: 5, canal: sms, {INSIDE}, {AT_FOUR}}}") is expected


@pytest.mark.parametrize(
    "blocks", ["[{desordre: 4}, {desordre: 5}]", "[{canal: sms}, {canal: web}]"]
)
def test_a_contradiction_is_told_instead_of_never_matching(blocks: str, town: Town) -> None:
    """« n == 4 and n == 5 » compiles there and never matches."""
    rule(town, f"{{tous: {blocks}}}")
    assert any("ne peut jamais être vraie" in error for error in town.errors)


@pytest.mark.parametrize(
    ("place", "owner"), [(INSIDE, "routes"), (OUTSIDE, "guichet"), (ABROAD, "guichet")]
)
def test_a_report_always_has_one_owner(place: str, owner: str, town: Town) -> None:
    """There a report outside every area has no department at all."""
    rule(town, "{dans: graslin}")
    assert town.decide(f"{{texte: x, {place}}}").owner == owner


@pytest.mark.parametrize(
    ("si", "told"),
    [
        ("{abc: x, dans: graslin}", "La clé « abc » est inconnue ici"),
        ("{dans: graslain}", "graslain → graslin ?"),
        ("{desordre: beaucoup}", "ne convient pas à « desordre »"),
    ],
)
def test_an_expression_that_cannot_be_read_is_never_switched_off_in_silence(
    si: str, told: str, town: Town
) -> None:
    rule(town, si)
    assert any(told in error for error in town.errors)


def test_the_second_rule_still_works_when_the_first_lacks_a_fact(town: Town) -> None:
    """There the first expression fails on an unknown name, and the second is tried."""
    town.rules("""
        - {id: premiere, si: {canal: sms, dans: graslin}, alors: {responsable: astreinte}}
        - {id: seconde, si: {dans: graslin}, alors: {responsable: routes}}
        """)
    decision = town.decide(f"{{texte: x, {INSIDE}}}")
    assert (decision.owner, decision.rule) == ("routes", "seconde")
    assert "premiere" in decision.trace["unknown"]


@pytest.mark.parametrize(
    ("away", "owner"),
    [("[]", "paix-nantes"), ("[paix-nantes]", "mairie-nantes"),
     ("[paix-nantes, mairie-nantes]", "guichet")],
)  # fmt: skip
def test_someone_who_is_no_longer_there_has_a_stand_in(away: str, owner: str, town: Town) -> None:
    """There a rule whose user left is switched off, and nobody is assigned."""
    town.rules("- {id: a, si: {commune: Nantes}, alors: {responsable: paix-nantes}}")
    town.expect(f"{{texte: x, commune: Nantes, indisponible: {away}}}", f"{{responsable: {owner}}}")
