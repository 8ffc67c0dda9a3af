"""`guichet rules table --from`: the sheet becomes the table wholly, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules_town import COMPETENCES, Town
from typer.testing import CliRunner

from app.__main__ import cli

SHEET = (
    "famille,partout,Nantes\nvoirie,{},\ntranquillite,mairie-du-lieu,paix-nantes\n"
    "eclairage,eclairage-m,\n"
)
TABLE = "# qui fait quoi\n" + COMPETENCES.lstrip().replace("voirie-m}", "voirie-m}  # hors tunnels")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path / "config")
    town.write("competences.yaml", TABLE)
    return town


def taken(town: Town, sheet: str) -> tuple[int, list[str], bytes]:
    """Give the exit code, what is said of it, and the table afterwards."""
    source = town.folder.parent / "table.csv"
    source.write_text(sheet, encoding="utf-8")
    result = CliRunner().invoke(cli, ["rules", "table", str(town.folder), "--from", str(source)])
    lines = [line.replace(f"{source}:", "table.csv:") for line in result.stderr.splitlines()]
    return result.exit_code, lines, (town.folder / "competences.yaml").read_bytes()


def test_a_sheet_that_says_the_same_leaves_the_file_alone(town: Town) -> None:
    assert taken(town, SHEET.format("voirie-m")) == (0, [], TABLE.encode())


def test_a_cell_that_differs_keeps_the_comment_of_its_line(town: Town) -> None:
    code, said, table = taken(town, SHEET.format("routes"))
    assert (code, said) == (0, [])
    assert table == TABLE.replace("voirie-m", "routes").encode()


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        (SHEET.format("voiri-m"), "table.csv:2: Le service « voiri-m » n'existe pas. voiri-m → "),
        (SHEET.format(""), "table.csv:2: "),
        (SHEET.format("voirie-m").replace("Nantes", "Nante"), "table.csv:3: "),
        (SHEET.format("voirie-m").partition("eclairage")[0], "categories.yaml:"),
    ],
)
def test_a_sheet_with_a_mistake_is_told_by_its_line_and_writes_nothing(
    sheet: str, told: str, town: Town
) -> None:
    code, said, table = taken(town, sheet)
    assert (code, table) == (2, TABLE.encode())
    assert "".join(said).removeprefix("✗ ").startswith(told)
    assert "« competences.yaml » reste tel quel." in " ".join(said)


def test_a_mistake_elsewhere_does_not_forbid_the_table(town: Town) -> None:
    town.write("compteurs.yaml", "compteurs:\n  - {id: a, canal: fax, adresse: x}\n")
    code, _, table = taken(town, SHEET.format("routes"))
    assert (code, table) == (0, TABLE.replace("voirie-m", "routes").encode())
