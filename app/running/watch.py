"""Watches the channels of a process, and has written down what is wrong with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app.running.outages import Outages
from app.running.troubles import Troubles
from router.delivery import Delivery, Retry, SendOutcome, Unknown
from router.errors import StoreUnavailable
from router.ports import Clock, Polls, Pulled, TellsTrouble

log = structlog.get_logger("guichet")

_LOOK_S = 15.0
_AGAIN_S = 300.0
_LOST_TOLD_S = 86_400.0
"""After so long a trouble that lasts is confirmed."""
FAILURES = 3
"""Rounds or sends in vain, one after the other, after which a channel counts as silent."""
Key = tuple[str, str]


def role_of(channel: str, account: str) -> str:
    """Name the role of the outbox that sends for an account."""
    return f"send:{channel}|{account}"


@dataclass(slots=True)
class Watch:
    """Looks at what channels tell of themselves, and at how their polls and sends end."""

    channels: Mapping[Key, object]
    troubles: Troubles
    clock: Clock
    stranded: Callable[[], Awaitable[Mapping[Key, str]]] | None = None
    """Says of each account that is not connected what waits for it in vain."""
    outages: Outages | None = None
    _failed: Counter[str] = field(default_factory=Counter)
    """By poller and by role of the outbox."""
    _why: dict[str, str] = field(default_factory=dict)
    """Why a role of the outbox sends nothing."""
    _lost: dict[str, list[float]] = field(default_factory=dict)
    """When each delivery of a role of the outbox was given up."""
    _written: dict[Key, str] = field(default_factory=dict)
    _written_at: float = 0.0

    def polled(self, channel: Polls) -> Polls:
        """Give a channel to be polled, whose rounds are counted here."""
        return _Counted(channel, self._ended)

    def _ended(self, poller: str, error: BaseException | None) -> None:
        if error is None:
            self._failed.pop(poller, None)
        elif isinstance(error, Exception | asyncio.CancelledError):  # cut at its deadline, too
            self._failed[poller] += 1

    def sending(self, role: str) -> Callable[[SendOutcome], None]:
        """Give what hears how the sends of one role of the outbox end, which are counted here."""
        return lambda outcome: self._tried(role, outcome)

    def _tried(self, role: str, outcome: SendOutcome) -> None:
        match outcome:
            case Retry(reason, throttled=False, held=False, alone=False) | Unknown(reason):
                self._failed[role] += 1
                self._why[role] = reason
            case Retry():  # it works, or nothing was tried
                pass
            case _:
                self._failed.pop(role, None)

    def giving_up(self, role: str) -> Callable[[Delivery], None]:
        """Give what hears which deliveries of a role are given up; it names nobody in the log."""

        def hear(delivery: Delivery) -> None:
            self._lost.setdefault(role, []).append(self.clock.monotonic())
            log.warning(
                "delivery given up",
                role=role,
                delivery=delivery.id,
                case=delivery.case_id,
                kind=str(delivery.kind),
                tries=delivery.tries,
            )

        return hear

    def _given_up(self, role: str) -> str:
        """Tell for a day what was given up; after that guichet doctor still does."""
        since = self.clock.monotonic() - _LOST_TOLD_S
        self._lost[role] = kept = [at for at in self._lost.get(role, []) if at > since]
        if not kept:
            return ""
        what = "envoi abandonné" if len(kept) == 1 else "envois abandonnés"
        return f"{len(kept)} {what} après 48 heures d'essais (guichet outbox list)."

    def current(self) -> dict[Key, str]:
        """Say of each channel that does not work as it should what is wrong, in French."""
        found: dict[Key, str] = {}
        for key, channel in self.channels.items():
            told = channel.trouble if isinstance(channel, TellsTrouble) else ""
            if not told and isinstance(channel, Polls) and self._failed[channel.poller] >= FAILURES:
                told = (
                    f"ne se lit plus : {FAILURES} essais ont échoué (guichet doctor dit pourquoi)."
                )
            role = role_of(*key)
            sentences = [one for one in (told, self._unsent(role), self._given_up(role)) if one]
            if sentences:
                found[key] = " Et ".join(sentences)
        return found

    def _unsent(self, role: str) -> str:
        if self._failed[role] < FAILURES:
            return ""
        return f"rien n'en part plus : {self._why[role].removesuffix('.')}."

    async def look(self) -> None:
        """Write down what has changed, and confirm now and then what lasts."""
        now, found = self.clock.monotonic(), self.current()
        try:
            found |= await self.stranded() if self.stranded else {}
            if found == self._written and (not found or now - self._written_at < _AGAIN_S):
                return
            await self.troubles.write(found)
        except StoreUnavailable as error:
            if self.outages is not None:
                self.outages.failed("watch", error)
            return
        self._written, self._written_at = found, now

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A polled channel of which it is told how each round ended."""

    channel: Polls
    ended: Callable[[str, BaseException | None], None]

    @property
    def poller(self) -> str:
        return self.channel.poller

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        try:
            pulled = await self.channel.pull(cursor, received_at)
        except BaseException as error:
            self.ended(self.poller, error)
            raise
        self.ended(self.poller, None)
        return pulled

    async def settle(self, pulled: Pulled) -> None:
        await self.channel.settle(pulled)

    async def close(self) -> None:
        await self.channel.close()
