"""Reads, checks and compiles a folder in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from router.errors import ConfigurationError
from router.geography import Geography, TerritoryDescription
from rules.collecting import no_collection
from rules.compile import RuleSet
from rules.lint.linting import compiled_and_linted
from rules.problems import InvalidConfiguration, Problem
from rules.reading.folder import read
from rules.reading.territory import PATH

GeographyOf = Callable[[TerritoryDescription], Geography]


@dataclass(frozen=True, slots=True)
class Checked:
    """All that is wrong with a folder, and its rule set when nothing is."""

    problems: tuple[Problem, ...]
    ruleset: RuleSet | None

    @property
    def ok(self) -> bool:
        return self.ruleset is not None


@no_collection()
def check(folder: Path, geography_of: GeographyOf, today: date | None = None) -> Checked:
    """Read and lint a folder, and compile it when it holds no error."""
    reading = read(folder)
    configuration = reading.configuration
    if configuration is None:
        return Checked(reading.problems, None)
    try:
        geography = geography_of(configuration.territory)
    except ConfigurationError as error:
        wrong = Problem(PATH, 1, 1, "error", "coordonnees", str(error), "Corrigez ce contour.")
        return Checked((*reading.problems, wrong), None)
    ruleset, linted = compiled_and_linted(configuration, geography, today)
    problems = (*reading.problems, *linted)
    problems = tuple(
        sorted(problems, key=lambda one: (one.severity, one.file, one.line, one.column))
    )
    if any(one.severity == "error" for one in problems):
        return Checked(problems, None)
    return Checked(problems, ruleset)


def load(folder: Path, geography_of: GeographyOf, today: date | None = None) -> RuleSet:
    """Compile a folder.

    Raises:
        InvalidConfiguration: it holds errors; all of them are told.
    """
    checked = check(folder, geography_of, today)
    if checked.ruleset is None:
        errors = tuple(one for one in checked.problems if one.severity == "error")
        raise InvalidConfiguration(errors)
    return checked.ruleset
