"""The competence table as CSV, for those who would rather edit it as a sheet, and back."""

from __future__ import annotations

import csv
import io

from rules.problems import Problems
from rules.reading.yaml_tree import Mapping, Node, Scalar, read_tree
from rules.vocabulary import plain

FAMILY = {"fr": "famille", "en": "family"}
EVERYWHERE = {"fr": "partout", "en": "everywhere"}

Row = tuple[str, dict[str, str]]
"""A family, and the service of each column; a column that the row leaves out is missing."""


class NotATable(Exception):
    """A CSV cannot be read as a competence table; ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def to_csv(rows: list[Row], language: str = "fr") -> str:
    """Write rows as CSV: one line a family, one column a territory, ``partout`` first."""
    columns = dict.fromkeys([EVERYWHERE[language], *(name for _, own in rows for name in own)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([FAMILY[language], *columns])
    for family, own in rows:
        writer.writerow([family, *(own.get(column, "") for column in columns)])
    return out.getvalue()


def written_rows(text: str) -> list[Row]:
    """Read rows from a sound competences.yaml, as they are written."""
    return [
        (
            family.text.strip(),
            {
                column_of(column.text): cell.text.strip()
                for column, cell in (row.entries if isinstance(row, Mapping) else ())
                if isinstance(cell, Scalar)
            },
        )
        for family, row in _families(text)
    ]


def families_at(text: str) -> dict[int, str]:
    """Tell on which line of a competences.yaml each family stands."""
    return {family.at.line: family.text.strip() for family, _ in _families(text)}


def _families(text: str) -> tuple[tuple[Scalar, Node], ...]:
    tree = read_tree(text.encode(), "competences.yaml", Problems())
    blocks = tree.entries if isinstance(tree, Mapping) else ()
    tables = (own for key, own in blocks if plain(key.text) == "competences")
    return tuple(pair for own in tables if isinstance(own, Mapping) for pair in own.entries)


def column_of(written: str) -> str:
    """Name a column of the table; ``partout`` stands for its English word too."""
    return EVERYWHERE["fr"] if plain(written) in EVERYWHERE.values() else written.strip()


def from_csv(text: str) -> list[Row]:
    """Read rows from CSV; comma or semicolon, an empty field leaves the column out.

    Raises:
        NotATable: no heading, a line of another length, or a family written twice.
    """
    text = text.removeprefix("\ufeff")
    heading = text.split("\n", 1)[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(line)]
    if not lines or plain(lines[0][0]) not in FAMILY.values():
        raise NotATable(1, "la première colonne doit s'appeler « famille »")
    columns = [column.strip() for column in lines[0][1:]]
    rows: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        family, *cells = (cell.strip() for cell in line)
        if len(cells) != len(columns):
            raise NotATable(number, f"il y a {len(cells)} cases pour {len(columns)} colonnes")
        if family in rows:
            raise NotATable(number, f"la famille « {family} » est écrite deux fois")
        rows[family] = {column: cell for column, cell in zip(columns, cells, strict=True) if cell}
    return list(rows.items())
