"""Copies an SQLite database while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from router.errors import StoreUnavailable
from storage.private import make_file


def copy_database(source: Path, to: Path) -> None:
    """Copy the database as it is at one moment, with what its journal (WAL) holds, and check the copy.

    Raises:
        StoreUnavailable: the database cannot be read, or the copy cannot be written or is damaged.
    """
    make_file(to)
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(to)) as copy,
        ):
            original.backup(copy)
            [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database could not be copied: {error}") from error
    if found != "ok":
        raise StoreUnavailable(f"the copy is damaged: {found}")
