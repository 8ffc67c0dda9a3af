"""One file per mistake and per doubt, each told by one French sentence at its very place.

The first line of each file in ``bad/`` and ``doubtful/`` says where the file goes, the second what
must be said. A line ``# --- path`` begins another file; ``# Exemple : …`` at the end is the case
that must be given with the sentence.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from rules_town import Town
from test_rules_manual import codes

from rules.checking import check
from rules.problems import MOST_ERRORS, Problem
from rules.reading import names, rule_files
from understanding.territory import Territory

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
DOUBTFUL = sorted((Path(__file__).parent / "doubtful").glob("*.yaml"))
BESIDE = "- {id: premiere, si: {contient: [arbre]}, alors: {responsable: guichet}}"
TODAY = date(2026, 11, 26)
LATER = {"vacances_inconnues": date(2028, 1, 15)}
OTHERWISE = {
    "conflits-non-cherches": "test_rules_pairs.py",
    "trop-d-erreurs": "a hundred thousand mistakes",
    "codes-postaux": "a file of postal codes",
    "dossier": "test_rules_json.py",
    "encodage": "bytes that are no text",
    "fichier-illisible": "test_rules_json.py",
    "fichier-trop-gros": "over 1 MB",
    "trop-de-mots": "a list that too many rules cite",
    "trop-de-regles": "ten thousand and one rules",
    "mot-jamais-vu": "test_rules_never_seen.py",
}
"""Codes that no file of text can show, and what shows them."""


def problems(file: Path, town: Town) -> tuple[Problem, ...]:
    """Put a file, and those that it holds, into a sound folder."""
    first, *others = re.split(r"^# --- (.+)\n", file.read_text(encoding="utf-8"), flags=re.M)
    path = first.splitlines()[0].removeprefix("# ")
    if path == "regles/z.yaml" and file.parent.name == "bad":
        town.rules(BESIDE)
    for name, content in [(path, first), *zip(others[::2], others[1::2], strict=True)]:
        (town.folder / name).write_text(content, encoding="utf-8")
    return check(town.folder, Territory.from_description, LATER.get(file.stem, TODAY)).problems


def expected(file: Path) -> tuple[str, str]:
    """Give the sentence that a file must be told by, and its example."""
    lines = file.read_text(encoding="utf-8").splitlines()
    example = lines[-1].partition("# Exemple : ")[2]
    return lines[1].removeprefix("# "), example


@pytest.mark.parametrize("bad", BAD, ids=[path.stem for path in BAD])
def test_a_mistake_is_told_once_at_its_place(bad: Path, town: Town) -> None:
    sentence, _ = expected(bad)
    found = [one for one in problems(bad, town) if one.severity == "error"]
    assert [str(one) for one in found] == [sentence]
    assert sentence.count(". ") >= 1, "a sentence and a proposal"


@pytest.mark.parametrize("file", DOUBTFUL, ids=[path.stem for path in DOUBTFUL])
def test_a_doubt_is_told_once_at_its_place_and_stops_nothing(file: Path, town: Town) -> None:
    sentence, example = expected(file)
    found = problems(file, town)
    assert [one for one in found if one.severity == "error"] == []
    [told] = [one for one in found if str(one) == sentence]
    assert told.example == example
    assert told.fix


def test_a_file_of_ten_thousand_and_one_rules_is_refused_at_the_last(town: Town) -> None:
    town.rules(
        "\n".join(f"- {{id: r{n}, si: {{canal: web}}}}" for n in range(10_001)), "regles/z.yaml"
    )
    assert town.errors == [
        "regles/z.yaml:10003:5: Ce fichier contient plus de 10 000 règles. Coupez-le en plusieurs."
    ]


def test_as_many_rules_as_may_be_are_read(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_files, "MOST_RULES", 2)
    rules = [f"- {{id: r{n}, si: {{canal: web}}, alors: {{urgence: haute}}}}" for n in range(3)]
    town.rules("\n".join(rules[:2]))
    assert town.errors == []
    town.rules("\n".join(rules))
    assert ["plus de 2 règles" in one for one in town.errors] == [True]


def test_a_list_that_too_many_rules_cite_is_told_where_it_is_too_much(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_CITED", 2_000)
    words = ", ".join(f"mot{n}x" for n in range(1_000))
    lists = f"territoire: metropole\nlistes: {{longue: [{words}]}}\nregles:\n"
    rules = [
        f"  - {{id: r{n}, si: {{contient: [$longue, autre{n}]}}, alors: {{urgence: haute}}}}\n"
        for n in range(4)
    ]
    town.write("regles/z.yaml", lists + "".join(rules[:2]))
    assert town.errors == []
    town.write("regles/z.yaml", lists + "".join(rules))
    assert town.errors == [
        "regles/z.yaml:6:30: Jusqu'ici, les règles citent plus de 2 000 mots de listes. "
        "Raccourcissez la liste, ou citez-la dans une seule règle, que les autres citent avec "
        "« regle »."
    ]


@pytest.mark.parametrize(("severity", "files"), [("error", BAD), ("warning", DOUBTFUL)])
def test_every_message_of_the_check_has_its_file(
    severity: str, files: list[Path], tmp_path: Path
) -> None:
    told = {
        one.code
        for file in files
        for one in problems(file, Town(tmp_path / file.stem))
        if one.severity == severity and str(one) == expected(file)[0]
    }
    missing = codes()[severity] - told
    assert missing - OTHERWISE.keys() == set()


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
    from rules.reading.folder import read

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


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "a: ["])
def test_a_file_of_nothing_but_brackets_is_told_by_its_depth(opening: str, town: Town) -> None:
    town.write("regles/z.yaml", opening * (999_999 // len(opening)))
    (error,) = town.errors
    assert error.startswith("regles/z.yaml:1:")
    assert "imbriqués sur plus de 20 niveaux" in error or "n'est attendue" in error


def test_a_hundred_thousand_mistakes_are_told_in_part_and_so_is_that(town: Town) -> None:
    town.write("regles/z.yaml", "\n".join("a: 1" for _ in range(100_000)))
    assert len(town.errors) == MOST_ERRORS + 1
    last = "Ce fichier contient encore d'autres erreurs. Corrigez d'abord celles-ci."
    assert f"regles/z.yaml:1:1: {last}" in town.errors


def test_rules_that_cite_two_others_each_are_looked_through_at_once(town: Town) -> None:
    town.rules(
        "\n".join(
            f"- {{id: r{n}, si: {{regle: [r{n + 1}, r{n + 2}]}}, alors: {{urgence: haute}}}}"
            for n in range(300)
        )
        + "\n- {id: r300, si: {canal: sms}, alors: {urgence: haute}}"
        "\n- {id: r301, si: {canal: x}, alors: {urgence: haute}}"
    )
    (error,) = town.errors
    assert "sur plus de 20 niveaux" in error


def test_a_file_that_is_not_utf8_is_refused_at_the_byte(town: Town) -> None:
    (town.folder / "regles/latin.yaml").write_bytes("territoire: Rez\xe9".encode("latin-1"))
    assert town.errors[0].startswith("regles/latin.yaml:1:16: ")


@pytest.mark.parametrize("content", ["[" * 100_000, f"[{'9' * 5_000}]"])
@pytest.mark.parametrize("path", ["bellevue.geojson", "communes.geojson", "codes_postaux.json"])
def test_json_that_python_cannot_hold_is_one_sentence(content: str, path: str, town: Town) -> None:
    town.write(f"territoire/{path}", content)
    told = [one for one in town.errors if "Ce fichier JSON est illisible." in one]
    assert told == [f"territoire/{path}:1:1: Ce fichier JSON est illisible. Exportez-le à nouveau."]


@pytest.mark.parametrize("content", ["[]", "{}", "3", '"x"', "[[1]]", '[{"codePostal": "44000"}]'])
def test_a_file_of_postal_codes_that_holds_none_is_refused(content: str, town: Town) -> None:
    town.write("territoire/codes_postaux.json", content)
    assert town.errors == [
        "territoire/codes_postaux.json:1:1: Ce fichier ne contient aucun code postal. "
        'Écrivez [{"codePostal": "44000", "codeCommune": "44109"}].'
    ]


@pytest.mark.parametrize(
    "geometry",
    [
        '{"type": ["x"], "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}',
        '{"type": "Polygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}',
        '{"type": "Polygon", "coordinates": [[[0, 0, null], [1, 0], [1, 1], [0, 0]]]}',
        '{"type": "MultiPolygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}',
    ],
)
@pytest.mark.parametrize("path", ["bellevue.geojson", "peripherique.geojson"])
def test_a_shape_that_is_none_is_told_in_french(geometry: str, path: str, town: Town) -> None:
    town.write(f"territoire/{path}", f'{{"type": "Feature", "geometry": {geometry}}}')
    (error,) = town.errors
    assert re.search(r"Le contour de « \w+ » est (faux|inutilisable) : ", error)
    assert "argument" not in error


def test_swapped_coordinates_of_a_commune_are_told_at_its_feature(town: Town) -> None:
    target = town.folder / "territoire/communes.geojson"
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("[-1.6, 47.1]", "[47.1, -1.6]"), encoding="utf-8")
    (error,) = town.errors
    assert error.startswith("territoire/communes.geojson:1:")
    assert "inversées" in error
