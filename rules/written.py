"""Reads back a value that a trace keeps as it was written on one line."""

from __future__ import annotations

from rules.vocabulary import FRENCH, plain

Written = str | list["Written"] | dict[str, "Written"]
"""A text, a list, or a mapping under the French keys."""
_OPEN, _CLOSE = "[{", "]}"


def read_back(text: str) -> Written:
    """Read a value back: "[a, {heures: 22h-6h}]" → ["a", {"heures": "22h-6h"}]."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [read_back(one) for one in elements(text)]
    if text.startswith("{") and text.endswith("}"):
        parts = (one.partition(":") for one in elements(text))
        return {_key(key): read_back(value) for key, _, value in parts}
    return text


def elements(text: str) -> list[str]:
    """Split a list or a mapping at its own commas, not at those of what stands in it."""
    found, start, depth = [], 1, 0
    for index in range(1, len(text) - 1):
        if text[index] in _OPEN:
            depth += 1
        elif text[index] in _CLOSE:
            depth -= 1
        elif text[index : index + 2] == ", " and depth == 0:
            found.append(text[start:index].strip())
            start = index + 1
    last = text[start:-1].strip()
    return [*found, last] if last else found


def _key(key: str) -> str:
    name = plain(key)
    return FRENCH.get(name, name)
