"""Reports the YAML files of a folder that nothing reads, since their name or their place is not one of ours."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from rules.problems import At, Problems

_ENDINGS = (".yaml.txt", ".yml.txt", ".yaml", ".yml")
_FREE = ("regles/", "textes/")
"""Folders in which a file may have any name."""
_NEAR = 0.8


def report_unread(
    folder: Path, read: Collection[str], known: Collection[str], problems: Problems
) -> None:
    """Warn of each file that looks like one of ours and is not read.

    ``read`` are the paths that were read, ``known`` those that have a meaning outside the folders of rules and texts.
    """
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if any(part.startswith(".") for part in path.parts) or not _looks_like_yaml(path.name):
            continue
        if path.as_posix() not in read and file.is_file():
            _report(folder, path.as_posix(), known, problems)


def _looks_like_yaml(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _report(folder: Path, path: str, known: Collection[str], problems: Problems) -> None:
    right = _ended(path)
    if right == path or not (right in known or right.startswith(_FREE)):
        message, fix = "à cet endroit, aucun fichier ne porte ce nom", _moved(right, known)
    else:
        message = "son nom ne finit pas par « .yaml »"
        name = PurePosixPath(right).name
        fix = f"Renommez-le en « {name} »."
        if (folder / right).exists():
            fix = f"« {name} » existe déjà : reportez-y ce qui manque, puis supprimez celui-ci."
    problems.warning(At(path), "fichier-ignore", f"Ce fichier n'est pas lu : {message}", fix)


def _ended(path: str) -> str:
    """Give a path the ending that is read."""
    ending = next(one for one in _ENDINGS if path.lower().endswith(one))
    return f"{path[: -len(ending)]}.yaml"


def _moved(path: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(path.casefold(), sorted(known), n=1, cutoff=_NEAR)
    if near:
        return f"{path} → {near[0]} ?"
    return (
        "Rangez-le dans « regles/ » si ce sont des règles, dans « textes/ » si ce sont des textes."
    )
