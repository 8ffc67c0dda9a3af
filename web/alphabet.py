"""Order names as a French dictionary does: an accent decides only between words that are alike."""

from __future__ import annotations

import unicodedata


def order(name: str) -> tuple[str, str]:
    """Give the key to sort a name by."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(one for one in letters if not unicodedata.combining(one)), name
