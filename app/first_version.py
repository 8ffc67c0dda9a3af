"""Makes the first version of the rules from a folder that nobody published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.french import counted
from app.lint_record import lint_record
from app.rulebook import LoadedRulebook, check_folder, rulebook_of
from router.errors import ConfigurationError
from rules import trials
from rules.problems import Problem

_PASSED: dict[str, int] = {}
"""How many tests passed, by the hash of the content: it never changes, and need not be run again."""


@dataclass(frozen=True, slots=True)
class FirstVersion:
    """A folder made ready to decide, with the warnings that its check had."""

    rulebook: LoadedRulebook
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, config: Path) -> FirstVersion:
        """Read and check a folder.

        Raises:
            BadConfiguration: it has errors.
            ConfigurationError: it does not exist.
        """
        checked = check_folder(config)
        return cls(rulebook_of(checked), checked.problems)

    def record(self) -> dict[str, Any]:
        """Run the tests, and give what is kept of them with the version.

        Raises:
            ConfigurationError: a test fails; the first is told.
        """
        return {"lint": lint_record(self.problems), "tests": {"passed": self._passed()}}

    def _passed(self) -> int:
        content = self.rulebook.hash
        if content not in _PASSED:
            results = trials.run(self.rulebook.ruleset)
            failed = [one for one in results if not one.passed]
            if failed:
                told = counted(len(failed), "essai en échec", "essais en échec")
                raise ConfigurationError(
                    f"Les règles ne sont pas mises en service, {told}. Le premier : {failed[0]}"
                )
            _PASSED[content] = len(results)
        return _PASSED[content]
