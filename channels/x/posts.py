"""Fit words to a public post of X, and read them without what X puts around them."""

from __future__ import annotations

import re

from channels.graphemes import cut

LONGEST_POST = 280
_HANDLES = re.compile(r"(?:\s*@\w{1,15}\b)+\s*")
_LINK = re.compile(
    r"(?i:https?://|www\.)\S+"
    # X makes a link of a bare domain too; a capital after the dot begins a sentence
    r"|(?<![\w@.-])(?:[\w-]+\.)+(?:[a-z]{2,}|[A-Z]{2,})\b(?!@)(?:[/?#:][^\s,;]*)?"
)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count once; all others count twice (twitter-text, configuration v3)."""


def without_handles(text: str) -> str:
    """Drop the names that a post or an answer begins with: whom it is addressed to."""
    found = _HANDLES.match(text)
    return text[found.end() :] if found else text


def weight(text: str) -> int:
    """Count as X does."""
    return sum(
        1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2
        for character in text
    )


def without_links(text: str) -> str:
    return _LINK.sub("", text)


def public_text(text: str) -> str:
    """Fit a text to one public post, without links: a post with one costs many times as much."""
    return cut(" ".join(without_links(text).split()), LONGEST_POST, weight)
