"""Values stand alone or in a list, in French or in English, in the smallest folder that is legal."""

from __future__ import annotations

import json

import pytest
from rules_town import Town, collection, feature, square

from rules.reading.blocks import BLOCKS
from rules.trials import run
from rules.vocabulary import ENGLISH


def holds(town: Town, si: str, case: str) -> bool:
    town.rules(f"- {{id: a, si: {si}, alors: {{responsable: routes}}}}")
    return town.decide(case).rule == "a"


@pytest.mark.parametrize(
    ("si", "yes", "no"),
    [
        (
            "{recu: [{heures: 8h-9h}, {heures: 14h-15h, jours: mar}]}",
            '{recu: "2026-11-24 14:30"}',
            '{recu: "2026-11-25 14:30"}',
        ),
        ("{desordre: [{min: 8}, 1]}", "{desordre: 1}", "{desordre: 2}"),
        ("{recurrence: [{fois: 3, en: 30 jours, par: lieu}]}", "{recurrence: 3}", "{}"),
        ("{confirmations: [{max: 1}, {min: 10}]}", "{confirmations: 10}", "{confirmations: 2}"),
        ("{afflux: [{fois: 20, dans: Rezé}, {fois: 5}]}", "{afflux: 6}", "{afflux: 4}"),
        ("{piece_jointe: [oui]}", "{piece_jointe: oui}", "{piece_jointe: non}"),
        (
            "{pres_de: [{quoi: peripherique, a_moins_de: 50 m}]}",
            "{point: [47.28, -1.55]}",
            "{point: [47.25, -1.55]}",
        ),
        ("{un_de: {canal: sms}}", "{canal: sms}", "{canal: x}"),
        ("{tous: {canal: sms}}", "{canal: sms}", "{canal: x}"),
        ("{aucun_de: {canal: sms}}", "{canal: x}", "{canal: sms}"),
        ("{recu: {dans: Fériés}}", '{recu: "2026-12-25 10:00"}', "{}"),
    ],
)
def test_one_value_or_a_list(si: str, yes: str, no: str, town: Town) -> None:
    assert holds(town, si, yes)
    assert not holds(town, si, no)


def test_one_step_and_one_part_need_no_list(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {canal: sms}, seuils: {confirmations: 2, responsable: routes}}
        - {id: b, si: {canal: x}, alors: {repartir: {part: banc, responsable: voirie-m}}}
        """
    )
    town.expect("{canal: sms, confirmations: 2}", "{responsable: routes}")
    town.expect("{canal: x}", "{responsable: guichet, parts: {part: banc, responsable: voirie-m}}")


def test_an_english_file_may_say_langue_or_language(town: Town) -> None:
    for head in ("langue: en", "language: en"):
        town.write("regles/en.yaml", f"{head}\nterritory: Nantes\nrules: []\n")
        assert town.errors == []


def test_every_key_has_one_english_twin() -> None:
    keys = {key for block in BLOCKS.values() for key in block} - set(BLOCKS["reserve"])
    assert keys <= set(ENGLISH)
    assert len(set(ENGLISH.values())) == len(ENGLISH)


def test_five_files_are_enough(town: Town) -> None:
    for path in town.folder.rglob("*"):
        if path.is_file():
            path.unlink()
    town.write("territoire/communes.geojson", collection(feature(square(0, 45, 1, 46), nom="Ici")))
    communes = json.loads((town.folder / "territoire/communes.geojson").read_text())
    communes["features"][0]["properties"]["insee"] = 86001  # as drawing programs write it
    town.write("territoire/communes.geojson", json.dumps(communes))
    town.write(
        "territoire/territoire.yaml",
        "communes: communes.geojson\nterritoires:\n  - {id: bourg, communes: [ici]}\n",
    )
    town.write(
        "services.yaml",
        "services:\n  - {id: mairie, famille: accueil, echelon: ville, commune: Ici,"
        " noms: {fr: Mairie}, transmission: {canal: email, adresse: a@b.example}, contact: {}}\n",
    )
    town.write("categories.yaml", "categories: []\n")
    town.write("competences.yaml", "competences: {}\n")
    town.write("regles/tout.yaml", "territoire: bourg\na_defaut: mairie\nregles:\n")
    assert town.errors == []
    town.write(
        "regles/tout.yaml",
        "territoire: bourg\na_defaut: mairie\nregles:\nessais:\n"
        "  - {cas: {texte: bonjour}, attendu: {responsable: mairie, question: aucune}}\n",
    )
    (result,) = run(town.ruleset())
    assert result.passed, str(result)


def test_the_whole_is_the_widest_territory_whatever_its_name(town: Town) -> None:
    town.write(
        "territoire/territoire.yaml",
        """
        communes: communes.geojson
        territoires:
          - {id: pole-nord, communes: [Orvault]}
          - {id: agglo, contour: agglo.geojson}
        """,
    )
    town.write("territoire/agglo.geojson", collection(feature(square(-1.70, 47.10, -1.50, 47.30))))
    town.write("regles/metropole.yaml", "territoire: agglo\na_defaut: guichet\nregles: []\n")
    assert town.errors == []
