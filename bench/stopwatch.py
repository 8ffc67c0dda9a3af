"""Times the steps of the router from outside, by standing in front of its ports."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from router.counting import Sought
from router.decision import Decision, Facts, Place
from router.directory import Counter
from router.events import InboundEvent
from router.message import Envelope, Message
from router.ports import Reads
from router.route import Router
from router.rule_ports import Reading, Rulebook, Rulebooks, Understanding, Understands
from router.store import RouteQueue
from router.work import Claim, Gathered, RouteClaim, Unit, Verdict, Wanted

STEPS = SimpleNamespace(
    open="wrap (the provider's form → envelope)",
    accept="accept (journal, group commit)",
    claim="claim (conversations, with their messages)",
    read="read (MIME, forms, updates → message)",
    gather="gather (what is known of them)",
    understand="understand (language, place, nature)",
    decide="decide (the shipped rules, with trace)",
    rest="thread, dispatch, word the replies",
    commit="commit (cases, events, deliveries, timers)",
)
"""The steps, in their order, as the report names them."""
ORDER: tuple[str, ...] = tuple(vars(STEPS).values())


@dataclass(frozen=True, slots=True)
class Spent:
    """Time on the clock, and CPU time of this process with all its threads."""

    clock: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.clock + other.clock, self.cpu + other.cpu)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.cpu - other.cpu)

    def __mul__(self, times: float) -> Spent:
        return Spent(self.clock * times, self.cpu * times)


def _now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())


@dataclass(slots=True)
class Stopwatch:
    """Seconds by step; a step within another one is not counted twice."""

    seconds: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _within: list[Spent] = field(default_factory=lambda: [Spent()])

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what runs inside for a step, less what inner steps take."""
        self._within.append(Spent())
        began = _now()
        try:
            yield
        finally:
            took = _now() - began
            self.seconds[name] += took - self._within.pop()
            self._within[-1] += took

    def apart(self) -> dict[str, Spent]:
        """Give the seconds of each step, in the order of the way."""
        return {name: self.seconds[name] for name in ORDER}


def timed(router: Router, watch: Stopwatch) -> Router:
    """Give the same router with every port behind a watch; only one batch may run at a time."""
    return replace(
        router,
        store=_TimedQueue(router.store, watch),
        readers={key: _TimedReader(reader, watch) for key, reader in router.readers.items()},
        rulebooks=_TimedRulebooks(router.rulebooks, watch),
        understands=_TimedUnderstanding(router.understands, watch),
    )


@dataclass(frozen=True, slots=True)
class _TimedQueue:
    queue: RouteQueue
    watch: Stopwatch

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        with self.watch.step(STEPS.claim):
            return await self.queue.claim_routes(limit, lease_s, now)

    async def gather(self, wanted: Wanted) -> Gathered:
        with self.watch.step(STEPS.gather):
            return await self.queue.gather(wanted)

    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        with self.watch.step(STEPS.gather):
            return await self.queue.count_cases(sought)

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        with self.watch.step(STEPS.commit):
            return await self.queue.commit(units, now)

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        await self.queue.release(claims, due, failed=failed)

    async def next_due(self, role: str) -> datetime | None:
        return await self.queue.next_due(role)


@dataclass(frozen=True, slots=True)
class _TimedReader:
    reader: Reads
    watch: Stopwatch

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        with self.watch.step(STEPS.read):
            return self.reader.receive(envelope)


@dataclass(frozen=True, slots=True)
class _TimedUnderstanding:
    understands: Understands
    watch: Stopwatch

    def understand(self, message: Message, counter: Counter | None) -> Understanding:
        with self.watch.step(STEPS.understand):
            return self.understands.understand(message, counter)

    def place(self, message: Message, counter: Counter | None) -> Place:
        with self.watch.step(STEPS.understand):
            return self.understands.place(message, counter)


@dataclass(frozen=True, slots=True)
class _TimedRulebooks:
    rulebooks: Rulebooks
    watch: Stopwatch

    def current(self) -> Rulebook:
        return cast(Rulebook, _TimedRulebook(self.rulebooks.current(), self.watch))


@dataclass(frozen=True, slots=True)
class _TimedRulebook:
    """Everything of a rule book, its decisions timed."""

    rulebook: Rulebook
    watch: Stopwatch

    def read(self, facts: Facts) -> Reading:
        with self.watch.step(STEPS.decide):
            return self.rulebook.read(facts)

    def decide(self, facts: Facts, reading: Reading | None = None) -> Decision:
        with self.watch.step(STEPS.decide):
            return self.rulebook.decide(facts, reading)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rulebook, name)
