"""Write the place of a case in one line, so that nothing in it is said twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def one_line(parts: Iterable[str | None]) -> str:
    """Join what is known of a place; what a longer part says already is left out.

    Accents and capitals make no difference: people rarely type them.
    """
    given = dict.fromkeys(part.strip() for part in parts if part and part.strip())
    plain = [(part, _plain(part)) for part in given]
    return ", ".join(part for at, (part, words) in enumerate(plain) if not _said(words, at, plain))


def _said(words: str, at: int, others: list[tuple[str, str]]) -> bool:
    return any(
        len(longer) > len(words) or (longer == words and other < at)
        for other, (_, longer) in enumerate(others)
        if other != at and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", longer)
    )


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
