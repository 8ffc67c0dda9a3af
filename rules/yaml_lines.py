"""Points at a line of YAML in which a person made a mistake."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sentence and a proposal, and their line and column, from 0."""

    line: int
    column: int
    message: str
    fix: str


def row_above(text: str, line: int) -> tuple[int, str]:
    """Find the last line above one that says something."""
    rows = text.split("\n")
    for number in range(min(line, len(rows)) - 1, -1, -1):
        if rows[number].strip() and not rows[number].lstrip().startswith("#"):
            return number, rows[number]
    return 0, ""


def row_of(text: str, line: int) -> str:
    rows = text.split("\n")
    return rows[line] if line < len(rows) else ""
