"""Runs the product: the loops of each role, the web server, and an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
import uvicorn

from app.running.outages import Outages
from app.running.photos import PhotoFolder
from app.running.preparing import prepare
from app.running.stranded import stranded
from app.running.upkeep import Upkeep
from app.running.watch import Watch
from app.running.wiring import Product
from router.errors import StoreUnavailable
from router.outbox import Courier
from router.polling import Poller
from router.ports import Clock, Listens
from router.work import ROUTE, TIMER

ROLES = ("gateway", "router", "courier", "clock", "web")
ROUTE_LOOPS = 2
"""While one batch waits for the database, the next one is read and decided."""
_POLL_S = 1.0  # beside every wake-up there is a slow poll
_STOP_S = 2.0  # what is being sent may end; then it is cut
_STORE_WAIT_S = 1.0
_UPKEEP_LOOK_S = 600.0  # whether a day has passed
_CANCEL_AGAIN_S = 0.5

log = structlog.get_logger("guichet")


@dataclass(slots=True)
class Loop:
    """Repeats one piece of work: at once while there is some, else when woken or due."""

    name: str
    run_once: Callable[[], Awaitable[int]]
    next_due: Callable[[], Awaitable[datetime | None]]
    clock: Clock
    outages: Outages
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; a store that is down is waited for."""
        while not stop.is_set():
            self.wake.clear()
            try:
                done = await self.run_once()
                self.outages.well(self.name)
                if done == 0:
                    await self._rest()
            except StoreUnavailable as error:
                self.outages.failed(self.name, error)
                await asyncio.sleep(_STORE_WAIT_S)

    async def _rest(self) -> None:
        due = await self.next_due()
        pause = _POLL_S
        if due is not None:
            pause = min(_POLL_S, max(0.005, (due - self.clock.now()).total_seconds()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self.wake.wait()


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: `asyncio.wait_for` before Python 3.12, which provider libraries use, swallows
    a cancellation that meets a result (https://github.com/python/cpython/issues/86296).
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)


@dataclass(slots=True)
class Server:
    """One process of the product."""

    product: Product
    roles: Sequence[str] = ROLES
    host: str = "127.0.0.1"
    port: int = 8000
    sockets: list[socket.socket] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Serve until ``stop`` is set or a signal comes; then end in under five seconds."""
        watch = self._watch()
        loops = self._loops(watch)
        product = self.product
        product.rulebooks.settle()
        if "router" in self.roles:
            prepare(product.router.understands)
        wakes: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        for loop in loops:
            wakes[loop.name].append(loop.wake)
        asyncio_loop = asyncio.get_running_loop()

        def wake(role: str) -> None:
            for event in wakes.get(role, ()):
                asyncio_loop.call_soon_threadsafe(event.set)

        product.store.on_work(wake)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(loop.run(self.stop)) for loop in loops]
            background = [tasks.create_task(work) for work in self._background(watch)]
            http = self._http()
            if http is not None:
                running.append(tasks.create_task(self._serve_http(http)))
            self.started.set()
            await self.stop.wait()
            ending = tasks.create_task(cancelled(background))
            if http is not None:
                http.should_exit = True
            _, late = await asyncio.wait(running, timeout=_STOP_S) if running else (set(), set())
            await cancelled(late)
            await ending

    def on_signals(self) -> None:
        """Stop in order on SIGTERM and Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop.set)

    # --- what runs -------------------------------------------------------------------------------

    def _watch(self) -> Watch:
        """Watch the channels, and where we send also what waits for one that is not connected."""
        product = self.product

        async def lost() -> dict[tuple[str, str], str]:
            found = await stranded(product.store, product.sends)
            return {(one.channel, one.account): one.sentence for one in found}

        sends = "courier" in self.roles
        return Watch(
            product.channels, product.troubles, product.clock, lost if sends else None,
            product.outages,
        )  # fmt: skip

    def _loops(self, watch: Watch) -> list[Loop]:
        product = self.product
        loops: list[Loop] = []
        if "router" in self.roles:
            loops.extend(self._loop(ROUTE, product.router.run_once) for _ in range(ROUTE_LOOPS))
        if "clock" in self.roles:
            loops.append(self._loop(TIMER, product.clockwork.run_once))
        if "courier" in self.roles:
            loops.extend(
                self._loop(role, self._courier(role, watch).run_once) for role in product.senders
            )
        return loops

    def _loop(self, name: str, run_once: Callable[[], Awaitable[int]]) -> Loop:
        async def next_due() -> datetime | None:
            return await self.product.store.next_due(name)

        return Loop(name, run_once, next_due, self.product.clock, self.product.outages)

    def _courier(self, role: str, watch: Watch) -> Courier:
        product = self.product
        return Courier(
            role, product.senders[role], product.store, product.clock, product.ids,
            told=watch.sending(role), gave_up=watch.giving_up(role),
        )  # fmt: skip

    def _background(self, watch: Watch) -> list[Coroutine[Any, Any, None]]:
        product = self.product
        works: list[Coroutine[Any, Any, None]] = [self._follow_rules()]
        if "clock" in self.roles:
            works.append(self._keep_up())
        if {"gateway", "router", "courier"} & set(self.roles):
            works.append(watch.run())
        if "gateway" in self.roles:
            polled = map(watch.polled, product.pollers)
            works.extend(
                Poller(channel, product.store, product.store, product.clock, self._report).run()
                for channel in polled
            )
            works.extend(self._listen(channel) for channel in product.listeners)
        return works

    async def _follow_rules(self) -> None:
        while True:
            try:
                await self.product.rulebooks.follow()
            except StoreUnavailable as error:
                self.product.outages.failed("rules", error)

    async def _keep_up(self) -> None:
        product = self.product
        upkeep = Upkeep(product.store, product.clock, PhotoFolder(product.settings.data / "photos"))
        while True:
            try:
                await upkeep.run_once()
            except StoreUnavailable as error:
                self.product.outages.failed("upkeep", error)
            await asyncio.sleep(_UPKEEP_LOOK_S)

    async def _listen(self, channel: Listens) -> None:
        await channel.listen(self.product.accept)

    def _http(self) -> uvicorn.Server | None:
        if not {"gateway", "web"} & set(self.roles):
            return None
        config = uvicorn.Config(
            self.product.web,
            host=self.host,
            port=self.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            server_header=False,
            lifespan="off",
        )
        return uvicorn.Server(config)

    def _report(self, name: str, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            self.product.outages.failed(f"poll {name}", error)
        else:
            log.warning("poll failed", poller=name, error=f"{type(error).__name__}: {error}")

    async def _serve_http(self, server: uvicorn.Server) -> None:
        await server._serve(self.sockets)
