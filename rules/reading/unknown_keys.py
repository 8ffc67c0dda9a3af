"""Tells what a key that its block does not know was meant to be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rules.problems import At, closest, proposal
from rules.reading.blocks import BLOCKS
from rules.reading.meant import MEANT_KEYS
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar
from rules.reading.yaml_typed import spaced
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


def meant_key(block: str, language: str, written: str) -> tuple[str, str]:
    """Propose where a key belongs, its twin in the other language, else the nearest key.

    Gives the sentence that says so, and the key of this very block that was meant, or nothing.
    """
    word = plain(written)
    name = FRENCH.get(word, word) if language == "en" else word
    for around, inside, home in _BELONGS:
        if block == around and name in BLOCKS[home]:
            return f"Placez « {written} » sous « {_said(inside, language)} ».", ""
    if ":" in written and (tight := spaced(written)) is not None:
        return f"Mettez une espace après « : ». {tight[1]}", ""
    keys = keys_of(block, language)
    twin = (ENGLISH if language == "en" else FRENCH).get(word)
    if twin in keys:
        return f"{written} → {twin} ?", twin
    meant = _said(MEANT_KEYS.get(word, ""), language)
    if meant in keys:
        return f"{written} → {meant} ?", meant
    return proposal(written, keys), closest(written, keys) or ""


def unlisted_words(node: MappingNode, block: str, language: str) -> Mapping[At, str]:
    """Find the words of a list that lacks its brackets: "{contient: banc, chaise}".

    Gives where each stands, and the sentence that proposes brackets with the first of them.
    """
    found: dict[At, str] = {}
    keys = _plain_keys(block, language)
    owner, listed, first = "", list[str](), None
    for key, value in node.entries:
        if listed and _stands_alone(key, value) and plain(key.text) not in keys:
            first = first or key.at
            listed.append(key.text)
            found[key.at] = ""
        else:
            _propose(found, first, owner, listed)
            owner, first = key.text, None
            listed = [value.text] if isinstance(value, Scalar) and not value.empty else []
    _propose(found, first, owner, listed)
    return found


@cache
def _plain_keys(block: str, language: str) -> frozenset[str]:
    return frozenset(map(plain, keys_of(block, language)))


def _propose(found: dict[At, str], first: At | None, owner: str, listed: list[str]) -> None:
    if first is not None:
        found[first] = f"Mettez la liste entre crochets : « {owner}: [{', '.join(listed)}] »."


def _stands_alone(key: Scalar, value: Node) -> bool:
    """Whether neither a colon nor a value follows a key, as only in braces."""
    end = (key.at.line, key.at.column + len(key.text))
    return isinstance(value, Scalar) and not value.text and (value.at.line, value.at.column) == end


def _said(name: str, language: str) -> str:
    return ENGLISH.get(name, name) if language == "en" else name
