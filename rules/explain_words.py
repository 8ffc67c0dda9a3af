"""Says the value of a condition in a few words, a list by its name with the first that it holds."""

from __future__ import annotations

from collections.abc import Callable

from rules.naming import Naming
from rules.written import Written, read_back

_LONGEST_SHOWN = 100
_OF_A_LIST = (3, 2, 1, 0)
"""Words of a list that are shown: as many as leave room for all else."""


def shown(expected: str, naming: Naming, say: Callable[[Written], str] | None = None) -> str:
    """Say a value as it is written, its lists opened, no longer than fits on a line."""
    value, tell = read_back(expected), say or value_said
    versions = [tell(_opened(value, naming, count)) for count in _OF_A_LIST]
    return next((one for one in versions if len(one) <= _LONGEST_SHOWN), cut(versions[-1]))


def _opened(value: Written, naming: Naming, count: int) -> Written:
    """Put the name and the first words of each list in the place of ``$liste``."""
    if isinstance(value, list):
        return [_opened(one, naming, count) for one in value]
    if isinstance(value, dict):
        return {key: _opened(own, naming, count) for key, own in value.items()}
    return naming.words(value[1:], count) if value.startswith("$") else value


def value_said(value: Written) -> str:
    """Say a value without brackets and braces."""
    if isinstance(value, list):
        mixed = any(isinstance(one, dict) for one in value)
        return (" ; " if mixed else ", ").join(map(value_said, value))
    if isinstance(value, dict) and "proche" in value:  # as the words found are shown
        near = value_said(value["proche"]).replace(", ", " … ")
        return f"{near} ({value_said(value.get('mots', '?'))} mots)"
    if isinstance(value, dict):
        return ", ".join(f"{key} {value_said(own)}" for key, own in value.items())
    return value


def names_said(value: Written) -> str:
    """Say names, each in quotation marks."""
    names = value if isinstance(value, list) else [value]
    return ", ".join(f"« {value_said(one)} »" for one in names)


def cut(text: str) -> str:
    """Shorten a long list of words; the rule itself shows them all."""
    if len(text) <= _LONGEST_SHOWN:
        return text
    whole = text[:_LONGEST_SHOWN].rpartition(" ")[0] or text[: _LONGEST_SHOWN - 1]
    return f"{whole.rstrip(' ,;')} …"
