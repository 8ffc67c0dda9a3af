"""Finds files that are copies of others of the folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath

from rules.problems import At, Problems

_BEHIND = re.compile(
    r"(?:[\s_-]+\(?(?:\d+(?:e|nd|rd|th)?\s+)?(?:copie|copy)(?:\s*\(?\d+\)?)?\)?|\s*\(\d+\))$",
    re.IGNORECASE,
)
"""What systems write behind the name of a copy: « ville - Copie (2) », « ville (1) »."""
_BEFORE = re.compile(r"^(?:copie|copy)(?:\s+\(\d+\))?\s+(?:de|of)\s+", re.IGNORECASE)


def tell_copies(
    ids: Mapping[str, Collection[str]], same: Callable[[str, str], bool], problems: Problems
) -> frozenset[str]:
    """Report the copies among files once each, and give their paths.

    ``ids`` are the names that each file defines, ``same`` tells whether two hold the same bytes.
    A file is a copy if it says what an earlier one says, or bears its name with the mark of a copy
    and still defines one of its names.
    """
    copies: set[str] = set()
    originals: list[str] = []
    for path in sorted(ids, key=lambda path: (_original(path) in ids, path)):
        named = _original(path)
        original = next((one for one in originals if ids[path] and same(one, path)), "")
        if named in originals and not set(ids[path]).isdisjoint(ids[named]):
            original = named
        if not original:
            originals.append(path)
            continue
        copies.add(path)
        problems.error(
            At(path),
            "copie",
            f"Ce fichier est une copie de « {original} » et définit les mêmes noms",
            "Supprimez-le, ou changez-y les noms et le territoire.",
        )
    return frozenset(copies)


def _original(path: str) -> str:
    """Take the mark of a copy off a path; one without a mark leads nowhere."""
    file = PurePosixPath(path)
    stem = _BEHIND.sub("", _BEFORE.sub("", file.stem)).strip()
    return str(file.with_name(f"{stem}{file.suffix}")) if stem and stem != file.stem else ""
