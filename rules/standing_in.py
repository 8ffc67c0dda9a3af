"""Tells who takes a case in whose place, and why the other is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules.absences import Absence
from rules.choice import Choice
from rules.compile import RuleSet
from rules.situation import Situation
from rules.spoken import period_said


def in_whose_place(ruleset: RuleSet, case: Situation, choice: Choice) -> str:
    """Say in French, after a comma, for whom the owner stands in; empty where it does not."""
    if len(choice.chain) < 2 or choice.chain[0] == choice.owner:
        return ""
    absence = ruleset.absences.of(choice.chain[0], case.local.date())
    return f", à la place de « {choice.chain[0]} »{f' ({_why(absence)})' if absence else ''}"


def _why(absence: Absence) -> str:
    reason = f" : {absence.reason}" if absence.reason else ""
    return f"absence {period_said(absence.season)}{reason}"


def absences(ruleset: RuleSet, case: Situation, choice: Choice) -> list[dict[str, Any]]:
    """List the absences that the owner, or the owner of a part, depends on, as plain JSON.

    ``instead`` is who takes the case, None where it stays with the one who is away.
    """
    if not case.away or not ruleset.absences:
        return []
    found = {one["service"]: one for one in _absences(ruleset, case, choice)}
    return list(found.values())


def _absences(ruleset: RuleSet, case: Situation, choice: Choice) -> Iterator[dict[str, Any]]:
    today = case.local.date()
    for chain in (choice.chain, *choice.part_chains):
        for service in chain:
            absence = ruleset.absences.of(service, today)
            if absence is not None:
                yield {
                    "service": service,
                    "when": {name: period_said(absence.season, name) for name in ("fr", "en")},
                    "reason": absence.reason,
                    "instead": chain[-1] if chain[-1] != service else None,
                }
