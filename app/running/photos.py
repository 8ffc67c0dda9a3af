"""Keeps photos of the web form on disk until a service fetches them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from router.errors import InvalidInput
from storage.private import make_folder, private

_REF = re.compile(r"[0-9a-f]{32}\.jpg")


@dataclass(frozen=True, slots=True)
class PhotoFolder:
    """A folder of pictures under random names; a name given by a person is never a path."""

    folder: Path

    async def read(self, ref: str, limit: int) -> bytes:
        """Get a picture back.

        Raises:
            InvalidInput: there is none of this reference, or it is larger than ``limit`` bytes.
        """
        if not _REF.fullmatch(ref):
            raise InvalidInput("this is no picture of ours")
        return await asyncio.to_thread(self._read, ref, limit)

    def _read(self, ref: str, limit: int) -> bytes:
        try:
            with (self.folder / ref).open("rb") as file:
                content = file.read(limit + 1)
        except FileNotFoundError as gone:
            raise InvalidInput("this picture is no longer kept") from gone
        if len(content) > limit:
            raise InvalidInput(f"the picture is larger than {limit} bytes")
        return content

    async def save(self, name: str, content: bytes) -> str:
        """Keep a picture durably; returns the reference to fetch it by."""
        return await asyncio.to_thread(self._save, content)

    def _save(self, content: bytes) -> str:
        make_folder(self.folder)
        ref = f"{secrets.token_hex(16)}.jpg"
        with open(self.folder / ref, "wb", opener=private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return ref
