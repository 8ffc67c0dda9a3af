"""The whole way of a message through the product, measured: rates, CPU, and time by step."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.running.server import ROUTE_LOOPS
from app.running.wiring import Product, build
from app.settings import Settings
from app.system import SystemIds
from bench.mail_bag import Raw, messages
from bench.stopwatch import STEPS, Spent, Stopwatch, timed
from router.archive import Action, CaseFilter
from router.message import Envelope
from router.route import Router
from router.work import Inbound
from router.worked import Worked
from storage.engine import open_store

CONFIG = Path(__file__).parent.parent / "config"
PRODUCERS = 64
_ROOM = 4
"""Batches that may be accepted and not yet routed: the producers wait for room, as providers do
when they are told 503."""
_OPENED = (Action.CREATE, Action.ASK, Action.EMERGENCY, Action.REDIRECT)
_CHANNELS: dict[str, dict[str, Any]] = {
    "email": {},
    "sms": {"account_sid": "AC0", "auth_token": "bench"},
    "telegram": {"token": "1:bench"},
    "x": {"user_id": "1"},
    "web": {},
}


class BenchFailed(Exception):
    """What was measured is not what the bench says it measures."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what came of its messages, its seconds, and CPU seconds of this process."""

    actions: Mapping[Action, int]
    seconds: float
    cpu_s: float

    @property
    def messages(self) -> int:
        return sum(self.actions.values())

    @property
    def cases(self) -> int:
        return sum(self.actions.get(action, 0) for action in _OPENED)


@dataclass(frozen=True, slots=True)
class Measured:
    """The rounds of one store, and the milliseconds a case of each step worked alone."""

    rounds: tuple[Round, ...]
    steps: Mapping[str, Spent]
    batch: int

    @property
    def cases_per_s(self) -> float:
        """The median round's rate of cases opened; the sequels of known cases ride along."""
        return statistics.median(one.cases / one.seconds for one in self.rounds)

    @property
    def cpu_ms_per_case(self) -> float:
        """The median round's CPU of this process, all of its threads and the producers included."""
        return statistics.median(1000 * one.cpu_s / one.cases for one in self.rounds)


@dataclass(slots=True)
class Way:
    """A product on one store, with its channels."""

    product: Product
    router: Router
    seen: Counter[Action] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def observe(self, inbound: Inbound, worked: Worked) -> None:
        self.seen[worked.action] += 1

    def report(self, where: str, error: Exception) -> None:
        self.failures.append(f"{where}: {type(error).__name__}: {error}")


@asynccontextmanager
async def way(
    url: str,
    folder: Path,
    config: Path = CONFIG,
    channels: Mapping[str, dict[str, Any]] = _CHANNELS,
) -> AsyncIterator[Way]:
    """Open a store and wire the product on it, as `guichet serve` does, without its servers."""
    # not load_settings: what this machine's operator has set must not change what is measured
    settings = Settings.model_construct(
        data=folder,
        config=config,
        database_url=url,
        secret=SecretStr("bench"),
        channels=dict(channels),
    )
    store = open_store(url, ids=SystemIds(), blobs=folder / "blobs")
    await store.open()
    try:
        product = await build(settings, store, with_inactive=True)
        made = Way(product, product.router)
        made.router = replace(product.router, observe=made.observe, report=made.report)
        product.rulebooks.settle()
        yield made
    finally:
        await store.close()


async def measure(
    made: Way, count: int, rounds: int, seconds: float, progress: Callable[[str], None]
) -> Measured:
    """Work ``rounds`` rounds of ``count`` messages, or as many as begin within ``seconds``."""
    await serve(made, list(messages(max(32, count // 4), seed=1)))  # warm: caches, statements
    done: list[Round] = []
    began = time.monotonic()
    for number in range(rounds):
        if done and time.monotonic() - began > seconds:
            break
        waiting = list(messages(count, seed=2 + number))
        done.append(await serve(made, waiting))
        progress(f"round {number + 1}: {done[-1].cases / done[-1].seconds:.0f} cases/s")
    steps = await by_step(made, list(messages(count, seed=1000)))
    await _check(made)
    return Measured(tuple(done), steps, made.router.batch)


async def serve(made: Way, waiting: Sequence[Raw]) -> Round:
    """Let many producers hand over messages while the router works them, until all are done.

    The router has as many loops as in `guichet serve`.

    Raises:
        BenchFailed: a message was not worked as it should.
    """
    router, room = made.router, asyncio.Semaphore(made.router.batch * _ROOM)
    queue, left = iter(waiting), len(waiting)
    arrived = asyncio.Event()
    made.seen.clear()

    async def produce() -> None:
        for raw in queue:
            await room.acquire()
            await made.product.store.accept(opened(made.product, raw))
            arrived.set()

    async def route() -> None:
        nonlocal left
        while left:
            worked = await router.run_once()
            left -= worked
            for _ in range(worked):
                room.release()
            if not worked:
                arrived.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(arrived.wait(), 0.01)

    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PRODUCERS):
            tasks.create_task(produce())
        for _ in range(ROUTE_LOOPS):
            tasks.create_task(route())
    took, used = time.perf_counter() - began, time.process_time() - cpu
    return Round(_checked(made, len(waiting)), took, used)


async def by_step(made: Way, waiting: Sequence[Raw]) -> dict[str, Spent]:
    """Work messages with nothing beside it, step after step; gives milliseconds a case of each."""
    watch = Stopwatch()
    router = timed(made.router, watch)
    made.seen.clear()
    with watch.step(STEPS.open):
        envelopes = [envelope for raw in waiting for envelope in opened(made.product, raw)]
    with watch.step(STEPS.accept):
        for batch in _batches(envelopes, 256):
            await asyncio.gather(*(made.product.store.accept([one]) for one in batch))
    with watch.step(STEPS.rest):
        while await router.run_once():
            pass
    cases = Round(_checked(made, len(waiting)), 1.0, 1.0).cases
    return {step: spent * (1000 / cases) for step, spent in watch.apart().items()}


def opened(product: Product, raw: Raw) -> Sequence[Envelope]:
    """Wrap a raw message for the journal, as its channel does when it comes in."""
    channel: Any = product.channels[(raw.channel, raw.account)]
    at = product.clock.now()
    if raw.channel == "email":
        return (channel.envelope(raw.payload, at, raw.account),)
    envelopes: Sequence[Envelope] = channel.open_raw(raw.payload, at)
    return envelopes


def _batches(envelopes: Sequence[Envelope], size: int) -> Iterable[Sequence[Envelope]]:
    for start in range(0, len(envelopes), size):
        yield envelopes[start : start + size]


def _checked(made: Way, count: int) -> dict[Action, int]:
    """Hold the round to its word: every message worked once, none failed, none unread."""
    if made.failures:
        raise BenchFailed(f"the router reported {made.failures[0]}")
    actions = dict(made.seen)
    if sum(actions.values()) != count or actions.get(Action.QUARANTINE):
        raise BenchFailed(f"of {count} messages came {actions}")
    return actions


async def _check(made: Way) -> None:
    """Look into the store: the newest case must have its events and its queued deliveries."""
    store = made.product.store
    cases = await store.cases(CaseFilter(limit=20))
    for case in cases:
        if not await store.events(case.id) or not await store.deliveries(case.parent or case.id):
            raise BenchFailed(f"case {case.id} has no events or no deliveries")
    if not cases:
        raise BenchFailed("no case was opened")
