"""The competence table as CSV, for those who would rather edit it as a sheet, and back."""

from __future__ import annotations

import csv
import io
import re

from rules.problems import Problems
from rules.reading.yaml_tree import Mapping, Scalar, read_tree
from rules.vocabulary import plain

FAMILY = {"fr": "famille", "en": "family"}
EVERYWHERE = {"fr": "partout", "en": "everywhere"}
# the key, then its indented lines with the comments and empty lines between them
_TABLE = re.compile(r"^(competences|compétences)\s*:.*\n(?:(?:#.*\n|\n)*[ ].*\n)*", re.MULTILINE)
_PLAIN = re.compile(r"^[^\W\d][\w'’ -]*\w$")

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
    tree = read_tree(text.encode(), "competences.yaml", Problems())
    blocks = tree.entries if isinstance(tree, Mapping) else ()
    [table] = [own for key, own in blocks if plain(key.text) == "competences"]
    return [
        (
            family.text.strip(),
            {
                _column(column.text): cell.text.strip()
                for column, cell in (row.entries if isinstance(row, Mapping) else ())
                if isinstance(cell, Scalar)
            },
        )
        for family, row in (table.entries if isinstance(table, Mapping) else ())
    ]


def _column(written: str) -> str:
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


def spliced(yaml_text: str, rows: list[Row]) -> str:
    """Put rows in the place of the table of competences.yaml; what stands around it stays."""
    lines = "".join(
        f"  {_scalar(family)}: {{{', '.join(f'{_scalar(c)}: {_scalar(s)}' for c, s in own.items())}}}\n"
        for family, own in rows
    )
    found = _TABLE.search(yaml_text)
    if found is None:
        return f"{yaml_text.rstrip()}\ncompetences:\n{lines}".lstrip("\n")
    return f"{yaml_text[: found.start()]}{found[1]}:\n{lines}{yaml_text[found.end() :]}"


def _scalar(text: str) -> str:
    """Write a name, in quotes where YAML would read something else."""
    if _PLAIN.match(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
