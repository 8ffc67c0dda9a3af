"""Tells what a key that its block does not know was meant to be."""

from __future__ import annotations

from rules.blocks import BLOCKS
from rules.problems import proposal
from rules.vocabulary import ENGLISH, FRENCH, plain

_BELONGS = (
    ("regle", "alors", "effets"),
    ("regle", "si", "condition"),
    ("condition", "alors", "effets"),
    ("effets", "si", "condition"),
)
"""Block → the key of a rule under which what stands there astray belongs, and that key's block."""


def keys_of(block: str, language: str) -> list[str]:
    """List the keys of a block as a file of a language writes them."""
    return [_said(name, language) for name in BLOCKS[block]]


def meant_key(block: str, language: str, written: str) -> str:
    """Propose where a key belongs, its twin in the other language, else the nearest key."""
    word = plain(written)
    name = FRENCH.get(word, word) if language == "en" else word
    for around, inside, home in _BELONGS:
        if block == around and name in BLOCKS[home]:
            return f"Placez « {written} » sous « {_said(inside, language)} »."
    keys = keys_of(block, language)
    twin = (ENGLISH if language == "en" else FRENCH).get(word)
    return f"{written} → {twin} ?" if twin in keys else proposal(written, keys)


def _said(name: str, language: str) -> str:
    return ENGLISH.get(name, name) if language == "en" else name
