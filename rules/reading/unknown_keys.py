"""Tells what a key that its block does not know was meant to be."""

from __future__ import annotations

from rules.problems import closest, proposal
from rules.reading.blocks import BLOCKS
from rules.reading.meant import MEANT_KEYS
from rules.reading.yaml_typed import spaced
from rules.vocabulary import ENGLISH, FRENCH, plain

_UNDER, _BESIDE = "sous", "à côté de"
_BELONGS = (
    ("regle", _UNDER, "alors", "effets"),
    ("regle", _UNDER, "si", "condition"),
    ("regle", _BESIDE, "regles", "regles"),
    ("regles", _UNDER, "regles", "regle"),
    ("condition", _BESIDE, "si", "regle"),
    ("condition", _UNDER, "alors", "effets"),
    ("condition", _UNDER, "recu", "recu"),
    ("condition", _UNDER, "pres_de", "pres_de"),
    ("effets", _BESIDE, "alors", "regle"),
    ("effets", _UNDER, "si", "condition"),
    ("effets", _UNDER, "escalade", "escalade"),
    ("seuil", _BESIDE, "seuils", "regle"),
    ("essai", _UNDER, "cas", "cas"),
    ("essai", _UNDER, "attendu", "attendu"),
    ("cas", _UNDER, "attendu", "attendu"),
    ("attendu", _UNDER, "cas", "cas"),
)
"""Block → where what stands there astray belongs: under or beside a key, in which block's words."""


_COMMONEST = ("contient", "categorie", "commune", "dans", "un_de", "contient_tous", "recu")
"""Keys of long blocks that people look for most; the others follow as they are written there."""


def keys_of(block: str, language: str) -> list[str]:
    """List the keys of a block as a file of a language writes them."""
    return [_said(name, language) for name in BLOCKS[block]]


def meant_key(block: str, language: str, written: str) -> tuple[str, str]:
    """Propose where a key belongs, its twin in the other language, else the nearest key.

    Gives the sentence that says so, and the key of this very block that was meant, or nothing.
    """
    word = plain(written)
    name = FRENCH.get(word, word) if language == "en" else word
    for around, where, key, home in _BELONGS:
        if block == around and name in BLOCKS[home]:
            return f"Placez « {written} » {where} « {_said(key, language)} ».", ""
    if ":" in written and (tight := spaced(written)) is not None:
        return f"Mettez une espace après « : ». {tight[1]}", ""
    keys = keys_of(block, language)
    twin = (ENGLISH if language == "en" else FRENCH).get(word)
    if twin in keys:
        return f"{written} → {twin} ?", twin
    meant = _said(MEANT_KEYS.get(word, ""), language)
    if meant in keys:
        return f"{written} → {meant} ?", meant
    first = [_said(own, language) for own in _COMMONEST if own in BLOCKS[block]]
    shown = proposal(written, [*first, *keys], commonest_first=True)
    return shown, closest(written, keys) or ""


def _said(name: str, language: str) -> str:
    return ENGLISH.get(name, name) if language == "en" else name
