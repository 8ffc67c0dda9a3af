"""Tells how far our clock is from that of a provider, which answers with the time in its header."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

_TOLERATED = timedelta(seconds=60)
_REFUSALS = frozenset({400, 401, 403})
"""How a provider answers a signature whose time it does not believe."""


def told(status: int, headers: Mapping[str, str], now: datetime) -> str:
    """Say that a signed call was refused while our clock is wrong by a minute or more, in French.

    Empty where it is right, or the answer is no refusal. ``headers`` are those of the answer
    (``Date``, RFC 9110); ``now`` is aware.
    """
    if status not in _REFUSALS:
        return ""
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    if theirs.tzinfo is None or abs(apart := now - theirs) < _TOLERATED:
        return ""
    minutes = int(abs(apart).total_seconds()) // 60
    way = "avance" if apart > timedelta() else "retarde"
    return f" L'horloge d'ici {way} de {minutes} min sur la leur : les signatures sont refusées."
