"""Keeps photos of the web form on disk until a service fetches them."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PhotoFolder:
    """A folder of pictures under random names; a name given by a person is never a path."""

    folder: Path

    async def save(self, name: str, content: bytes) -> str:
        """Keep a picture durably; returns the reference to fetch it by."""
        return await asyncio.to_thread(self._save, content)

    def _save(self, content: bytes) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        ref = f"{secrets.token_hex(16)}.jpg"
        with (self.folder / ref).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return ref
