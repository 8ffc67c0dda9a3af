"""Write a telephone number as people in France say it, the same on a page and in a message."""

from __future__ import annotations

import re

_FRENCH = re.compile(r"(?:\+(?:33|262|590|594|596)|0)([1-9])([0-9]{8})")
"""France and its overseas departments, whose numbers are dialled alike (ARCEP numbering plan)."""


def spoken(number: str) -> str:
    """Write a French number in its usual groups; another stays as it is given."""
    found = _FRENCH.fullmatch(re.sub(r"[\s.\-]", "", number))
    if found is None:
        return number
    first, rest = found.groups()
    pairs = " ".join(rest[at : at + 2] for at in range(0, 8, 2))
    # a number with a price of its own, or free, is said « 0 800 12 34 56 »
    return f"0 8{rest[:2]} {pairs[3:]}" if first == "8" else f"0{first} {pairs}"
