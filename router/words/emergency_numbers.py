"""Words several dangers in one message so that a frightened person reads each number once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from router.words.texts import sentences

_NUMBER = re.compile(r"(?<!\d)(15|17|18|112|114|115|119|3114|3919)(?!\d)")
_WHOM = re.compile(rf"\W*{_NUMBER.pattern}(?:\W+\w{{1,6}}\W+{_NUMBER.pattern})*\s*[:：]")
"""How a sentence begins that says whom to call, and nothing that has to be done before."""
_BY_TEXT = re.compile(r"[^:：]{1,60}[:：]\D{0,30}114\D{0,30}")
"""« Sourd ou malentendant : 114 par SMS. »"""


def each_once(texts: Iterable[str]) -> list[str]:
    """Leave out what an earlier text said: whom to call at numbers it told, and its own sentences.

    « 17 ou 112 : appelez la police. » says whom to call. What else a text says stays, numbers or
    not: it may be what to do about another danger. Sentences stay whole, so that they are known for
    ours when a machine sends them back.
    """
    told: set[str] = set()
    said: set[str] = set()
    kept = []
    for text in texts:
        lines = (_new(line, told, said) for line in text.split("\n"))
        kept.append("\n".join(line for line in lines if line) if told else text)
        told |= set(_NUMBER.findall(text))
        said |= {sentence for line in text.split("\n") for sentence, _ in sentences(line)}
    return [text for text in kept if text]


def _new(line: str, told: set[str], said: set[str]) -> str:
    kept = []
    for sentence, _ in sentences(line):
        numbers = set(_NUMBER.findall(sentence))
        again = numbers <= told and (_WHOM.match(sentence) or _BY_TEXT.fullmatch(sentence))
        if sentence not in said and not again:
            kept.append(sentence)
    return _joined(kept)


def _joined(kept: list[str]) -> str:
    """Put sentences together again; Chinese has no space between them."""
    return "".join(
        sentence if sentence.endswith(("。", "！", "？")) else f"{sentence} " for sentence in kept
    ).strip()
