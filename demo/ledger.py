"""Keep what a simulated provider knows, on disk if asked, and wake those who wait for a change."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Ledger:
    """One provider's memory: plain JSON data and the bytes of files.

    With a folder, every change is written at once, so that a killed demo resumes with what its
    providers held. (Not synced to the platter: a killed process is survived, a power cut is not.)
    """

    def __init__(self, name: str, folder: Path | None, empty: Mapping[str, Any]) -> None:
        self._file = folder / f"{name}.json" if folder else None
        self._blobs = folder / f"{name}.files" if folder else None
        self._bytes: dict[str, bytes] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self.data: dict[str, Any] = json.loads(json.dumps(empty))

    def load(self) -> None:
        """Read back what an earlier run kept."""
        if self._file and self._blobs:
            self._blobs.mkdir(parents=True, exist_ok=True)
            if self._file.exists():
                self.data |= json.loads(self._file.read_text(encoding="utf-8"))

    def changed(self) -> None:
        """Keep the data as it is now and wake everybody who waits for a change."""
        if self._file:
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(self.data), encoding="utf-8")
            os.replace(draft, self._file)
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def keep_file(self, name: str, content: bytes) -> None:
        """Keep the bytes of a file."""
        if self._blobs:
            draft = self._blobs / f"{name}.new"
            draft.write_bytes(content)
            os.replace(draft, self._blobs / name)
        else:
            self._bytes[name] = content

    def file(self, name: str) -> bytes:
        """Give the bytes of a file kept before."""
        return (self._blobs / name).read_bytes() if self._blobs else self._bytes[name]

    async def until(self, condition: Callable[[], object], seconds: float | None = 10.0) -> None:
        """Wait until the condition holds, looking again after each change.

        Raises TimeoutError.
        """
        async with asyncio.timeout(seconds):
            while not condition():
                _heed_cancellation()
                waiter = asyncio.get_running_loop().create_future()
                self._waiting.append(waiter)
                await waiter


def _heed_cancellation() -> None:
    """End a task whose cancellation was swallowed before, as `asyncio.wait_for` may (Python 3.11)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
