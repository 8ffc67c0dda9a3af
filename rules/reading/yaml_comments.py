"""Finds the « # » of a value in braces or brackets that makes a comment of their end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from rules.yaml_lines import Mistake

_OPENING = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_CLOSING = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_SHOWN = 80  # characters


def swallowed(text: str, line: int, column: int, loader: type) -> Mistake | None:
    """Tell of the first such comment that holds the end of what is still open at a place, from 0."""
    if "#" not in text:
        return None
    rows = text.split("\n")
    depth = 0
    found: list[tuple[int, Mistake]] = []
    for before, token in _pairs(text, loader):
        if depth and before is not None:
            found += [(depth, mistake) for mistake in _comments(rows, before, token)]
        if (token.start_mark.line, token.start_mark.column) > (line, column):
            break
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        found = [one for one in found if one[0] <= depth]
    return found[0][1] if found else None


def _pairs(text: str, loader: type) -> Iterator[tuple[yaml.Token | None, yaml.Token]]:
    """Give each token with the one before, up to where no more can be read."""
    before: yaml.Token | None = None
    try:
        for token in yaml.scan(text, Loader=loader):
            yield before, token
            before = token
    except yaml.YAMLError:
        return


def _comments(rows: list[str], before: yaml.Token, token: yaml.Token) -> Iterator[Mistake]:
    """Find in the gap between two tokens the comments that hold a closing brace or bracket."""
    for line in range(before.end_mark.line, min(token.start_mark.line + 1, len(rows))):
        first = before.end_mark.column if line == before.end_mark.line else 0
        last = token.start_mark.column if line == token.start_mark.line else len(rows[line])
        column = rows[line].find("#", first, last)
        if column >= 0 and re.search(r"[\]}]", rows[line][column:]):
            yield _told(rows[line], line, column, _begun(rows[line], line, before))


def _begun(row: str, line: int, before: yaml.Token) -> int | None:
    """Find where the value begins, if part of it stands before the comment."""
    if isinstance(before, yaml.ScalarToken) and before.plain and before.start_mark.line == line:
        return int(before.start_mark.column)
    return None


def _told(row: str, line: int, column: int, begun: int | None) -> Mistake:
    ends = re.search(r"[,\]}]", row[column:])
    end = column + ends.start() if ends else len(row)
    value = row[column if begun is None else begun : end].rstrip()
    message = "Après ce « # », la fin de la ligne n'est pas lue"
    fix = f'Mettez le texte entre guillemets : « "{value}" ».'
    if len(value) > _SHOWN or '"' in value or "\\" in value:
        fix = "Mettez le texte entre guillemets."
    return Mistake(line, column, message, fix)
