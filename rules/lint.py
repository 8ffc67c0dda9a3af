"""Checks a configuration against its map: what no case could ever reach, and what breaks the law."""

from __future__ import annotations

from datetime import date

from router.geography import Geography
from rules.model import Configuration
from rules.problems import Problem, Problems


def lint(
    configuration: Configuration, geography: Geography, today: date | None = None
) -> tuple[Problem, ...]:
    """List errors and warnings; ``today`` tells which agreements have ended."""
    problems = Problems()
    return problems.sorted()
