"""Writes the files that a command is asked for, or says in one sentence why it cannot."""

from __future__ import annotations

from pathlib import Path

from channels.system_words import refusal
from router.errors import InvalidInput


def check_writable(path: Path | None) -> None:
    """Refuse a file that could not be written, before anything else is done.

    Raises:
        InvalidInput: its folder does not exist, or it is itself a folder.
    """
    if path is not None and not path.parent.is_dir():
        raise InvalidInput(f"« {path} » ne peut pas être écrit : son dossier n'existe pas.")
    if path is not None and path.is_dir():
        raise InvalidInput(f"« {path} » ne peut pas être écrit : c'est un dossier.")


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text with its line ends as they are.

    Raises:
        InvalidInput: the system refuses it.
    """
    try:
        path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise InvalidInput(f"« {path} » ne peut pas être écrit : {refusal(error)}.") from None
