"""Count what a text message costs, and write French so that it costs less."""

from __future__ import annotations

import re
import unicodedata

from channels.graphemes import utf16_units

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets

_PLAIN = str.maketrans(
    {
        "ê": "e", "ë": "e", "î": "i", "ï": "i", "ô": "o", "û": "u", "â": "a", "ç": "c", "ÿ": "y",
        "Ê": "E", "È": "E", "Ë": "E", "Î": "I", "Ï": "I", "Ô": "O", "Ò": "O", "Û": "U", "Ù": "U",
        "Â": "A", "À": "A", "Ÿ": "Y", "œ": "oe", "Œ": "OE", "’": "'", "‘": "'", "‚": "'",
        "“": '"', "”": '"', "„": '"', "‐": "-", "‑": "-", "–": "-", "—": "-",
        "…": "...", "•": "-", "·": ".", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
    }
)  # fmt: skip
"""French letters and typography that the alphabet of GSM lacks; ç has only its capital there."""

_GUILLEMETS = re.compile(r"«\s*|\s*»")


def is_gsm7(text: str) -> bool:
    """Whether the text fits the 7-bit alphabet (3GPP 23.038)."""
    return _GSM_7.issuperset(set(text) - _GSM_7_EXTENDED)


def septets(text: str) -> int:
    """Count the 7-bit units of a text that fits the alphabet."""
    return len(text) + sum(character in _GSM_7_EXTENDED for character in text)


def segments(text: str) -> int:
    """Count the segments billed: 160/153 septets in GSM-7, else 70/67 UTF-16 units."""
    if is_gsm7(text):
        length, alone, joined = septets(text), 160, 153
    else:
        length, alone, joined = utf16_units(text), 70, 67
    return 1 if length <= alone else -(-length // joined)


def to_gsm7(text: str) -> str:
    """Write a text in the 7-bit alphabet if accents and typography alone keep it out.

    « forêt » becomes « foret » and typographic quotes become straight ones; a text with other
    scripts or emoji keeps its accents, since it needs UCS-2 in any case.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = _GUILLEMETS.sub('"', composed).translate(_PLAIN)
    return plain if is_gsm7(plain) else composed
