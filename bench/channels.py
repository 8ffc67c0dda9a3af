"""What the channels cost, each by itself: run ``python -m bench.channels`` (``--json``)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from bench import email_reading, limit, mail_way, webhooks

Measure = Callable[[float], Mapping[str, Any]]
PARTS: dict[str, Measure] = {
    "email": email_reading.measure,
    "mailbox": lambda seconds: mail_way.measure(int(100 * seconds)),
    "webhook": webhooks.measure,
    "limit": limit.measure,
}
"""One line a channel: what measures it, given the seconds that it may take for each rate."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with ``--json`` one line of all figures."""
    parser = argparse.ArgumentParser(prog="bench.channels", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line on stdout")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each rate")
    parser.add_argument("--only", choices=sorted(PARTS), help="one channel")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    wanted = [given.only] if given.only else list(PARTS)
    figures: dict[str, Any] = {}
    for part in wanted:
        figures |= PARTS[part](given.seconds)
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return 0
    Console().print(_table(figures))
    return 0


def _table(figures: Mapping[str, Any]) -> Table:
    table = Table("figure", "value")
    for name, figure in figures.items():
        inside = figure.items() if isinstance(figure, Mapping) else ((None, figure),)
        for part, value in inside:
            table.add_row(f"{name}.{part}" if part else name, _written(value))
    return table


def _written(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
