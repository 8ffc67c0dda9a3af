"""Split long texts where a reader would: between words, and never inside a visible character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

_JOINER = "\u200d"
_SPACES = re.compile(r"\s*\S+|\s+")


def graphemes(text: str) -> Iterator[str]:
    """Yield what a reader sees as single characters: letters with marks, flags, emoji families.

    A small part of Unicode's UAX #29, enough for never cutting inside one: combining marks,
    variation selectors, skin tones, joined emoji and pairs of regional indicators.
    """
    cluster = ""
    for character in text:
        if cluster and _continues(cluster, character):
            cluster += character
            continue
        if cluster:
            yield cluster
        cluster = character
    if cluster:
        yield cluster


def _continues(cluster: str, character: str) -> bool:
    if character == "\n":
        return cluster == "\r"
    if cluster[-1] in "\r\n":
        return False
    if character == _JOINER or cluster[-1] == _JOINER:
        return True
    if unicodedata.category(character) in {"Mn", "Me", "Mc"} or _modifies(character):
        return True
    return _flag_half(character) and len(cluster) == 1 and _flag_half(cluster)


def _modifies(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"


def _flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def utf16_units(text: str) -> int:
    """Count UTF-16 code units, in which Telegram and UCS-2 text messages are measured."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, width: Callable[[str], int] = len) -> tuple[str, ...]:
    """Cut a text into pieces of at most ``limit``, at spaces where there are any.

    ``width`` measures a piece of text and must add up over graphemes. Spaces at a cut are dropped;
    nothing else is. A grapheme wider than the limit stands alone.
    """
    pieces: list[str] = []
    piece, used = "", 0
    for word in _words(text, limit, width):
        size = width(word)
        if used + size <= limit:
            piece, used = piece + word, used + size
            continue
        if piece.strip():
            pieces.append(piece.rstrip())
        piece = word.lstrip() if piece.strip() or pieces else word
        used = width(piece)
    if piece.strip() or not pieces:
        pieces.append(piece.rstrip() if pieces else piece)
    return tuple(pieces)


def _words(text: str, limit: int, width: Callable[[str], int]) -> Iterator[str]:
    """Yield words with the spaces before them; one longer than the limit, cut by graphemes."""
    for found in _SPACES.finditer(text):
        word = found[0]
        if width(word) <= limit:
            yield word
            continue
        chunk, used = "", 0
        for grapheme in graphemes(word):
            size = width(grapheme)
            if chunk and used + size > limit:
                yield chunk
                chunk, used = "", 0
            chunk, used = chunk + grapheme, used + size
        yield chunk


def cut(text: str, limit: int, width: Callable[[str], int] = len, mark: str = "…") -> str:
    """Shorten a text to ``limit``, ended by a mark when something was left out."""
    if width(text) <= limit:
        return text
    room = limit - width(mark)
    return split(text, room, width)[0] + mark
