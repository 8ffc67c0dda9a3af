"""Leaves out the invitations to answer where nobody would read the answer."""

from __future__ import annotations

import re

_INVITES = re.compile(
    r"\br[ée]pond(?:ez|re)\b|\breply\b|\bresponda\b|أجيبوا|\byanıtlayın|EVET ya da HAYIR"
    r"|\bвідповідайте|回复|\bantworten\b|\brisponda\b|\br[ăa]spunde[țt]i\b|\bodpowiedzieć\b"
    r"|\bodpisa[ćc]\b|\bответьте|\bSTART\b|\bSTOP\b",
    re.IGNORECASE,
)
"""How the texts of the house ask for an answer, in their thirteen languages."""
_SENTENCE = re.compile(r"[^.!?؟。！？]+[.!?؟。！？]*\s*")


def one_way(text: str) -> str:
    """Drop each sentence that asks to reply by the same way; a text of nothing else stays."""
    lines = ["".join(_kept(line)).rstrip() for line in text.split("\n")]
    left = "\n".join(line for line in lines if line).strip()
    return left or text


def _kept(line: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.findall(line) if not _INVITES.search(sentence)]
