"""Lets writes that wait at one moment share one transaction of SQLite, and so one sync of the disk."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")

MOST_TOGETHER = 32
_LONGEST_S = 0.02
"""Of a transaction that others may still join: who came first waits for them too."""


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    """What a caller wants written, and where he waits for it; done there: he gave up."""

    tx: Callable[[Connection], Any]
    ended: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    write: _Write
    result: Any = None
    error: BaseException | None = None


class SharedCommits:
    """Runs writes one after the other in the one thread that writes; each stands by itself.

    A write hears of its end only once it is committed. Where one of several fails, all are rolled
    back and run again, each in a transaction of its own: so a write must be one that can be run
    again, as on PostgreSQL after a deadlock.
    """

    def __init__(self, thread: ThreadPoolExecutor, engine: Callable[[], Engine]) -> None:
        """Write by ``thread``, which has no other; ``engine`` raises where the store is not open."""
        self._thread = thread
        self._engine = engine
        self._waiting: deque[_Write] = deque()

    async def run(self, tx: Callable[[Connection], T]) -> T:
        """Wait until ``tx`` is committed; where the caller gives up before it began, it never does.

        Raises:
            RuntimeError: the thread was shut down.
        """
        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(tx, ended))
        self._thread.submit(self._commit)  # one for each: those that find nothing return at once
        return await ended

    # --- in the thread ---------------------------------------------------------------------------

    def _commit(self) -> None:
        first = self._next()
        if first is None:
            return
        begun, whole = [first], False
        try:
            with self._engine().begin() as connection:
                results = self._results(connection, begun)
                whole = True
        except BaseException as error:  # told to who waits, as any thread pool does
            if whole or len(begun) == 1:  # where the commit fails, it fails for all
                _tell([_Outcome(write, error=error) for write in begun])
            else:
                _tell([self._alone(write) for write in begun if not write.ended.done()])
        else:
            _tell([_Outcome(*each) for each in zip(begun, results, strict=True)])

    def _results(self, connection: Connection, begun: list[_Write]) -> list[Any]:
        """Run the first write and those that wait behind it; each is added to ``begun``."""
        end = time.monotonic() + _LONGEST_S
        results = [begun[0].tx(connection)]
        while len(begun) < MOST_TOGETHER and time.monotonic() < end:
            following = self._next()
            if following is None:
                break
            begun.append(following)
            results.append(following.tx(connection))
        return results

    def _next(self) -> _Write | None:
        while self._waiting:
            write = self._waiting.popleft()
            if not write.ended.done():
                return write
        return None

    def _alone(self, write: _Write) -> _Outcome:
        try:
            with self._engine().begin() as connection:
                result = write.tx(connection)
        except BaseException as error:
            return _Outcome(write, error=error)
        return _Outcome(write, result)


def _tell(outcomes: Sequence[_Outcome]) -> None:
    """Wake each event loop once for all of its callers."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome.write.ended.get_loop()].append(outcome)
    for loop, some in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(_end, some)


def _end(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        ended = outcome.write.ended
        if ended.done():  # who waited has gone
            continue
        if outcome.error is None:
            ended.set_result(outcome.result)
        else:
            ended.set_exception(outcome.error)
