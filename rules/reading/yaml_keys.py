"""Finds the key of a line that lacks its colon, or a line of its own."""

from __future__ import annotations

import re

import yaml

from rules.reading.blocks import BLOCKS
from rules.vocabulary import ENGLISH, plain
from rules.yaml_lines import Mistake, row_above, row_of

_KNOWN = frozenset(
    map(plain, (*(key for keys in BLOCKS.values() for key in keys), *ENGLISH.values()))
)
_UNMARKED = re.compile(r"^[ -]*?(?P<key>\w+)(?P<sign> *[;=] *| +)(?P<value>[^\s:;=].*?) *$")
_NEXT = re.compile(r", *(?P<key>\w+) *:")
_SHOWN = 60  # characters


def misplaced_key(said: str, error: yaml.YAMLError, text: str, mark: yaml.Mark) -> Mistake | None:
    """Tell of a key without its colon, or after the block of another on one line."""
    row = row_of(text, mark.line)
    if "did not find expected key" in said or "expected <block end>" in said:
        return _same_line(row, mark) or _unmarked(mark.line, row)
    if "mapping values are not allowed" in said:
        return _unmarked(mark.line, row[: mark.column]) or _unmarked(*row_above(text, mark.line))
    if "could not find expected ':'" in said and (begun := getattr(error, "context_mark", None)):
        return _unmarked(begun.line, row_of(text, begun.line))
    return None


def _same_line(row: str, mark: yaml.Mark) -> Mistake | None:
    found = _NEXT.match(row, mark.column)
    if found is None or row[: mark.column].rstrip()[-1:] not in {"}", "]"}:
        return None
    return Mistake(
        mark.line,
        mark.column,
        f"Cette virgule met « {found['key']} » sur la ligne d'une autre clé",
        f"Enlevez la virgule, et allez à la ligne avant « {found['key']} ».",
    )


def _unmarked(line: int, row: str) -> Mistake | None:
    found = _UNMARKED.match(row)
    if found is None or plain(found["key"]) not in _KNOWN:
        return None
    sign, value = found["sign"].strip(), found["value"]
    if not sign and ":" in value and value[0] != "{":
        return None  # « au 3 : … » is no key and its value
    shown = f"{value[:_SHOWN]}…" if len(value) > _SHOWN else value
    wrong = f", et non « {sign} »," if sign else ""
    return Mistake(
        line,
        found.end("key"),
        f"Il faut « : »{wrong} après « {found['key']} »",
        f"Écrivez « {found['key']}: {shown} ».",
    )
