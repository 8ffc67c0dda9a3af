"""One bad file per mistake, each told by one French sentence at its very place.

The first line of each file in ``bad/`` says where the file goes, the second what must be said.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rules_town import SERVICES, Town

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
BESIDE = "- {id: premiere, si: {contient: [arbre]}, alors: {responsable: guichet}}"


@pytest.mark.parametrize("bad", BAD, ids=[path.stem for path in BAD])
def test_a_mistake_is_told_once_at_its_place(bad: Path, town: Town) -> None:
    content = bad.read_text(encoding="utf-8")
    path, expected = (line.removeprefix("# ") for line in content.splitlines()[:2])
    if path == "regles/z.yaml":
        town.rules(BESIDE)
    (town.folder / path).write_text(content, encoding="utf-8")
    assert town.errors == [expected]
    assert expected.count(". ") >= 1, "a sentence and a proposal"


def test_there_is_a_bad_file_for_many_mistakes() -> None:
    assert len(BAD) >= 60


def test_a_problem_is_plain_data_for_programs(town: Town) -> None:
    town.rules("- {id: a, si: {canal: smss}, alors: {responsable: guichet}}")
    (problem,) = town.problems
    assert (problem.file, problem.line, problem.column) == ("regles/metropole.yaml", 4, 25)
    assert (problem.severity, problem.code) == ("error", "valeur-inconnue")
    assert problem.fix == "smss → sms ?"


@pytest.mark.parametrize(
    "path",
    ["services.yaml", "competences.yaml", "categories.yaml", "territoire/territoire.yaml"],
)
def test_a_required_file_that_is_missing_is_named(path: str, town: Town) -> None:
    town.remove(path)
    assert f"{path}:1:1: Ce fichier manque. Créez « {path} »." in town.errors


def test_the_other_files_are_optional(town: Town) -> None:
    town.remove("textes/textes.yaml")
    assert town.errors == []


def test_a_folder_without_rule_files_is_refused(town: Town) -> None:
    town.remove("regles/metropole.yaml")
    assert len(town.errors) == 1
    assert "Aucun fichier de règles" in town.errors[0]


def test_a_folder_that_does_not_exist_is_one_problem(tmp_path: Path) -> None:
    from rules.reading import read

    reading = read(tmp_path / "nowhere")
    assert reading.configuration is None
    assert len(reading.problems) == 1


def test_several_mistakes_are_told_in_one_run(town: Town) -> None:
    town.rules(
        """
        - {id: a, si: {canal: smss}, alors: {responsable: guichets}}
        - {id: b, si: {categorie: rue}, alors: {urgence: forte}}
        """
    )
    assert len(town.errors) == 4


def test_a_broken_services_file_does_not_make_every_service_unknown(town: Town) -> None:
    town.write("services.yaml", "services:\n  - id: [\n")
    town.rules("- {id: a, si: {canal: sms}, alors: {responsable: guichet}}")
    assert len(town.errors) == 1
    assert town.errors[0].startswith("services.yaml:")


def test_a_file_over_one_megabyte_is_refused(town: Town) -> None:
    town.write("regles/gros.yaml", "# " + "x" * 1_000_001)
    assert town.errors == ["regles/gros.yaml:1:1: Ce fichier dépasse 1 Mo. Coupez-le en plusieurs."]


def test_a_file_that_is_not_utf8_is_refused_at_the_byte(town: Town) -> None:
    (town.folder / "regles/latin.yaml").write_bytes("territoire: Rez\xe9".encode("latin-1"))
    assert town.errors[0].startswith("regles/latin.yaml:1:16: ")


def test_deputies_that_turn_in_a_ring_are_all_named(town: Town) -> None:
    ring = SERVICES.replace(
        "noms: {fr: Mairie de Nantes},", "noms: {fr: Mairie de Nantes}, suppleant: paix-nantes,"
    )
    town.write("services.yaml", ring)
    (error,) = town.errors
    assert error.startswith("services.yaml:")
    assert "mairie-nantes → paix-nantes → mairie-nantes" in error


def test_swapped_coordinates_of_a_commune_are_told_at_its_feature(town: Town) -> None:
    target = town.folder / "territoire/communes.geojson"
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("[-1.6, 47.1]", "[47.1, -1.6]"), encoding="utf-8")
    (error,) = town.errors
    assert error.startswith("territoire/communes.geojson:1:")
    assert "inversées" in error


def test_a_latitude_out_of_range_is_told(town: Town) -> None:
    target = town.folder / "territoire/graslin.geojson"
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("47.21", "97.21"), encoding="utf-8")
    (error,) = town.errors
    assert "hors de -90 à 90" in error


def test_an_unreadable_geojson_is_told_at_its_line(town: Town) -> None:
    town.write("territoire/graslin.geojson", '{"type": "FeatureCollection",\n "features": [}')
    (error,) = town.errors
    assert error.startswith("territoire/graslin.geojson:2:")
