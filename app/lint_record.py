"""Writes what is kept of a check with a version of the rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.problems import Problem

_MOST_WARNINGS = 50


def lint_record(problems: Iterable[Problem]) -> dict[str, Any]:
    """Count the warnings, and list the first of them, as plain JSON."""
    warnings = [str(one) for one in problems if one.severity == "warning"]
    return {"warnings": len(warnings), "list": warnings[:_MOST_WARNINGS]}
