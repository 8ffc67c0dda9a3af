"""Makes names that others give safe to show: no path, no control, nothing that turns the reading."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]")
_LONGEST = 120


def file_name(given: str, otherwise: str = "piece-jointe") -> str:
    """Give the name of a file as it may be shown and saved; ``otherwise`` where nothing is left."""
    return _UNSAFE.sub("_", given).strip(" .")[:_LONGEST].strip(" .") or otherwise


def shown(name: str) -> str:
    """Give a person's name as it may be shown on one line."""
    return _UNSAFE.sub("", name)[:200]


def size_of(given: object) -> int | None:
    """Read how many bytes a file is said to have; None where it is no such number."""
    known = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 2**63
    return given if known and isinstance(given, int) else None
