"""Finds what waits to be sent by an account that is not connected: nobody would ever send it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.french import counted
from router.case import Case
from router.decision import Urgency
from router.delivery import WAITING, Delivery, DeliveryState
from router.handling.desk import CHANNEL as DESK

_MOST = 1000
"""How many are looked at; more are told as « 1000 ou plus »."""
Key = tuple[str, str]
Connected = Callable[[str, str], bool]
"""Whether a channel and account send here."""


class Outbox(Protocol):
    """What is asked of the store."""

    async def roles_waiting(self) -> Sequence[str]: ...
    async def list_deliveries(
        self,
        states: Sequence[DeliveryState],
        limit: int = 100,
        channel: str = "",
        *,
        newest: bool = False,
    ) -> Sequence[Delivery]: ...
    async def case_by_id(self, case_id: int) -> Case | None: ...


@dataclass(frozen=True, slots=True)
class Stranded:
    """What waits for one account, and how many of it tell of a danger."""

    channel: str
    account: str
    count: int
    dangers: int

    @property
    def sentence(self) -> str:
        """Say it to an operator."""
        what = f"{counted(self.count, 'envoi')}{' ou plus' if self.count >= _MOST else ''}"
        if self.dangers:
            what += f", dont {counted(self.dangers, 'danger')},"
        verb = "ne peut pas partir" if self.count == 1 else "ne peuvent pas partir"
        if not self.account:
            return f"{what} {verb} : aucun compteur de courriel n'est en service."
        return (
            f"{what} {verb} : ce canal n'est pas branché, faute de réglages, ou d'un compteur en service"
            f" ({self.channel} {self.account})."
        )


async def stranded_deliveries(outbox: Outbox, connected: Connected) -> list[Delivery]:
    """List what waits for accounts that are not connected, the oldest of each channel first.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    lost: defaultdict[str, set[str]] = defaultdict(set)
    for role in await outbox.roles_waiting():
        channel, _, account = role.removeprefix("send:").partition("|")
        if channel != DESK and not connected(channel, account):
            lost[channel].add(account)
    return [
        delivery
        for channel, accounts in lost.items()
        for delivery in await outbox.list_deliveries(WAITING, _MOST, channel)
        if delivery.address.account in accounts
    ]


async def stranded(outbox: Outbox, connected: Connected) -> list[Stranded]:
    """Count what waits for each account that is not connected.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    found: defaultdict[Key, list[Delivery]] = defaultdict(list)
    for delivery in await stranded_deliveries(outbox, connected):
        found[delivery.address.channel, delivery.address.account].append(delivery)
    cases = {one.case_id for each in found.values() for one in each if one.case_id is not None}
    grave = {id for id in cases if _is_danger(await outbox.case_by_id(id))}
    return [
        Stranded(*key, len(each), sum(one.danger or one.case_id in grave for one in each))
        for key, each in found.items()
    ]


def _is_danger(case: Case | None) -> bool:
    return case is not None and (bool(case.dangers) or case.urgency is Urgency.IMMEDIATE)
