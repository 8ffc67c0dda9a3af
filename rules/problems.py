"""What is wrong in a configuration folder, each with its place in a file and a proposal."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from router.errors import ConfigurationError

MOST_ERRORS = 500
"""Errors of one file that are told; nobody mends more than that before he checks again."""
_SURELY, _PERHAPS = 0.8, 0.7
"""How like a known word is that was only misspelt, or that may have been meant at all."""
_SHOWN = 13
"""Possible values that one sentence lists."""
FOLDER = "."
"""The file of a problem of the folder itself, which has no line."""


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A place in a file of the folder; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence about one place; ``severity`` is ``error`` or ``warning``."""

    file: str
    line: int
    column: int
    severity: str
    code: str
    message: str
    fix: str = ""
    example: str = ""

    def __str__(self) -> str:
        proposal = f" {self.fix}" if self.fix else ""
        place = f"{self.file}:{self.line}:{self.column}: " if self.file != FOLDER else ""
        return f"{place}{self.message}.{proposal}"

    @property
    def in_rules(self) -> bool:
        """Whether it stands in a file of rules, on which no other file depends."""
        return self.file.startswith("regles/")

    def as_json(self) -> dict[str, str | int]:
        """Give all of it as plain data, for programs."""
        return asdict(self)


class InvalidConfiguration(ConfigurationError):
    """The folder holds errors; ``problems`` are all of them, in order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True)
class Problems:
    """Collects what is found while reading, so that one run shows every mistake."""

    found: list[Problem] = field(default_factory=list)
    _told: set[Problem] = field(default_factory=set)
    _errors: Counter[str] = field(default_factory=Counter)

    def error(self, at: At, code: str, message: str, fix: str = "", example: str = "") -> None:
        self._errors[at.file] += 1
        if self._errors[at.file] <= MOST_ERRORS:
            self._add(at, "error", code, message, fix, example)
        else:
            more = "Ce fichier contient encore d'autres erreurs"
            first = "Corrigez d'abord celles-ci."
            self._add(At(at.file), "error", "trop-d-erreurs", more, first, "")

    def warning(self, at: At, code: str, message: str, fix: str = "", example: str = "") -> None:
        self._add(at, "warning", code, message, fix, example)

    def _add(self, at: At, severity: str, code: str, message: str, fix: str, example: str) -> None:
        problem = Problem(at.file, at.line, at.column, severity, code, message, fix, example)
        if problem not in self._told:
            self._told.add(problem)
            self.found.append(problem)

    @property
    def errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.found)

    def sorted(self) -> tuple[Problem, ...]:
        return tuple(
            sorted(self.found, key=lambda p: (p.severity, p.file, p.line, p.column, p.message))
        )


def closest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that a person probably meant; accents and case are free."""
    said, by_fold = _folded(word), {_folded(name): name for name in sorted(known)}
    near = difflib.get_close_matches(said, by_fold, n=1, cutoff=_PERHAPS)
    if near and (difflib.SequenceMatcher(None, said, near[0]).ratio() >= _SURELY):
        return by_fold[near[0]]
    begun = _begun_by(word, by_fold.values())
    return begun or (by_fold[near[0]] if near else None)


def _begun_by(word: str, known: Iterable[str]) -> str | None:
    """Find the known name, the longest, with which a longer one begins: "Rezé-les-Nantes"."""
    said = _pieces(word)
    found = [name for name in known if (own := _pieces(name)) and said[: len(own)] == own]
    return max(found, key=len, default=None)


def _pieces(name: str) -> list[str]:
    return re.findall(r"\w+", _folded(name))


def _folded(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def proposal(word: str, known: Iterable[str], *, commonest_first: bool = False) -> str:
    """Say which known word was probably meant, else list what is possible.

    Of many, those are listed that are most like it, or the first ones where these are the commonest.
    """
    given = list(dict.fromkeys(known))
    near = closest(word, given)
    if near is not None:
        return f"{word} → {near} ?"
    if not given:
        return "Aucune valeur n'est définie : ajoutez-la d'abord."
    if len(given) <= _SHOWN:
        return f"Valeurs possibles : {', '.join(sorted(given))}."
    names = given if commonest_first else _nearest_first(word, given)
    return f"Valeurs possibles : {', '.join(names[:_SHOWN])}, …."


def _nearest_first(word: str, names: list[str]) -> list[str]:
    matcher = difflib.SequenceMatcher(None, "", _folded(word))
    likeness = dict[str, float]()
    for name in names:
        matcher.set_seq1(_folded(name))
        likeness[name] = matcher.ratio()
    return sorted(names, key=lambda name: (-likeness[name], name))
