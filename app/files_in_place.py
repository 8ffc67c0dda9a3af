"""Rewrites a file of the configuration in its place, wholly or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from channels.system_words import refusal
from rules.problems import At, Problems
from rules.reading.yaml_tree import read_tree


def readable(file: Path, path: str, problems: Problems) -> str | None:
    """Give the text of a YAML file, its line ends and its byte order mark as they are.

    None where it cannot be read as YAML, which becomes problems at its ``path``, and where it holds
    nothing.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        problems.error(
            At(path),
            "fichier-illisible",
            f"Ce fichier ne peut pas être lu : {refusal(error)}",
            "Il reste tel quel.",
        )
        return None
    own = Problems()
    if read_tree(raw, path, own) is None:
        for one in own.found:
            problems.error(At(path, one.line, one.column), one.code, one.message, one.fix)
        return None
    return raw.decode("utf-8")


def rewritten(file: Path, path: str, text: str, problems: Problems) -> bool:
    """Put a text in the place of a file; where the system refuses, the file stays and it is told."""
    target = file.resolve()  # a link stays a link
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_bytes(text.encode())
        shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        problems.error(
            At(path),
            "fichier-illisible",
            f"Ce fichier ne peut pas être écrit : {refusal(error)}",
            "Il reste tel quel.",
        )
        return False
    return True
