"""Whole cases a second, from accept to queued deliveries, beside one durable insert a request.

Run ``python -m bench.cases`` (``--json`` for programs): both stores and their bounds in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from bench.bound import bound
from bench.databases import NoPostgreSQL, drop, folder_on_disk, fresh, postgresql
from bench.stopwatch import ORDER, Spent
from bench.way import CONFIG, Measured, measure, way

NOT_MEASURED = 1
_NAMES = {"sqlite": "SQLite (FULL)", "postgresql": "PostgreSQL (fsync)"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is run: messages a round, rounds at most, seconds for the rounds and the bound."""

    messages: int
    rounds: int
    seconds: float
    bound_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one store reached beside its bound."""

    measured: Measured
    bound_per_s: float

    @property
    def ratio(self) -> float:
        return self.measured.cases_per_s / self.bound_per_s

    def plain(self) -> dict[str, Any]:
        """Write the figures as data: rates a second, CPU and steps in milliseconds a case."""
        measured = self.measured
        return {
            "cases_per_s": round(measured.cases_per_s, 1),
            "cpu_ms_per_case": round(measured.cpu_ms_per_case, 3),
            "bound_per_s": round(self.bound_per_s, 1),
            "batch": measured.batch,
            "includes": list(measured.steps),
            "ratio": round(self.ratio, 3),
            "rounds": [round(one.cases / one.seconds, 1) for one in measured.rounds],
            "messages": sum(one.messages for one in measured.rounds),
            "cases": sum(one.cases for one in measured.rounds),
            "steps_cpu_ms": {name: round(ms.cpu, 4) for name, ms in measured.steps.items()},
            "steps_ms": {name: round(ms.clock, 4) for name, ms in measured.steps.items()},
        }


def figures(url: str, bound_url: str, folder: Path, sizes: Sizes, say: Say) -> Figures:
    """Measure one store and its bound, each on an empty database."""

    async def run() -> Figures:
        say("bare server, one durable insert a request")
        reached = await bound(bound_url, sizes.bound_s)
        say(f"bound {reached:.0f}/s; loading rules and territory")
        async with way(url, folder, CONFIG) as made:
            measured = await measure(made, sizes.messages, sizes.rounds, sizes.seconds, say)
        return Figures(measured, reached)

    return asyncio.run(run())


Say = Callable[[str], None]


def on_sqlite(folder: Path, sizes: Sizes, say: Say) -> Figures:
    url, beside = f"sqlite:///{folder / 'guichet.db'}", f"sqlite:///{folder / 'bound.db'}"
    return figures(url, beside, folder, sizes, say)


def on_postgresql(folder: Path, url: str, sizes: Sizes, say: Say) -> Figures:
    """Measure on a server that was named, in two databases of our own, or on one of our own.

    Raises:
        NoPostgreSQL: there is none.
    """
    with ExitStack() as stack:
        server = stack.enter_context(postgresql(folder / "server", url))
        urls = []
        for name in ("guichet_bench", "guichet_bench_bound"):
            urls.append(fresh(server, name))
            stack.callback(drop, server, name)
        return figures(urls[0], urls[1], folder, sizes, say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; returns the exit code, 1 when a half that was asked for is missing."""
    asked = _parsed(arguments)
    err = Console(stderr=True, highlight=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    sizes = Sizes(asked.messages, asked.rounds, asked.seconds, asked.bound_seconds)
    began = time.monotonic()
    results: dict[str, Figures | None] = {"sqlite": None, "postgresql": None}
    missing = False
    for name in results:
        if asked.only not in ("", name):
            continue

        def say(text: str, name: str = name) -> None:
            err.print(f"{time.monotonic() - began:5.1f} s  {name}: {text}", markup=False)

        with folder_on_disk() as folder:
            try:
                results[name] = (
                    on_sqlite(folder, sizes, say)
                    if name == "sqlite"
                    else on_postgresql(folder, asked.database_url, sizes, say)
                )
            except NoPostgreSQL as error:
                err.print(str(error), style="bold", markup=False)
                missing = True
    if asked.json:
        print(json.dumps({name: one and one.plain() for name, one in results.items()}))
    else:
        show(results)
    return NOT_MEASURED if missing else 0


def show(results: dict[str, Figures | None], console: Console | None = None) -> None:
    """Print the figures for people: the rates, then where the time goes."""
    console = console or Console()
    rates = Table("store", "cases/s", "CPU ms/case", "bare inserts/s", "ratio", "batch")
    for name, one in results.items():
        if one is not None:
            rates.add_row(
                _NAMES[name], f"{one.measured.cases_per_s:.0f}",
                f"{one.measured.cpu_ms_per_case:.2f}", f"{one.bound_per_s:.0f}",
                f"{one.ratio:.2f}", str(one.measured.batch),
            )  # fmt: skip
    console.print(rates)
    measured = {name: one.measured for name, one in results.items() if one is not None}
    steps = Table("step, alone", title="each step by itself: CPU ms a case, its share, clock ms")
    for name in measured:
        steps.add_column(name, justify="right")
    for step in ORDER:
        steps.add_row(step, *(_cell(one, one.steps[step]) for one in measured.values()))
    steps.add_section()
    steps.add_row("together", *(_cell(one, _whole(one)) for one in measured.values()))
    console.print(steps)


def _cell(measured: Measured, spent: Spent) -> str:
    return f"{spent.cpu:.3f} {spent.cpu / _whole(measured).cpu:4.0%}  {spent.clock:.3f}"


def _whole(measured: Measured) -> Spent:
    return sum(measured.steps.values(), Spent())


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cases", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last on stdout")
    parser.add_argument("--only", choices=("", "sqlite", "postgresql"), default="")
    parser.add_argument("--database-url", default="", help="a PostgreSQL instead of our own")
    parser.add_argument("--messages", type=int, default=600, help="messages a round")
    parser.add_argument("--rounds", type=int, default=9, help="rounds at most; the median counts")
    parser.add_argument("--seconds", type=float, default=6.0, help="begin no round after these")
    parser.add_argument("--bound-seconds", type=float, default=2.5, help="for the bare server")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
