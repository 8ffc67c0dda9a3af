"""Makes folders and files that only our own account of the machine reads: they hold people's words."""

from __future__ import annotations

import os
from pathlib import Path

_OTHERS_READ, _OTHERS_PASS = 0o004, 0o001


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there keeps its rights.

    Raises:
        OSError: the system refuses it.
    """
    missing = [one for one in folder.parents if not one.exists()]
    for one in (*reversed(missing), folder):
        one.mkdir(mode=0o700, exist_ok=True)


def private(path: str, flags: int) -> int:
    """Open a file for :func:`open`; where it is made, only for ourselves, whatever the umask."""
    return os.open(path, flags, 0o600)


def make_file(path: Path) -> None:
    """Make an empty file where there is none; SQLite gives its journals the rights of their file."""
    os.close(private(str(path), os.O_RDWR | os.O_CREAT))


def open_to_others(folder: Path) -> Path | None:
    """Find what any account of this machine can read in a folder; None where there is nothing."""
    if not folder.is_dir() or not folder.stat().st_mode & _OTHERS_PASS:
        return None
    inside = sorted(folder.iterdir())
    return next((one for one in inside if one.stat().st_mode & _OTHERS_READ), None)
