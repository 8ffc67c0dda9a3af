"""Large payloads beside the journal: in a folder that is durable before the journal commits."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from storage.private import make_folder, private

INLINE = 64 * 1024
"""Bytes up to which a payload lies in its journal row."""


class Blobs(Protocol):
    """Keeps bytes under random names; nothing is ever overwritten."""

    def put(self, data: bytes) -> str:
        """Keep bytes durably and give their name."""
        ...

    def get(self, name: str) -> bytes:
        """Give bytes back.

        Raises:
            OSError: they cannot be read.
        """
        ...

    def older_than(self, moment: float) -> list[str]: ...

    def remove(self, names: Iterable[str]) -> None: ...


class FolderBlobs:
    """A folder on this machine, with a level of sub-folders by the first two letters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        name = new_name()
        path = self._path(name)
        if not path.parent.is_dir():
            make_folder(path.parent)
            _sync_folder(self._folder)
        with open(path, "xb", opener=private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)  # or a power cut forgets the name of a file that is there
        return name

    def get(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def older_than(self, moment: float) -> list[str]:
        """List blobs that were last written before ``moment``, in seconds since 1970."""
        found = self._folder.glob("??/*")
        return [path.name for path in found if path.stat().st_mtime < moment]

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def new_name() -> str:
    return secrets.token_hex(16)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
