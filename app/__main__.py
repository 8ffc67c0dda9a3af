"""The command line `guichet`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

_COMMANDS = {
    "demo": ("app.play", "demo"),
    "serve": ("app.serve", "serve"),
    "try": ("app.trying.command", "try_"),
    "doctor": ("app.doctor", "doctor"),
    "rules": ("app.rules.commands", "cli"),
    "services": ("app.services", "cli"),
    "cases": ("app.cases", "cli"),
    "outbox": ("app.outbox", "cli"),
    "desk": ("app.desk.commands", "cli"),
    "cells": ("app.cells", "cli"),
    "ledger": ("app.ledger", "ledger"),
    "db": ("app.database", "cli"),
}
"""One line a command, or a family of them: its name, and where it stands."""


class Commands(TyperGroup):
    """Imports a command when it is asked for: the web server and the vendors' libraries, which only
    some commands need, take seconds to import."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return command(cmd_name) if cmd_name in _COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = dict.fromkeys(_COMMANDS, TyperCommand(None))  # to propose near names
        return super().resolve_command(ctx, args)


def command(name: str) -> Any:
    """Import one command of the table."""
    module, attribute = _COMMANDS[name]
    found: Any = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        family = get_group(found)
        family.name = name
        return family
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return get_command(alone)


cli = typer.Typer(
    name="guichet",
    cls=Commands,
    help="One counter for several cities: every message becomes a case and finds its service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cli.callback()
def _guichet() -> None:
    """One counter for several cities: every message becomes a case and finds its service."""


def main() -> None:
    """Run the command line."""
    # hardly anything that a command makes is given up before its end
    gc.set_threshold(50_000, 20, 50)
    code = 0
    try:
        cli()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # all is closed; taking the interpreter's thousands of objects apart would only cost seconds
    os._exit(code)


if __name__ == "__main__":
    main()
