"""Choose the language of a page from its address, else from what the browser asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """The language of one page; ``explicit`` when the address named it, so that links keep it."""

    code: str
    explicit: bool = False


def choose(wanted: str, accept: str, offered: Sequence[str], default: str) -> Choice:
    """Pick one of ``offered``: ``?lang=`` first, then Accept-Language (RFC 9110), then default."""
    if wanted in offered:
        return Choice(wanted, explicit=True)
    for code in _preferred(accept):
        if code in offered:
            return Choice(code)
    return Choice(default)


def _preferred(accept: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        if weight > 0:
            weighted.append((-weight, position, tag.strip().lower().split("-")[0]))
    return [code for _, _, code in sorted(weighted)]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
