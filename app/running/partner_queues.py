"""Tells how long cases have been waiting for each partner's own system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from router.archive import OutboxAdmin
from router.delivery import WAITING, Delivery
from router.policy import Way

LATE = timedelta(hours=1)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one partner; ``since`` is None when nothing does."""

    account: str
    count: int = 0
    since: datetime | None = None
    error: str = ""

    def late(self, now: datetime) -> bool:
        """Whether the oldest has been waiting longer than a partner usually rests."""
        return self.since is not None and now - self.since > LATE

    def sentence(self, now: datetime) -> str:
        """Say it to an operator."""
        if self.since is None:
            return "rien n'attend."
        what = f"{self.count} en attente, le plus ancien depuis {_lapse(now - self.since)}"
        return f"{what} ({self.error})." if self.error else f"{what}."


async def queues(outbox: OutboxAdmin, partners: Mapping[tuple[str, str], Way]) -> list[Queue]:
    """List the queues of the partners that are connected."""
    ways = dict.fromkeys(partners.values())
    waiting = [
        delivery
        for channel in dict.fromkeys(way.channel for way in ways)
        for delivery in await outbox.list_deliveries(WAITING, _MOST, channel)
    ]
    return [_queue(way, waiting) for way in ways]


def _queue(way: Way, waiting: Sequence[Delivery]) -> Queue:
    mine = [
        delivery
        for delivery in waiting
        if (delivery.address.channel, delivery.address.account) == (way.channel, way.account)
    ]
    if not mine:
        return Queue(way.account)
    oldest = min(mine, key=lambda delivery: delivery.created_at)
    error = next((delivery.error for delivery in mine if delivery.error), "")
    return Queue(way.account, len(mine), oldest.created_at, error)


def _lapse(lapse: timedelta) -> str:
    minutes = int(lapse.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} jours"
