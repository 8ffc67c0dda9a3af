"""Draws the beginning of the demo's narration as a picture, light enough for the README."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

_LINES = 38
_FONTS = re.compile(r"@font-face\s*{[^}]*}\s*")


def drawn(recorded: Console, title: str) -> str:
    """Give an SVG of the first lines that a recording console wrote."""
    lines = recorded.export_text(styles=True).splitlines()[:_LINES]
    while lines and lines[-1].strip():  # end between two blocks
        lines.pop()
    console = Console(file=StringIO(), record=True, width=recorded.width, force_terminal=True)
    console.print(Text.from_ansi("\n".join(lines)), end="")
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI, unique_id="guichet")
    return _FONTS.sub("", svg)  # they would be fetched from somebody else's server
