"""How commands speak: one plain sentence for an error, the right exit code, JSON where asked."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from app.folding import folded
from app.rulebook import BadConfiguration
from app.settings_file import settings_file
from app.store_told import trouble_of
from app.variables import check_variables
from router.errors import GuichetError, StoreUnavailable
from rules.problems import Problem

OK, FAILED, BAD_INPUT, UNAVAILABLE = 0, 1, 2, 3
INTERRUPTED = 130  # what shells say of Ctrl-C

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

DEFAULT_DATA = Path("var")
DEFAULT_CONFIG = Path("config")
SHIPPED = (Path(__file__).parent / "example_config", Path(__file__).parent.parent / "config")
"""The example that came with Guichet: as it is installed, and in its own folder."""


@contextmanager
def speaking(*, as_json: bool = False) -> Iterator[None]:
    """Turn our own errors into one sentence and an exit code; others are defects and are shown.

    With ``as_json`` the sentence is the ``error`` of a JSON object on stdout.
    """
    try:
        yield
    except GuichetError as error:
        raise typer.Exit(_say(error, as_json)) from None
    except ExceptionGroup as group:  # of the loops of a server
        ours = _first_of_ours(group)
        if ours is None:
            raise
        raise typer.Exit(_say(ours, as_json)) from None
    except BrokenPipeError:  # `guichet … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(OK) from None


def _say(error: GuichetError, as_json: bool) -> int:
    """Print the sentence of one of our errors, and give its exit code."""
    if isinstance(error, StoreUnavailable):
        tell(f"La base de données {trouble_of(error)}", as_json=as_json)
        return UNAVAILABLE
    problems = error.problems if isinstance(error, BadConfiguration) else ()
    tell(str(error), problems, as_json=as_json)
    return BAD_INPUT


def tell(sentence: str, problems: Sequence[Problem] = (), *, as_json: bool) -> None:
    """Say what went wrong: on stderr for people, as one JSON object on stdout for programs."""
    if not as_json:
        say(sentence, to=err)
    elif problems:
        print_json({"error": sentence, "problems": [one.as_json() for one in problems]})
    else:
        print_json({"error": sentence})


def _first_of_ours(group: BaseExceptionGroup[BaseException]) -> GuichetError | None:
    """Find our error in a group; None where there is also one that is a defect."""
    ours, others = group.split(GuichetError)
    if ours is None or others is not None:
        return None
    error: BaseException = ours
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, GuichetError) else None


def say(line: str, *, hang: int | None = None, style: str = "", to: Console = out) -> None:
    """Print text; where a width is known its lines are folded between words, else they are whole.

    A terminal has a width, and COLUMNS states one: a file or a pipe gets every line whole, since a
    program may read it. ``hang`` is how far the folded part is set in, ``style`` that of the first
    word.
    """
    wide = to.is_terminal or os.environ.get("COLUMNS", "").isdecimal()
    rows = [folded(row, to.width, hang) if wide else row for row in line.split("\n")]
    text = Text("\n".join(rows))
    text.stylize(style, 0, len(line.split(" ", 1)[0]))
    to.print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON value on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def config_folder(wanted: Path) -> Path:
    """Find the configuration: the folder asked for, else the example that came with Guichet."""
    if wanted.is_dir() or wanted != DEFAULT_CONFIG:
        return wanted
    return next((shipped for shipped in SHIPPED if shipped.is_dir()), wanted)


def configured(setting: str, otherwise: Any) -> Any:
    """Give a setting of the file or the environment, for where the command line is silent.

    Raises:
        ConfigurationError: the settings are wrong, or the file that is named is not there.
    """
    if settings_file() is None:
        check_variables()
        return otherwise
    from app.settings import load_settings  # a fifth of a second, where there is a file only

    return getattr(load_settings(), setting)


def _obeying(setting: str) -> Callable[..., Any]:
    """Have an option or argument take what is set where neither command line nor variable names it."""

    def chosen(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
        source = ctx.get_parameter_source(param.name or "")
        if source is None or source.name != "DEFAULT":
            return value
        flag = next((one.name for one in ctx.command.params if "--json" in one.opts), "")
        with speaking(as_json=bool(ctx.params.get(flag or ""))):
            return configured(setting, value)

    return chosen


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Data = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder of the embedded store.",
        envvar="GUICHET_DATA",
        callback=_obeying("data"),
    ),
]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database-url",
        help="postgresql://… or sqlite:///…; wins over --data.",
        envvar="GUICHET_DATABASE_URL",
        callback=_obeying("database_url"),
    ),
]
Config = Annotated[
    Path,
    typer.Option(
        "--config",
        help="Folder of the YAML.",
        envvar="GUICHET_CONFIG",
        callback=_obeying("config"),
    ),
]
Folder = Annotated[
    Path,
    typer.Argument(
        help="Folder of the YAML.", envvar="GUICHET_CONFIG", callback=_obeying("config")
    ),
]
