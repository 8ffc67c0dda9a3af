"""The tracking number that follows a case through every institution.

Ten random symbols of Crockford's base 32 (50 bits) and one check symbol of the same alphabet,
printed in groups: ``7K4M-Q2XD-9TZ``. The check symbol is a weighted sum over GF(32), so that
every single wrong symbol and every swap of two neighbours is noticed.

Source of the alphabet: Douglas Crockford, "Base 32" (no I, L, O, U).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NewType

from router.errors import InvalidInput

TrackingNumber = NewType("TrackingNumber", str)
"""Eleven symbols, upper case, no separators; :func:`printed` shows it in groups."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 50
_RANDOM_SYMBOLS = 10
_LENGTH = _RANDOM_SYMBOLS + 1
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_SYMBOLS = frozenset(_VALUE)
_WORD = re.compile(r"[^\W_]+")


def _times_two(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled  # modulo x^5 + x^2 + 1


def _check(values: list[int]) -> int:
    total = 0
    for value in values:
        total = _times_two(total ^ value)
    return total


def from_bits(bits: int) -> TrackingNumber:
    """Build the number of a 50-bit random integer (bits above the fiftieth are dropped)."""
    values = [(bits >> (5 * place)) & 31 for place in range(_RANDOM_SYMBOLS)]
    return TrackingNumber("".join(ALPHABET[value] for value in [*values, _check(values)]))


def printed(number: TrackingNumber) -> str:
    """Show a number in groups of four, four and three: ``7K4M-Q2XD-9TZ``."""
    return f"{number[:4]}-{number[4:8]}-{number[8:]}"


def parse(text: str) -> TrackingNumber:
    """Read a number as people type it: any case and spacing, O for 0, I or L for 1.

    Raises:
        InvalidInput: the text is no tracking number, or its check symbol says it was mistyped.
    """
    symbols = "".join(_WORD.findall(unicodedata.normalize("NFKC", text))).upper()
    number = _read(symbols)
    if number is None:
        raise InvalidInput(f"« {text[:40]} » is not a tracking number")
    return number


@lru_cache(maxsize=512)  # the same text is asked about before a batch is gathered and after
def find(text: str, limit: int = 16) -> tuple[TrackingNumber, ...]:
    """List what could be tracking numbers in a text, at most ``limit``, in reading order.

    An ordinary word of eleven letters passes the check once in 32 times: whoever calls this
    must look the numbers up and drop those that do not exist.
    """
    words = _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text))
    ends = [0, *accumulate(map(len, words))]  # of each word, in letters, and of none
    end_at = {letters: count for count, letters in enumerate(ends)}
    found: dict[TrackingNumber, None] = {}
    for start, letters in enumerate(ends):
        end = end_at.get(letters + _LENGTH)
        number = _read("".join(words[start:end]).upper()) if end is not None else None
        if number is not None:
            found.setdefault(number)
            if len(found) == limit:
                break
    return tuple(found)


def _read(symbols: str) -> TrackingNumber | None:
    if len(symbols) != _LENGTH or not _SYMBOLS.issuperset(symbols):
        return None
    values = [_VALUE[symbol] for symbol in symbols]
    if _check(values[:-1]) != values[-1]:
        return None
    return TrackingNumber("".join(ALPHABET[value] for value in values))
