"""A command that understood what is wanted and refuses it: one sentence, exit code 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app.console import FAILED, speaking, tell
from router.errors import GuichetError, Outdated


class Refused(GuichetError):
    """What was asked is against the rules of the house; nothing was changed."""


@contextmanager
def refusing(*, as_json: bool = False) -> Iterator[None]:
    """Speak as every command does, and end with 1 where something was refused."""
    with speaking(as_json=as_json):
        try:
            yield
        except (Refused, Outdated) as error:
            tell(str(error), as_json=as_json)
            raise typer.Exit(FAILED) from None
