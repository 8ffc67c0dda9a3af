"""The ledger: what providers received for us, beside what became of it here, by account and day.

What a provider handed over is in the journal; what it refused itself, or never handed over, only it
can list.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from router.archive import Action, Tallied

IN_FLIGHT = timedelta(minutes=2)
"""A message that the provider has had for less may still be on its way to us."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that a provider has received for one of our accounts.

    ``provider_id`` is the one under which the journal would know it; ``refused`` says that the
    provider failed it itself and never handed it over.
    """

    provider_id: str
    at: datetime
    refused: bool = False


@runtime_checkable
class ListsReceived(Protocol):
    """A channel whose provider keeps a list of what people sent."""

    async def received(self, since: datetime) -> Sequence[Listed] | None:
        """List what people have sent to this account since a moment; None where nobody keeps a list.

        Raises:
            ProviderSilent: the provider cannot be asked; the sentence says why, in French.
        """
        ...


class ProviderSilent(Exception):
    """A provider cannot be asked."""


class Became(StrEnum):
    """What became of messages, as the ledger adds them up."""

    CASES = "cases"
    THREADED = "threaded"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    PARTNERS = "partners"
    """Words of services."""
    RECEIPTS = "receipts"
    """Providers' news of our own messages."""
    WAITING = "waiting"


_BECAME: Mapping[Action | None, Became] = {
    Action.CREATE: Became.CASES,
    Action.ASK: Became.CASES,
    Action.REDIRECT: Became.CASES,
    Action.EMERGENCY: Became.CASES,
    Action.APPEND: Became.THREADED,
    Action.OPT_OUT: Became.IGNORED,
    Action.IGNORE: Became.IGNORED,
    Action.QUARANTINE: Became.QUARANTINED,
    Action.PARTNER: Became.PARTNERS,
    Action.RECEIPT: Became.RECEIPTS,
    None: Became.WAITING,
}


@dataclass(slots=True)
class Day:
    """One account on one day; ``listed`` is None where the provider keeps no list.

    ``refused`` are those of the listed that the provider failed itself, ``missing`` the ids of those
    that it should have handed over and the journal does not have.
    """

    channel: str
    account: str
    begin: datetime
    became: dict[Became, int] = field(default_factory=dict)
    listed: int | None = None
    refused: int = 0
    missing: list[str] = field(default_factory=list)


class Ledger:
    """Adds up accounts and days; ``moments`` are the beginnings of the days, and the end."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self._moments = moments
        self._days: dict[tuple[str, str, int], Day] = {}

    def count(self, tallied: Sequence[Tallied]) -> None:
        """Take what the journal holds."""
        for one in tallied:
            became = self._day(one.channel, one.account, one.day).became
            kind = _BECAME[one.action]
            became[kind] = became.get(kind, 0) + one.number

    def compare(
        self, channel: str, account: str, listed: Sequence[Listed], unknown: Sequence[str]
    ) -> None:
        """Take a provider's list, and those of its ids that the journal does not have."""
        lost = frozenset(unknown)
        for place in range(len(self._moments) - 1):
            self._day(channel, account, place).listed = 0
        for one in sorted(listed, key=lambda one: (one.at, one.provider_id)):
            place = bisect_right(self._moments, one.at) - 1
            if not 0 <= place < len(self._moments) - 1:
                continue
            day = self._day(channel, account, place)
            day.listed = (day.listed or 0) + 1
            day.refused += one.refused
            old = one.at < self._moments[-1] - IN_FLIGHT
            if one.provider_id in lost and not one.refused and old:
                day.missing.append(one.provider_id)

    @property
    def days(self) -> list[Day]:
        """List the days on which there was something, by account."""
        found = (self._days[key] for key in sorted(self._days))
        return [day for day in found if day.became or day.listed]

    def _day(self, channel: str, account: str, place: int) -> Day:
        key = (channel, account, place)
        if key not in self._days:
            self._days[key] = Day(channel, account, self._moments[place])
        return self._days[key]
