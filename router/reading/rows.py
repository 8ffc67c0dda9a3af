"""Reads the rows of a batch beside the event loop; one that never ends is given up, no other is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from router.errors import UnreadablePayload
from router.events import InboundEvent, MessageReceived
from router.policy import Policy
from router.ports import Reads
from router.reading.looking import Looks
from router.work import Inbound, RouteClaim

Report = Callable[[str, Exception], None]
NewLooks = Callable[[], Looks]


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A journal row and what its channel reads in it; ``unreadable`` says why it could not."""

    inbound: Inbound
    events: tuple[InboundEvent, ...]
    unreadable: str = ""


Rows = dict[str, list[ReadRow]]
"""What was read, by lane, in the order of each lane."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what channels handed over; what cannot be read stops nothing."""

    channels: Mapping[tuple[str, str], Reads]
    policy: Policy
    report: Report

    async def read(self, claims: Sequence[RouteClaim], looks: NewLooks) -> tuple[Rows, Looks]:
        """Read every row of a batch and look at its messages.

        A row that takes longer than ``policy.reading_s`` is for an agent: its thread is left
        behind, since nothing can end it, and the rows after it are read in another.
        """
        waiting = [(claim.claim.lane, inbound) for claim in claims for inbound in claim.inbound]
        rows: Rows = {claim.claim.lane: [] for claim in claims}
        while True:
            seen, done = looks(), list[ReadRow]()
            await self._as_far_as_it_goes(partial(self._each, waiting, done, seen), done)
            known = tuple(done)  # a thread left behind may yet add to the list
            for (lane, _), row in zip(waiting, known, strict=False):
                rows[lane].append(row)
            if len(known) == len(waiting):
                return rows, seen
            lane, inbound = waiting[len(known)]
            rows[lane].append(self._given_up(inbound))
            waiting = waiting[len(known) + 1 :]

    async def _as_far_as_it_goes(self, job: Callable[[], None], done: list[ReadRow]) -> None:
        """Run a job beside the loop until it ends, or adds no row for too long."""
        running, so_far = _begun(job), -1
        while not running.done() and len(done) > so_far:
            so_far = len(done)
            await asyncio.wait({running}, timeout=self.policy.reading_s)
        if running.done():
            running.result()

    def _each(
        self, waiting: Sequence[tuple[str, Inbound]], done: list[ReadRow], looks: Looks
    ) -> None:
        """Read each row, and look at each message by itself, so that its counts are asked for."""
        for _, inbound in waiting:
            row = self._row(inbound)
            for event in row.events:
                if isinstance(event, MessageReceived):
                    with suppress(Exception):  # told when its conversation is worked
                        looks.of(inbound, event.message)
            done.append(row)

    def _row(self, inbound: Inbound) -> ReadRow:
        envelope = inbound.envelope
        channel = self.channels.get((envelope.channel, envelope.account))
        if channel is None:
            return ReadRow(inbound, (), f"aucun canal « {envelope.channel} » n'est branché ici")
        if inbound.tries >= self.policy.most_tries:
            return ReadRow(inbound, (), "le traitement a échoué plusieurs fois")
        try:
            return ReadRow(inbound, channel.receive(envelope))
        except UnreadablePayload as error:
            return ReadRow(inbound, (), str(error) or "illisible")
        except Exception as error:  # a channel's defect: kept for an agent, the next one served
            self.report(f"read {envelope.channel}", error)
            return ReadRow(inbound, (), f"illisible ({type(error).__name__})")

    def _given_up(self, inbound: Inbound) -> ReadRow:
        seconds = f"{self.policy.reading_s:.0f} s"
        self.report(f"read {inbound.envelope.channel}", TimeoutError(f"not read in {seconds}"))
        return ReadRow(inbound, (), f"n'a pas pu être lu en {seconds}")


def _begun(job: Callable[[], None]) -> asyncio.Future[None]:
    """Run a job in a thread of its own, which keeps no process from ending."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell(error: BaseException | None) -> None:
        if ended.done():  # who waited has gone
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            job()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=run, name="read", daemon=True).start()
    return ended
