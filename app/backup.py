"""Backs up an installation on SQLite: its database, its secret, its photos and large payloads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from app.stores import file_of
from channels.system_words import refusal
from router.errors import ConfigurationError
from storage.backup import copy_database
from storage.private import make_folder, private

_FILE = "guichet.sqlite"
_BESIDE = ("secret.key", "photos", "blobs")


def back_up(data: Path, database_url: str, to: Path) -> None:
    """Write a folder that serves as a data folder itself; nothing has to be stopped for it.

    The database is copied first: whatever it names was on the disk before it.

    Raises:
        ConfigurationError: the database is none of ours, or the folder is there or cannot be written.
        StoreUnavailable: the database cannot be read or copied.
    """
    source = file_of(data, database_url)
    if source is None:
        raise ConfigurationError(
            "Une base PostgreSQL se sauvegarde par pg_dump, puis le dossier des données :"
            " voir docs/operating.md."
        )
    if not source.is_file():
        raise ConfigurationError(f"« {source} » n'existe pas : rien à sauvegarder.")
    if to.exists():
        raise ConfigurationError(f"« {to} » existe déjà : choisissez un autre dossier.")
    begun = to.with_name(f"{to.name}.en-cours")  # what is not whole never looks so
    try:
        shutil.rmtree(begun, ignore_errors=True)
        make_folder(begun)
        copy_database(source, begun / _FILE)
        for name in _BESIDE:
            _copy(data / name, begun / name)
        _sync(begun)
        begun.rename(to)
        _sync_one(to.parent)
    except OSError as error:
        raise ConfigurationError(f"« {to} » ne peut pas être écrit : {refusal(error)}.") from None


def _copy(source: Path, to: Path) -> None:
    """Copy a file or a folder of files; what is tidied away meanwhile is not there."""
    if source.is_dir():
        make_folder(to)
        for one in source.iterdir():
            _copy(one, to / one.name)
        return
    try:
        with source.open("rb") as read, open(to, "xb", opener=private) as written:
            shutil.copyfileobj(read, written)
    except FileNotFoundError:
        return


def _sync(folder: Path) -> None:
    for one in (*folder.rglob("*"), folder):
        _sync_one(one)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
