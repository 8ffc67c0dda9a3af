"""What the channels cost, each by itself: run ``python -m bench.channels`` (``--json``)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from bench import email_reading

PARTS: dict[str, Callable[[float], dict[str, float]]] = {"email": email_reading.measure}
"""One line a channel: what measures it, given the seconds that it may take for each rate."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with ``--json`` one line of all figures."""
    parser = argparse.ArgumentParser(prog="bench.channels", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line on stdout")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each rate")
    parser.add_argument("--only", choices=sorted(PARTS), help="one channel")
    given = parser.parse_args(arguments)
    wanted = [given.only] if given.only else list(PARTS)
    figures = {
        name: figure for part in wanted for name, figure in PARTS[part](given.seconds).items()
    }
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return 0
    table = Table("figure", "value")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
