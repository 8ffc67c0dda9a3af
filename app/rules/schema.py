"""`guichet rules schema`: the JSON Schema by which an editor completes the keys of the files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from app.console import speaking
from rules.json_schema import json_schema

_LANGUAGES = ("fr", "en")


def schema(
    langue: Annotated[
        str, typer.Option("--langue", help="Only the keys of this language: fr or en.")
    ] = "",
) -> None:
    """Write the JSON Schema of the files, for editors.

    Example: guichet rules schema > guichet.schema.json
    """
    with speaking():
        if langue and langue not in _LANGUAGES:
            raise typer.BadParameter(f"« {langue} » n'est pas une langue des fichiers : fr ou en.")
        typer.echo(json.dumps(json_schema(langue or None), ensure_ascii=False, indent=2))
