"""One version of the YAML made ready to decide: rule set, directory, texts and territory."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import structlog

from channels.system_words import refusal
from router.counting import CountQuestion
from router.decision import Decision, Facts
from router.directory import Directory, Texts
from router.errors import ConfigurationError
from router.geography import Geography
from router.rights import Rights
from router.rule_ports import Reading
from rules.checking import Checked, check
from rules.compile import RuleSet
from rules.counts import Counts
from rules.decide import Brief, decide, decide_briefly
from rules.directory import RulesDirectory
from rules.problems import FOLDER, Problem
from rules.settle import Read, read
from understanding.territory import Territory

log = structlog.get_logger("guichet")
_SUFFIXES = {".yaml", ".yml", ".json", ".geojson", ".csv"}


class BadConfiguration(ConfigurationError):
    """The YAML has errors; ``problems`` lists them all, errors first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = [problem for problem in problems if problem.severity == "error"]
        super().__init__("\n".join(str(problem) for problem in errors))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Unread:
    """What is read where the engine failed: nothing."""

    category: None = None
    beside: frozenset[str] = frozenset()
    candidates: tuple[str, ...] = ()
    outside: bool = False


@dataclass(frozen=True, slots=True)
class LoadedRulebook:
    """A rule book as the router asks for it (router.rule_ports.Rulebook).

    A defect of the engine costs nobody his case: it is logged, and the case goes to the desk with
    ``failed``, which is not the same as that no rule holds.
    """

    ruleset: RuleSet
    services: RulesDirectory
    geography: Geography
    counts: Counts
    shadow: LoadedRulebook | None = None
    """A draft that is tried beside this version, without effect."""

    @property
    def hash(self) -> str:
        return self.ruleset.hash

    @property
    def directory(self) -> Directory:
        return self.services

    @property
    def texts(self) -> Texts:
        return self.services

    def read(self, facts: Facts) -> Reading:
        try:
            return read(self.ruleset, facts)
        except Exception as error:
            log.error("failed", where="rules.read", error=repr(error))
            return Unread()

    def decide(self, facts: Facts, reading: Reading | None = None) -> Decision:
        try:
            return decide(self.ruleset, facts, reading if isinstance(reading, Read) else None)
        except Exception as error:
            log.error("failed", where="rules.decide", error=repr(error))
            return self._stumbled(error)

    def _stumbled(self, error: Exception) -> Decision:
        desk = self.directory.desk
        return Decision(
            owner=desk.id,
            rule=f"a_defaut:{self.ruleset.configuration.metropole}",
            ruleset=self.hash,
            sentence=f"{desk.name('fr')} est responsable par défaut, car le moteur des règles a "
            f"échoué sur cette demande ({type(error).__name__}).",
            failed=True,
        )

    def counts_asked(self, facts: Facts, reading: Reading) -> Sequence[CountQuestion]:
        known = reading if isinstance(reading, Read | Unread) else self.read(facts)
        return self.counts.asked(facts, known) if isinstance(known, Read) else ()

    def decide_briefly(self, facts: Facts) -> Brief:
        """Decide the same, as far as decisions are compared by."""
        return decide_briefly(self.ruleset, facts)

    def due_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        return self.services.due_at(received_at, decision.delay) if decision.delay else None

    def escalates_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        said = decision.escalation
        return self.services.due_at(received_at, said.after) if said else None

    def category_name(self, category: str, language: str) -> str:
        return self.services.category_name(category, language)

    def commune_name(self, insee: str) -> str:
        return self.geography.commune_name(insee)

    def questions_of(self, category: str) -> tuple[str, ...]:
        return self.services.questions_of(category)

    def rights(self, category: str, received_at: datetime) -> Rights | None:
        return self.services.rights(category, received_at)


def rulebook_of(checked: Checked) -> LoadedRulebook:
    """Make a folder that was checked ready to decide.

    Raises:
        BadConfiguration: it has errors.
    """
    if checked.ruleset is None:
        raise BadConfiguration(checked.problems)
    configuration = checked.ruleset.configuration
    return LoadedRulebook(
        checked.ruleset,
        RulesDirectory(configuration),
        Territory.from_description(configuration.territory),
        Counts(checked.ruleset),
    )


def load_folder(folder: Path) -> LoadedRulebook:
    """Read, check and compile a configuration folder.

    Raises:
        BadConfiguration: with every problem found.
        ConfigurationError: the folder does not exist.
    """
    return rulebook_of(check_folder(folder))


def check_folder(folder: Path, today: date | None = None) -> Checked:
    """Read and check a folder.

    Raises:
        ConfigurationError: the folder does not exist.
    """
    checked = check_anything(folder, today)
    for one in checked.problems:
        if one.file == FOLDER:
            raise ConfigurationError(str(one))
    return checked


def check_anything(folder: Path, today: date | None = None) -> Checked:
    """Read and check what may be no folder at all: that too is a problem in the list."""
    return check(folder, Territory.from_description, today)


def files_of(folder: Path, unreadable: Container[str] = ()) -> dict[str, bytes]:
    """Collect the files of a configuration folder: relative path → content.

    Those that are known to be ``unreadable`` are left out.

    Raises:
        ConfigurationError: another cannot be read either.
    """
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file():
            name = path.relative_to(folder).as_posix()
            try:
                found[name] = path.read_bytes()
            except OSError as error:
                if name not in unreadable:
                    raise ConfigurationError(
                        f"« {name} » ne peut pas être lu : {refusal(error)}."
                    ) from None
    return found


def load_files(files: Mapping[str, bytes]) -> LoadedRulebook:
    """Load a configuration that was published: relative path → content.

    Raises:
        BadConfiguration: with every problem found.
    """
    return rulebook_of(check_files(files))


def check_files(files: Mapping[str, bytes], today: date | None = None) -> Checked:
    """Check a configuration that is no folder of its own.

    Raises:
        ConfigurationError: a path leads out of the folder.
    """
    with tempfile.TemporaryDirectory(prefix="guichet-rules-") as name:
        folder = Path(name)
        for path, content in files.items():
            target = (folder / path).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ConfigurationError(f"« {path} » sort du dossier de configuration.")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return check_folder(folder, today)
