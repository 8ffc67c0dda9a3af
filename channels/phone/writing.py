"""Writes a text as messages that a phone shows: the cheap alphabet, whole characters, a price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channels.graphemes import cut, split, utf16_units
from channels.phone.alphabet import is_gsm7, segments, septets, to_gsm7

_LONGEST_BODY = 1600  # characters, refused above by Twilio
_LONGEST_ENDING = 160  # characters of the last line, which a shortened text keeps


@dataclass(frozen=True, slots=True)
class Writing:
    """How texts are written; ``each`` is the segments of one message, ``most`` those of a text.

    With ``most`` 0 nothing is left out, whatever it costs.
    """

    transliterate: bool = True
    each: int = 6
    most: int = 0

    def pieces(self, text: str) -> tuple[str, ...]:
        """Cut a text into messages of at most ``each`` segments."""
        plain = self._shortened(to_gsm7(text) if self.transliterate else text)
        cheap = is_gsm7(plain)
        limit = min(_room(self.each, cheap), _LONGEST_BODY)
        return split(plain, limit, septets if cheap else utf16_units)

    def _shortened(self, text: str) -> str:
        """Leave out the middle of a text that costs too much; its last line names the case."""
        if not self.most or segments(text) <= self.most:
            return text
        cheap = is_gsm7(text)
        mark, width = ("...", septets) if cheap else ("…", utf16_units)
        head, _, last = text.rstrip().rpartition("\n")
        if not head or len(last) > _LONGEST_ENDING:
            head, last = text, ""
        room = _room(self.most, cheap) - width(last) - 1
        return f"{cut(head, max(room, width(mark) + 1), width, mark)}\n{last}".rstrip()


def _room(count: int, cheap: bool) -> int:
    alone, joined = (160, 153) if cheap else (70, 67)
    return joined * count if count > 1 else alone


def cost(texts: Sequence[str]) -> int:
    """Count the segments that these messages are billed as."""
    return sum(segments(text) for text in texts)
