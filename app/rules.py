"""`guichet rules`: check, test and explain the YAML that supervisors write."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    FAILED,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    err,
    out,
    print_json,
    speaking,
)

cli = typer.Typer(no_args_is_help=True, help="The rules in YAML: check, test, explain.")
Folder = Annotated[Path, typer.Argument(help="Folder of the YAML.")]
