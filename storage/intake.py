"""Group commit: all envelopes that wait at one moment share one transaction.

One committer runs while the store is open. While many come, a commit waits a moment for more of
them, as PostgreSQL's ``commit_delay`` does. Callers that gave up are skipped; data that the database
refuses are looked for by halves; an error of the connection, a lock or the disk fails the whole
batch at once. Accounts are served in turn, so that a backlog of mail never delays a webhook.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from router.errors import InvalidInput, StoreUnavailable
from router.message import Envelope
from router.ports import Ids
from router.work import ROUTE, Accepted, CursorWrite
from storage.blobs import INLINE, Blobs, new_name
from storage.database import PATIENCE_S, Database
from storage.failures import DataRefused
from storage.journal import Entry, Outcome, Request, accept, accept_piecewise

MOST_IN_BATCH = 256
SIBLINGS = 5
"""Callers that wait already where a commit is put off: more join it than are made to wait."""
DELAY_S = 0.002
MOST_WAITING = 10_000
"""Envelopes of one account that may wait; more are refused at once."""
_FULL = "too many messages of this account wait already"
_SILENT = "the store did not answer in time"


@dataclass(frozen=True, slots=True)
class Waiter:
    """A caller of accept and what it waits for."""

    request: Request
    result: asyncio.Future[Sequence[Accepted]]


class Queue:
    """Callers by account, served one account after the other."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, deque[Waiter]] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._some = asyncio.Event()

    @property
    def callers(self) -> int:
        return sum(map(len, self._accounts.values()))

    def put(self, account: str, waiter: Waiter) -> None:
        size = max(1, len(waiter.request.entries))
        waiting = self._sizes.get(account, 0)
        if waiting and waiting + size > MOST_WAITING:
            raise StoreUnavailable(_FULL)
        self._accounts.setdefault(account, deque()).append(waiter)
        self._sizes[account] = waiting + size
        self._some.set()

    async def take(self) -> list[Waiter]:
        """Wait for callers and take as many as fit in a batch, at least one."""
        await self._some.wait()
        batch: list[Waiter] = []
        room = MOST_IN_BATCH
        while self._accounts and room > 0:
            account, waiters = self._accounts.popitem(last=False)
            waiter = waiters.popleft()
            size = max(1, len(waiter.request.entries))
            if batch and size > room:
                waiters.appendleft(waiter)
                self._accounts[account] = waiters
                # first in the next batch: or the small ones of others would overtake it for ever
                self._accounts.move_to_end(account, last=False)
                break
            self._forget(account, waiters, size)
            if not waiter.result.done():
                batch.append(waiter)
                room -= size
        if not self._accounts:
            self._some.clear()
        return batch

    def _forget(self, account: str, waiters: deque[Waiter], size: int) -> None:
        self._sizes[account] -= size
        if waiters:
            self._accounts[account] = waiters  # at the end: the others come first
        else:
            del self._sizes[account]

    def drain(self) -> list[Waiter]:
        left = [waiter for waiters in self._accounts.values() for waiter in waiters]
        self._accounts.clear()
        self._sizes.clear()
        return left


class GroupCommit:
    """The door of the journal."""

    def __init__(
        self,
        database: Database,
        cell: str,
        ids: Ids,
        blobs: Blobs | None,
        wake: Callable[[str], None],
    ) -> None:
        self._database = database
        self._cell = cell
        self._ids = ids
        self._blobs = blobs
        self._wake = wake
        self._queue = Queue()
        self._committer: asyncio.Task[None] | None = None

    def open(self) -> None:
        # a task of its own: the store outlives whoever opened it; close() ends and awaits it
        self._committer = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
        self._committer = None
        _fail_all(self._queue.drain(), StoreUnavailable("the store is closed"))

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        if self._committer is None:
            raise StoreUnavailable("the store is not open")
        if self._committer.done():  # somebody ended it who should not have
            self.open()
        if not envelopes and cursor is None:
            return ()
        result: asyncio.Future[Sequence[Accepted]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE_S):
                entries = tuple([await self._entry(envelope) for envelope in envelopes])
                self._queue.put(
                    _account(envelopes, cursor), Waiter(Request(entries, cursor), result)
                )
                return await result
        except OSError as error:  # TimeoutError is one too
            raise StoreUnavailable(_SILENT) from error

    async def _entry(self, envelope: Envelope) -> Entry:
        entry_id = self._ids.next()
        if len(envelope.payload) <= INLINE:
            return Entry(entry_id, envelope)
        if self._blobs is None:
            return Entry(entry_id, envelope, new_name(), in_table=True)
        return Entry(entry_id, envelope, await asyncio.to_thread(self._blobs.put, envelope.payload))

    async def _run(self) -> None:
        while True:
            if self._queue.callers >= SIBLINGS:
                await asyncio.sleep(DELAY_S)
            batch = await self._queue.take()
            if not batch:
                continue
            try:
                await self._commit(batch)
            except StoreUnavailable as error:
                _fail_all(batch, error)
            except BaseException as error:  # also when cancelled: nobody may wait for ever
                failed = StoreUnavailable(f"accepting failed ({type(error).__name__})")
                failed.__cause__ = error
                _fail_all(batch, failed)
                if not isinstance(error, Exception):
                    raise

    async def _commit(self, batch: list[Waiter]) -> None:
        """Commit a batch; what the database refuses is found by halves.

        Raises:
            StoreUnavailable: of those who were not told yet, nobody was accepted for sure.
        """
        try:
            outcomes = await self._database.write(
                partial(accept, cell=self._cell, requests=[waiter.request for waiter in batch])
            )
        except DataRefused:
            if len(batch) == 1:
                await self._commit_piecewise(batch[0])
            else:
                middle = len(batch) // 2
                await self._commit(batch[:middle])
                await self._commit(batch[middle:])
        else:
            self._tell(batch, outcomes)

    async def _commit_piecewise(self, waiter: Waiter) -> None:
        try:
            outcomes = await self._database.write(
                partial(accept_piecewise, cell=self._cell, request=waiter.request)
            )
        except DataRefused as error:
            _fail(waiter, InvalidInput(str(error)))
        else:
            self._tell([waiter], outcomes)

    def _tell(self, batch: list[Waiter], outcomes: Sequence[Outcome]) -> None:
        new = False
        for waiter, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                _fail(waiter, outcome)
                continue
            new = new or any(accepted.new for accepted in outcome)
            if not waiter.result.done():
                waiter.result.set_result(outcome)
        if new:
            self._wake(ROUTE)


def _account(envelopes: Sequence[Envelope], cursor: CursorWrite | None) -> str:
    if envelopes:
        return f"{envelopes[0].channel}|{envelopes[0].account}"
    return cursor.poller if cursor else ""


def _fail(waiter: Waiter, error: Exception) -> None:
    if not waiter.result.done():
        waiter.result.set_exception(error)


def _fail_all(waiters: Sequence[Waiter], error: Exception) -> None:
    for waiter in waiters:
        _fail(waiter, error)
