"""What kinds of person a writer says he is: an elected person, a shop, an association, a landlord."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from understanding.wordlists import WordLists
from understanding.words import Words

_READ = tomllib.loads((files("understanding") / "senders.toml").read_text(encoding="utf-8"))
_LISTS = WordLists(_READ)


def sender_kinds_of(words: Words) -> tuple[str, ...] | None:
    """Tell what a writer says of himself; None where he says nothing, who may be anybody."""
    marks = _LISTS.find(words)
    return tuple(kind for kind in _READ if marks.holds(kind)) or None
