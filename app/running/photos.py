"""Keeps photos of the web form on disk until a service fetches them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.system import SystemClock
from router.errors import InvalidInput
from router.ports import Clock
from storage.private import make_folder, private

_DATED = re.compile(r"([0-9a-f]{8})-[0-9a-f]{24}\.jpg")
"""The second in which it was kept, and chance: a copy of the folder may have any times of files."""
_REF = re.compile(rf"{_DATED.pattern}|[0-9a-f]{{32}}\.jpg")
"""Earlier versions gave names of chance alone."""


@dataclass(frozen=True, slots=True)
class PhotoFolder:
    """A folder of pictures under random names; a name given by a person is never a path."""

    folder: Path
    clock: Clock = field(default_factory=SystemClock)

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
        ref = f"{int(self.clock.now().timestamp()):08x}-{secrets.token_hex(12)}.jpg"
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

    async def dated(self) -> Mapping[str, datetime]:
        """List the pictures whose names tell when they were kept."""
        return await asyncio.to_thread(self._dated)

    def _dated(self) -> Mapping[str, datetime]:
        if not self.folder.is_dir():
            return {}
        names = (_DATED.fullmatch(one.name) for one in os.scandir(self.folder))
        return {name[0]: datetime.fromtimestamp(int(name[1], 16), UTC) for name in names if name}

    async def remove(self, refs: Iterable[str]) -> None:
        """Remove pictures; one that is gone already is no trouble."""
        await asyncio.to_thread(self._remove, tuple(refs))

    def _remove(self, refs: Iterable[str]) -> None:
        for ref in refs:
            (self.folder / ref).unlink(missing_ok=True)
