"""Finds the signs of YAML that a hurried hand, or a word processor, typed otherwise."""

from __future__ import annotations

import re

import yaml

from rules.yaml_lines import Mistake, row_above, row_of

_LONG = "‐‑‒–—―−•·"
_LONG_DASH = re.compile(rf"^ *([{_LONG}])[ \u00a0\u202f]", re.MULTILINE)
_TIGHT = re.compile(r"^[ -]*?(?P<key>[\w$-]+):(?P<value>[^\s,}\]/\\:][^\n]*)$")
_SHOWN = 60  # characters
NO_SPACE = "Il manque une espace après ce « : »"


def long_dash(text: str, last: int | None = None) -> tuple[int, int, str] | None:
    """Find the first line, up to one counted from 0, that a dash begins which YAML does not know.

    Gives line and column from 0, and the dash.
    """
    found = _LONG_DASH.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start())
    if last is not None and line > last:
        return None
    return line, found.start(1) - found.start(), found[1]


def told_dash(sign: str) -> tuple[str, str]:
    """Word what is wrong with such a dash, and what mends it."""
    message = f"Ce tiret n'est pas celui du clavier (U+{ord(sign):04X})"
    return message, "Pour une liste, écrivez « - », puis une espace."


def spaced(written: str) -> tuple[int, str] | None:
    """Read a key whose colon no space follows: "territoire:Rezé"; where the colon is, and the cure."""
    found = _TIGHT.match(written)
    if found is None or found["key"].isdigit():
        return None
    value = found["value"].rstrip()
    shown = f"{value[:_SHOWN]}…" if len(value) > _SHOWN else value
    return found.end("key"), f"Écrivez « {found['key']}: {shown} »."


def dash_mistake(text: str, line: int) -> Mistake | None:
    """Tell of a long dash up to a line, counted from 0, where the parser gave up."""
    found = long_dash(text, line)
    return Mistake(*found[:2], *told_dash(found[2])) if found else None


def tight_colon(said: str, error: yaml.YAMLError, text: str, mark: yaml.Mark) -> Mistake | None:
    """Tell of a key and its value without a space between: YAML takes both for one word."""
    if "found unexpected ':'" in said:
        row = row_of(text, mark.line)
        follows = row[mark.column + 1 : mark.column + 2]
        if not follows or follows in " ,}]":
            return None
        return Mistake(mark.line, mark.column, NO_SPACE, "Tapez une espace après « : ».")
    if "mapping values are not allowed" in said:
        number, row = row_above(text, mark.line)
    elif "could not find expected ':'" in said and (begun := getattr(error, "context_mark", None)):
        number, row = begun.line, row_of(text, begun.line)
    else:
        return None
    found = spaced(row)
    return Mistake(number, found[0], NO_SPACE, found[1]) if found else None
