"""Cuts texts and rules into words: folded, at punctuation, whatever the script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

BREAK = ""
"""Stands between the subject and the text, so that no phrase runs from one into the other."""


def _ranges(characters: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for code in characters:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)


# Vowel signs of many scripts are marks, which \w leaves out: without them words fall to pieces.
_MARKS = _ranges(
    code for code in range(0x300, 0x1E000) if unicodedata.category(chr(code))[0] == "M"
)
# Scripts written without spaces: each letter is a word of its own, so that a phrase finds its text.
_SPACELESS = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SPACELESS}]|(?:[^\W_{_SPACELESS}][{_MARKS}]*)+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def _latin_folds() -> dict[str, str]:
    folds = {ord("œ"): "oe", ord("æ"): "ae", ord("ß"): "ss", ord("ø"): "o", ord("ł"): "l"}
    folds |= {ord("đ"): "d", ord("ı"): "i", ord("’"): " ", ord("\u00ad"): ""}
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        parts = unicodedata.normalize("NFD", chr(code).lower())
        base = "".join(part for part in parts if not unicodedata.combining(part))
        if base and base[0].isascii() and base[0].isalpha():
            folds.setdefault(code, base)
    return {chr(code): own for code, own in folds.items()}


_LATIN_FOLDS = _latin_folds()
_STRAY_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")


def lower(text: str) -> str:
    """Bring a text to NFKC and lower case, accents kept."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower()


def fold(lowered: str) -> str:
    """Fold accents and ligatures of Latin letters; other scripts keep theirs."""
    if lowered.isascii():
        return lowered
    folded = lowered
    for letter in frozenset(_NOT_ASCII.findall(lowered)):  # few in a text, and `translate` is slow
        own = _LATIN_FOLDS.get(letter)
        if own is not None:
            folded = folded.replace(letter, own)
    return _STRAY_LATIN_MARKS.sub("", folded) if not folded.isascii() else folded


def tokens(text: str) -> tuple[str, ...]:
    """Cut a text into folded words: "Plus d'eau !" gives plus, d, eau."""
    return tuple(folded(text))


def folded(text: str) -> list[str]:
    """Cut a text into folded words; letters of Latin-1, nearly all of French, take a short way."""
    try:
        known = text.replace("’", "'").encode("latin-1").translate(_LATIN_BYTES)
    except UnicodeEncodeError:
        return _folded(text)
    return _folded(text) if _OTHER in known else known.decode("ascii").split()


def _folded(text: str) -> list[str]:
    return cut(fold(lower(text)))


def cut(text: str) -> list[str]:
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def _latin_bytes() -> bytes:
    """Ask the long way what becomes of each byte: a letter or digit, a blank, or another thing."""
    kept = {}
    for byte in range(256):
        own = _folded(f"a{chr(byte)}a")
        if own == ["a", "a"]:
            kept[byte] = ord(" ")
        elif len(own) == 1 and len(own[0]) == 3 and own[0].isascii():
            kept[byte] = ord(own[0][1])
    return bytes(kept.get(byte, _OTHER) for byte in range(256))


_OTHER = 0  # of no letter, so that it tells the bytes which only the long way can read
_LATIN_BYTES = _latin_bytes()


def written_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into lower-case words as they are written."""
    return tuple(cut(lower(text)))


def exact_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into lower-case words that keep their accents; œ equals oe, as keyboards lack it."""
    return tuple(cut(lower(text).replace("œ", "oe").replace("æ", "ae")))
