"""`guichet rules fmt` and `guichet rules table`: the same YAML in another language, or as a sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    Folder,
    config_folder,
    err,
    out,
    say,
    speaking,
)
from app.files_in_place import readable, rewritten
from app.rulebook import check_folder
from channels.system_words import refusal
from router.errors import ConfigurationError
from rules.problems import Problems
from rules.table_csv import NotATable, Row, from_csv, spliced, to_csv, written_rows
from rules.translate import block_of, translate

_TABLE = "competences.yaml"


def fmt(
    folder: Folder = DEFAULT_CONFIG,
    language: Annotated[str, typer.Option("--langue", help="fr or en.")] = "fr",
    dry: Annotated[bool, typer.Option("--dry-run", help="Only name the files.")] = False,
) -> None:
    """Rewrite the keys of every file in French or English; comments stay as they are.

    A file that cannot be read is left as it stands and told; the others are rewritten.
    Example: guichet rules fmt config/ --langue en
    """
    with speaking():
        if language not in {"fr", "en"}:
            raise ConfigurationError("« --langue » attend fr ou en.")
        root = _root(folder)
        problems = Problems()
        for file in sorted(root.rglob("*.yaml")):
            path = file.relative_to(root).as_posix()
            text = readable(file, path, problems) if block_of(path) else None
            if text is None:
                continue
            translated = translate(path, text, language)
            if translated != text and (dry or rewritten(file, path, translated, problems)):
                say(path)
        for problem in problems.sorted():
            say(f"✗ {problem}", to=err)
        if problems.errors:
            raise typer.Exit(BAD_INPUT)


def table(
    folder: Folder = DEFAULT_CONFIG,
    source: Annotated[
        Path | None, typer.Option("--from", help="CSV that becomes the table.")
    ] = None,
) -> None:
    """Print the competence table as CSV, or take it from a CSV.

    Example: guichet rules table config/ > table.csv
    """
    with speaking():
        root = _root(folder)
        if source is None:
            out.print(to_csv(_rows(root)), markup=False, soft_wrap=True, end="")
            return
        try:
            rows = from_csv(_read(source, source.parent))
        except NotATable as wrong:
            raise ConfigurationError(f"{source}:{wrong.line}: {wrong}.") from None
        file = root / _TABLE
        file.write_text(spliced(_read(file, root), rows), encoding="utf-8")
        say(f"{_TABLE}: {len(rows)} familles")


def _root(folder: Path) -> Path:
    root = config_folder(folder)
    if not root.is_dir():
        raise ConfigurationError(f"« {root} » n'est pas un dossier de configuration.")
    return root


def _read(file: Path, root: Path) -> str:
    name = file.relative_to(root).as_posix()
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"« {name} » n'est pas écrit en UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f"« {name} » ne peut pas être lu : {refusal(error)}.") from None


def _rows(root: Path) -> list[Row]:
    """Read the table; what is wrong in a file of rules is no business of it."""
    found = check_folder(root).problems
    errors = [str(one) for one in found if one.severity == "error" and not one.in_rules]
    if errors:
        raise ConfigurationError("\n".join(errors))
    return written_rows(_read(root / _TABLE, root))
