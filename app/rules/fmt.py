"""`guichet rules fmt` and `guichet rules table`: the same YAML in another language, or as a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from app.rulebook import check_files, check_folder, files_of
from channels.system_words import refusal
from router.errors import ConfigurationError
from rules.problems import Problem, Problems
from rules.table_csv import NotATable, Row, families_at, from_csv, to_csv, written_rows
from rules.table_splice import spliced
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
        _take(root, source, rows)
        say(f"{_TABLE}: {len(rows)} familles")


def _take(root: Path, source: Path, rows: Sequence[Row]) -> None:
    """Put rows in the place of the table, unless that would be a mistake: then nothing is written."""
    file, problems = root / _TABLE, Problems()
    before = readable(file, _TABLE, problems)
    if before is not None:
        after = spliced(before, rows)
        wrong = _mistakes(root, source, rows, after)
        if wrong:
            raise ConfigurationError("\n".join((*wrong, f"« {_TABLE} » reste tel quel.")))
        if after != before:
            rewritten(file, _TABLE, after, problems)
    if problems.errors:
        raise ConfigurationError("\n".join(map(str, problems.sorted())))


def _mistakes(root: Path, source: Path, rows: Sequence[Row], after: str) -> list[str]:
    """List what a new table would break outside of the files of rules, by its line in the sheet."""
    known = {(one.file, one.message) for one in check_folder(root).problems}
    found = check_files({**files_of(root), _TABLE: after.encode()}).problems
    told = [
        one
        for one in found
        if one.severity == "error" and not one.in_rules and (one.file, one.message) not in known
    ]
    lines = {family: number for number, (family, _) in enumerate(rows, start=2)}
    families = families_at(after) if told else {}
    return [_at_its_row(one, source, families, lines) for one in told]


def _at_its_row(
    one: Problem, source: Path, families: Mapping[int, str], lines: Mapping[str, int]
) -> str:
    number = max((line for line in families if line <= one.line), default=0)
    if one.file != _TABLE or families.get(number) not in lines:
        return str(one)
    return f"{source}:{lines[families[number]]}: {one.message}. {one.fix}".rstrip()


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
