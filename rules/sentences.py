"""Tells where the sentences of a text begin."""

from __future__ import annotations

import re

from rules.words import folded

_END = re.compile(r"[.!?…؟]+(?=\s|$|[^\W\d_a-zß-ÿ])|[。！？]|\n\s*\n")
"""A full stop before a space or a capital: neither « 3.5 » nor « www.ville.example » has one."""


def sentence_starts(text: str) -> frozenset[int]:
    """List the numbers of the words that begin a sentence, in step with the folded words."""
    starts, words, begun = set[int](), 0, 0
    for end in _END.finditer(text):
        words += len(folded(text[begun : end.start()]))
        begun = end.end()
        starts.add(words)
    return frozenset(starts)
