"""Count what X bills in a day, and say how often it may still be asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from router.errors import StoreUnavailable
from router.ports import Clock

DM_READ, POST_READ, USER_READ, MEDIA_READ = 0.010, 0.005, 0.010, 0.005
DM_WRITE, POST_WRITE = 0.015, 0.015
"""Dollars a resource read or a call that writes (https://docs.x.com/x-api/getting-started/pricing)."""
NEAR = 0.8
"""The share of the cap from which on messages are read less often."""
READING_ENDS = 0.9
"""The share at which reading rests: the last tenth is for answers."""
SLOWEST = 10.0
"""By how much the time between two questions grows until then."""

log = logging.getLogger("channels.x")


class KeepsSpending(Protocol):
    """Keeps what an account has cost today, for all processes and across restarts."""

    async def add(self, day: str, dollars: float) -> float:
        """Add to a day's sum and give it; a later day begins at nothing.

        Raises:
            StoreUnavailable: nothing was added.
        """
        ...


class Pocket:
    """Keeps the sum in this process only: for trials."""

    def __init__(self) -> None:
        self._day, self._sum = "", 0.0

    async def add(self, day: str, dollars: float) -> float:
        if day != self._day:
            self._day, self._sum = day, 0.0
        self._sum += dollars
        return self._sum


class Budget:
    """The dollars of one account and day of UTC; a cap of 0 is none.

    X bills a resource once a day however often it is read; so does this, as far as one process
    remembers. A sum that cannot be kept now is added the next time.
    """

    def __init__(self, cap: float, clock: Clock, keeper: KeepsSpending | None = None) -> None:
        self._cap, self._clock = cap, clock
        self._keeper: KeepsSpending = keeper or Pocket()
        self._seen: set[str] = set()
        self._day, self._spent, self._unsaved = "", 0.0, 0.0
        self._warned = ""

    async def pay(self, method: str, path: str, answer: Mapping[str, Any]) -> None:
        """Count an answer of the API."""
        self._turn()
        if method == "POST":
            self._unsaved += DM_WRITE if path.startswith("/2/dm_") else POST_WRITE
        else:
            billed = dict(_resources(path, answer))
            self._unsaved += sum(billed[one] for one in billed.keys() - self._seen)
            self._seen |= billed.keys()
        if self._unsaved:
            await self.look()

    async def look(self) -> float:
        """Give the share of the cap that all processes have spent today."""
        self._turn()
        with suppress(StoreUnavailable):  # what is known here still counts
            await self._keep()
        if self.share >= NEAR and self._warned != self._day:
            self._warned = self._day
            log.warning("%s", self.sentence)
        return self.share

    async def _keep(self) -> None:
        """Hand over what is not yet kept, before others are let in who would hand it over again."""
        day, owed, self._unsaved = self._day, self._unsaved, 0.0
        self._spent += owed
        try:
            spent = await self._keeper.add(day, owed)
        except BaseException:  # also when the call is given up: rather counted twice than never
            self._unsaved += owed
            if day == self._day:
                self._spent -= owed
            raise
        if day == self._day:  # a later answer of the keeper may come before an earlier one
            self._spent = max(self._spent, spent)

    @property
    def share(self) -> float:
        """The share of the cap that is spent today, as far as it is known here."""
        self._turn()
        return (self._spent + self._unsaved) / self._cap if self._cap else 0.0

    @property
    def sentence(self) -> str:
        """Say how much of the day's money is spent, and what follows, for the log."""
        follows = (
            "reading rests until midnight UTC" if self.rests else "messages are read less often"
        )
        spent = self._spent + self._unsaved
        return f"X: {spent:.2f} $ of the day's {self._cap:.2f} $ are spent; {follows}"

    @property
    def told(self) -> str:
        """Say the same to an operator, in French."""
        follows = "les messages sont lus moins souvent"
        if self.spent:
            follows = "plus rien n'est lu ni écrit jusqu'à minuit UTC"
        elif self.rests:
            follows = "plus rien n'est lu jusqu'à minuit UTC"
        told = f"{self._spent + self._unsaved:.2f} $ des {self._cap:.2f} $ du jour sont dépensés"
        return f"X : {told.replace('.', ',')} ; {follows}."

    @property
    def near(self) -> bool:
        return self.share >= NEAR

    @property
    def rests(self) -> bool:
        """Whether nothing more is read today."""
        return self.share >= READING_ENDS

    @property
    def spent(self) -> bool:
        """Whether nothing more is written today either."""
        return self.share >= 1.0

    def pause_s(self, usual_s: float) -> float:
        """Give the seconds until the next question; longer near the cap."""
        over = max(0.0, self.share - NEAR) / (READING_ENDS - NEAR)
        return usual_s * min(SLOWEST, 1 + (SLOWEST - 1) * over)

    def until_tomorrow_s(self) -> float:
        now = self._clock.now()
        tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        return (tomorrow - now).total_seconds()

    def _turn(self) -> None:
        day = f"{self._clock.now():%Y-%m-%d}"
        if day != self._day:
            self._day, self._spent, self._seen = day, 0.0, set()


def _resources(path: str, answer: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    data = answer.get("data")
    records = data if isinstance(data, list) else [data]
    each = DM_READ if "/dm_" in path else USER_READ if path.endswith("/me") else POST_READ
    yield from _billed("r", "id", records, each)
    includes = answer.get("includes")
    if isinstance(includes, Mapping):
        yield from _billed("u", "id", includes.get("users"), USER_READ)
        yield from _billed("m", "media_key", includes.get("media"), MEDIA_READ)


def _billed(kind: str, name: str, records: object, each: float) -> Iterator[tuple[str, float]]:
    for record in records if isinstance(records, list) else ():
        if isinstance(record, Mapping):
            yield f"{kind}:{record.get(name)}", each
