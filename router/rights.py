"""What a person may count on when a request stays without an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Silence(StrEnum):
    """What the administration's silence means in the end."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    DEPENDS = "depends"
    """On the procedure; the service tells it."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a receipt owes (code des relations entre le public et l'administration, R112-5).

    ``received`` and ``on`` are days of the territory's calendar: when the request came in, and when
    it will be taken as accepted or refused without an answer. ``court`` says where a refusal may be
    contested, as the supervisors wrote it; it may be empty.
    """

    received: date
    silence: Silence
    on: date | None = None
    court: str = ""


@dataclass(frozen=True, slots=True)
class Promised:
    """What a person was told that silence means, for the category that his request had then."""

    category: str
    rights: Rights
