"""Folds a line to a width, between its words."""

from __future__ import annotations

import re

from rich.cells import cell_len

_PIECE = re.compile(r" *(?:[^ ]|(?<=«) | (?=[»:;?!](?:[ ,.)]|$)))+")
"""A word, with the French signs that belong to it: ``« mot »`` and ``mot :`` are never parted."""


def folded(line: str, width: int, hang: int | None = None) -> str:
    """Fold a line between words; a word that is longer than the width stays whole.

    ``hang`` is how many columns the next lines are set in; by default the text of an item
    goes on under itself, any other two columns further in.
    """
    if cell_len(line) <= width:
        return line
    if hang is None:
        start = len(line) - len(line.lstrip(" -"))
        hang = start if line[:start].endswith("- ") else start + 2
    inset = " " * min(hang, width // 2)
    rows, row = [], ""
    for piece in _PIECE.findall(line):
        if row.strip(" -") and cell_len(row + piece) > width:
            rows.append(row)
            row = inset + piece.lstrip(" ")
        else:
            row += piece
    return "\n".join([*rows, row])
