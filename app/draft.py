"""A draft of the rules: a folder in which a broken file keeps its own last good version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from app.french import counted
from app.rulebook import (
    BadConfiguration,
    LoadedRulebook,
    check_files,
    check_folder,
    files_of,
    load_files,
    rulebook_of,
)
from router.versions import RulesetVersion
from rules.checking import Checked
from rules.problems import Problem

_MOST_ELSEWHERE = 5
"""Errors that a file causes in others, of which more are only counted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A broken or missing file; ``version`` is the one whose content stays, 0 when never published."""

    path: str
    problems: tuple[Problem, ...]
    version: int
    missing: bool = False

    def __str__(self) -> str:
        wrong = "manque" if self.missing else "est fautif"
        what = (
            f"son contenu de la version {self.version} reste en service"
            if self.version
            else "il n'a jamais été publié, il est laissé de côté"
        )
        elsewhere = self.problems[0].file != self.path
        shown = self.problems[:_MOST_ELSEWHERE] if elsewhere else self.problems
        lines = [f"« {self.path} » {wrong} : {what}.", *(f"    {one}" for one in shown)]
        if len(shown) < len(self.problems):
            more = len(self.problems) - len(shown)
            lines.append(f"    et {counted(more, 'autre erreur', 'autres erreurs')} par sa faute.")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be published: ``files`` are whole, ``kept`` those that stay as they were."""

    files: Mapping[str, bytes]
    rulebook: LoadedRulebook
    problems: tuple[Problem, ...]
    kept: tuple[Kept, ...] = ()


def draft_of(folder: Path, live: RulesetVersion | None, today: date | None = None) -> Draft:
    """Read a folder; files with errors are replaced by what is live of them, as few as possible.

    Raises:
        BadConfiguration: nothing was published yet, or what is live of them does not help.
        ConfigurationError: the folder does not exist.
    """
    whole = check_folder(folder, today)
    files = files_of(folder, _broken(whole))
    if whole.ruleset is not None or live is None:
        return Draft(files, rulebook_of(whole), whole.problems)
    kept: set[str] = set()
    told = _told(whole, files, live)
    checked = whole
    while checked.ruleset is None:
        broken = _broken(checked)
        # an unchanged file has errors only because of another one, which may have none itself
        behind = _changed(broken - kept, files, live) or _changed(None, files, live) - kept
        if not behind or not all(PurePath(path).suffix for path in broken):  # no rules at all
            raise BadConfiguration(whole.problems)
        kept |= behind
        merged = _with(files, live, kept)
        checked = check_files(merged, today)
        told |= _told(checked, merged, live)
    kept, checked = _as_few_as_possible(files, live, kept, checked, today)
    return Draft(
        _with(files, live, kept),
        rulebook_of(checked),
        checked.problems,
        tuple(
            Kept(
                path,
                _told_of(path, told),
                live.version if path in live.files else 0,
                missing=not (folder / path).exists(),
            )
            for path in sorted(kept)
        ),
    )


def _changed(
    paths: Iterable[str] | None, files: Mapping[str, bytes], live: RulesetVersion
) -> set[str]:
    """List the files among these, or among all there are and were, that are not as they are live."""
    known = {*files, *live.files} if paths is None else paths
    return {path for path in known if path not in files or files[path] != live.files.get(path)}


def _as_few_as_possible(
    files: Mapping[str, bytes],
    live: RulesetVersion,
    kept: set[str],
    checked: Checked,
    today: date | None,
) -> tuple[set[str], Checked]:
    """Let go again what is sound by itself, and was only dragged along: half of it at a time."""
    waiting = [sorted(kept)]
    while waiting:
        some = waiting.pop()
        fewer = kept - set(some)
        found = check_files(_with(files, live, fewer), today) if fewer else None
        if found is not None and found.ruleset is not None:
            kept, checked = fewer, found
        elif len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
    return kept, checked


def _broken(checked: Checked) -> set[str]:
    return {one.file for one in checked.problems if one.severity == "error"}


def _told(
    checked: Checked, files: Mapping[str, bytes], live: RulesetVersion
) -> dict[Problem, bool]:
    """Give each error, and whether it stands in what is live of its file, so that another caused it."""
    return {
        one: files.get(one.file) == live.files.get(one.file)
        for one in checked.problems
        if one.severity == "error"
    }


def _with(
    files: Mapping[str, bytes], live: RulesetVersion, kept: Iterable[str]
) -> dict[str, bytes]:
    """Give the files with the live content of some; one that was never live is left out."""
    merged = {path: content for path, content in files.items() if path not in kept}
    merged |= {path: live.files[path] for path in kept if path in live.files}
    return dict(sorted(merged.items()))


def _told_of(path: str, told: Mapping[Problem, bool]) -> tuple[Problem, ...]:
    """List what is wrong with a file that stays: its own errors, else those it caused elsewhere."""
    own = tuple(one for one, caused in told.items() if one.file == path and not caused)
    return own or tuple(one for one, caused in told.items() if caused) or tuple(told)


def live_rulebook(live: RulesetVersion | None) -> LoadedRulebook | None:
    """Load the live version; None when there is none, or this version cannot read it any more."""
    if live is None:
        return None
    try:
        return load_files(live.files)
    except BadConfiguration:
        return None
