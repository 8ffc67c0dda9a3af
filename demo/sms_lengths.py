"""Count the segments that an operator bills for a text message."""

from __future__ import annotations

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("\f^{}\\[~]|€")  # two septets each


def segments(text: str) -> int:
    """Count segments: 160/153 characters in GSM-7, 70/67 UTF-16 units otherwise (3GPP 23.038)."""
    if set(text) <= GSM_7 | GSM_7_EXTENDED:
        length = len(text) + sum(character in GSM_7_EXTENDED for character in text)
        alone, joined = 160, 153
    else:
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        alone, joined = 70, 67
    return 1 if length <= alone else -(-length // joined)
