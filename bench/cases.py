"""Whole cases a second, from accept to queued deliveries, beside one durable insert a request.

Run ``python -m bench.cases`` (``--json`` for programs). Both sides serve the same number of
producers in the same process and the same run; trust the ratio, not the absolute numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

from app.live import LiveRulebooks
from app.offline import offline_channels
from app.system import SystemClock, SystemIds
from bench.postgresql import server
from router.message import Envelope
from router.policy import Policy
from router.ports import Store
from router.route import Router
from router.tokens import Signer
from storage.engine import open_store
from understanding.reader import Reader

PRODUCERS = 64
BATCH = 128
STEPS = (
    "accept (durable, group commit)",
    "claim",
    "read (Twilio form)",
    "gather",
    "understand (language, place, nature)",
    "decide (shipped rules, full trace)",
    "dispatch (case, events, deliveries, timer; one transaction a batch)",
)
CONFIG = Path(__file__).parent.parent / "config"
TEXTS = (
    "Le lampadaire devant le 12 rue de la Poterie à Rezé est éteint depuis lundi.",
    "slt les poubelles debordent place viarme depuis samedi",
    "Le bar en bas de chez moi met la musique trop fort chaque vendredi, rue Scribe",
    "Hello, there is a water leak on the pavement, rue Paul Bellamy",
    "Le trottoir est défoncé devant le 7 rue du Général Buat, ma mère est tombée hier.",
    "Un banc est cassé au parc de Procé",
    "camionette garée sur la piste cyclable tous les matins rue de Strasbourg",
    "La bouche d'égout déborde à chaque pluie, rue des Alouettes à Orvault",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one store reached; rates are per second, CPU in milliseconds of this process."""

    cases_per_s: float
    cpu_ms_per_case: float
    bound_per_s: float
    ratio: float
    batch: int
    cases: int
    includes: Sequence[str] = STEPS


def envelopes(count: int, clock: SystemClock) -> list[Envelope]:
    """Make inbound SMS of as many different people, as Twilio posts them."""
    from channels.sms import open_form

    made = []
    for number in range(count):
        form = {
            "MessageSid": f"SM{number:032x}",
            "From": f"+336{number:08d}",
            "To": "+33756000044",
            "Body": TEXTS[number % len(TEXTS)],
            "NumMedia": "0",
        }
        made.extend(open_form(urlencode(form).encode(), clock.now()))
    return made


async def measure(store: Store, count: int) -> tuple[float, float]:
    """Serve ``count`` messages; returns cases per second and CPU milliseconds per case."""
    clock, ids = SystemClock(), SystemIds()
    signer = Signer({"b": b"bench"}, "b")
    rulebooks = LiveRulebooks(store, clock)
    rulebook = await rulebooks.start(CONFIG)
    channels = offline_channels(rulebook.directory.counters(), signer)
    router = Router(
        store=store,
        readers={key: channel.reader for key, channel in channels.items()},
        rulebooks=rulebooks,
        understands=Reader(rulebook.geography, default_language="fr"),
        clock=clock,
        ids=ids,
        signer=signer,
        policy=Policy(ways={"email": ("partner_email", "guichet@nantes.example")}),
        report=_fail,
        batch=BATCH,
    )
    await _serve(store, router, envelopes(BATCH, clock)[: BATCH // 2])  # warm-up
    waiting = envelopes(count + BATCH, clock)[BATCH:]
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    await _serve(store, router, waiting)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    return count / took, 1000 * used / count


async def _serve(store: Store, router: Router, waiting: list[Envelope]) -> None:
    queue, left = iter(waiting), len(waiting)

    async def produce() -> None:
        for envelope in queue:
            await store.accept([envelope])

    async def route() -> None:
        nonlocal left
        while left:
            routed = await router.run_once()
            left -= routed
            if not routed:
                await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(PRODUCERS):
            tasks.create_task(produce())
        tasks.create_task(route())


def _fail(where: str, error: Exception) -> None:
    raise error


# --- the bound ------------------------------------------------------------------------------------


async def rate_of(insert: Callable[[int], Awaitable[None]], count: int) -> float:
    """Let the producers make ``count`` durable inserts, one a request; returns the rate."""
    numbers = iter(range(count))

    async def produce() -> None:
        for number in numbers:
            await insert(number)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PRODUCERS):
            tasks.create_task(produce())
    return count / (time.perf_counter() - began)


async def sqlite_bound(folder: Path, count: int) -> float:
    """One writer thread, ``synchronous=FULL``, a commit for every request."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as writer:

        def connect() -> sqlite3.Connection:
            database = sqlite3.connect(folder / "bound.sqlite", isolation_level=None)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("CREATE TABLE inbound (id INTEGER PRIMARY KEY, payload BLOB)")
            return database

        database = await loop.run_in_executor(writer, connect)
        payload = b"x" * 200

        async def insert(number: int) -> None:
            await loop.run_in_executor(
                writer, database.execute, "INSERT INTO inbound VALUES (?, ?)", (number, payload)
            )

        rate = await rate_of(insert, count)
        await loop.run_in_executor(writer, database.close)
    return rate


async def postgresql_bound(url: str, count: int) -> float:
    """A pool of eight connections, a commit for every request."""
    pool = await asyncpg.create_pool(url, min_size=8, max_size=8)
    async with pool:
        await pool.execute("CREATE TABLE bound (id bigint PRIMARY KEY, payload bytea)")
        payload = b"x" * 200

        async def insert(number: int) -> None:
            await pool.execute("INSERT INTO bound VALUES ($1, $2)", number, payload)

        rate = await rate_of(insert, count)
        await pool.execute("DROP TABLE bound")
    return rate


# --- both stores ----------------------------------------------------------------------------------


async def on_sqlite(count: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as name:
        folder = Path(name)
        bound = await sqlite_bound(folder, count)
        return await _figures(f"sqlite:///{folder / 'guichet.sqlite'}", folder, bound, count)


async def on_postgresql(url: str, count: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as name:
        bound = await postgresql_bound(url, count)
        return await _figures(url, Path(name), bound, count)


async def _figures(url: str, folder: Path, bound: float, count: int) -> Figures:
    store = open_store(url, ids=SystemIds(), blobs=folder / "blobs")
    await store.open()
    try:
        rate, cpu = await measure(store, count)
    finally:
        await store.close()
    return Figures(
        round(rate, 1), round(cpu, 3), round(bound, 1), round(rate / bound, 3), BATCH, count
    )


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--cases", type=int, default=4000, help="how many on each store")
    options = parser.parse_args()
    results: dict[str, Figures] = {"sqlite": asyncio.run(on_sqlite(options.cases))}
    with closing(server()) as postgres:
        results["postgresql"] = asyncio.run(on_postgresql(postgres.url, options.cases))
    if options.json:
        sys.stdout.write(json.dumps({name: asdict(f) for name, f in results.items()}) + "\n")
        return
    for name, figures in results.items():
        print(
            f"{name:<11} {figures.cases_per_s:8.0f} cases/s  {figures.cpu_ms_per_case:6.2f} ms CPU"
            f" a case  bound {figures.bound_per_s:8.0f}/s  ratio {figures.ratio:.2f}"
        )


if __name__ == "__main__":
    main()
