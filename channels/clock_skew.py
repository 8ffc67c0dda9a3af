"""Tells how far our clock is from that of a provider, which answers with the time in its header."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

_TOLERATED = timedelta(seconds=60)


def told(headers: Mapping[str, str], now: datetime) -> str:
    """Say that our clock is wrong by a minute or more, in French; empty where it is right.

    ``headers`` are those of an answer by HTTP (``Date``, RFC 9110); ``now`` is aware.
    """
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return ""
    if theirs.tzinfo is None or abs(apart := now - theirs) < _TOLERATED:
        return ""
    minutes = int(abs(apart).total_seconds()) // 60
    way = "avance" if apart > timedelta() else "retarde"
    return f" L'horloge d'ici {way} de {minutes} min sur la leur : les signatures sont refusées."
