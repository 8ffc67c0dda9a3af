"""Makes names that others give safe to show: no path, no control, nothing that turns the reading."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_NO_PATH = str.maketrans("", "", "/\\")
_LONGEST, _LONGEST_ENDING = 120, 11
_LONGEST_PERSON = 200


def file_name(given: str, otherwise: str = "piece-jointe") -> str:
    """Give the name of a file as it may be shown and saved; ``otherwise`` where nothing is left.

    Of a path the last part is kept, of a long name the ending.
    """
    name = _UNSAFE.sub("", unicodedata.normalize("NFC", given)).replace("\\", "/")
    name = name.rstrip("/ .").rpartition("/")[2].strip(" .")
    if len(name) > _LONGEST:
        stem, dot, ending = name.rpartition(".")
        ending = f".{ending}" if dot and len(ending) <= _LONGEST_ENDING else ""
        name = (stem if ending else name)[: _LONGEST - len(ending)].rstrip(" .") + ending
    return name or otherwise


def shown(name: str) -> str:
    """Give a person's name as it may be shown on one line."""
    return _UNSAFE.sub("", name).translate(_NO_PATH)[:_LONGEST_PERSON]


def size_of(given: object) -> int | None:
    """Read how many bytes a file is said to have; None where it is no such number."""
    known = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 2**63
    return given if known and isinstance(given, int) else None
