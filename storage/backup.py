"""Copies an SQLite database while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from router.errors import StoreUnavailable
from storage.private import make_file

INCARNATION = "incarnation"
"""The row that counts the lives of the data; a copy has none, and begins one when it is used."""


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
            _without_life(copy)
            [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database could not be copied: {error}") from error
    if found != "ok":
        raise StoreUnavailable(f"the copy is damaged: {found}")


def _without_life(copy: sqlite3.Connection) -> None:
    """Have the copy begin a life of its own; one of before there were lives has none to lose."""
    tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'poller'"
    if copy.execute(tables).fetchone():
        copy.execute("DELETE FROM poller WHERE name = ?", (INCARNATION,))
        copy.commit()
