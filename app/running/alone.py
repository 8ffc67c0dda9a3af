"""Ends the leases of whoever was killed, where the operating system can say that he is gone.

A lease in the store would be waited for until it ends, two minutes and more. A lock on a file ends
with the process that holds it, however that process ended: who gets it alone knows that every lease
is of somebody who is gone. PostgreSQL serves several machines, so there leases end by themselves.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from router.errors import ConfigurationError
from router.ports import Clock
from router.store import ForgetsLeases
from storage.private import make_folder

_FILE = "guichet.lock"


@asynccontextmanager
async def at_work(folder: Path, store: ForgetsLeases, clock: Clock) -> AsyncIterator[None]:
    """Work beside others on the store of a folder; the first one there ends all leases."""
    descriptor = _open(folder)
    try:
        if _locked(descriptor):
            await store.forget_leases(clock.now())
        # others wait here while the first one is at it
        await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def alone(folder: Path, store: ForgetsLeases, clock: Clock) -> AsyncIterator[None]:
    """Work alone in a folder; leases are of an earlier run, which is over.

    Raises:
        ConfigurationError: somebody else is at work there.
    """
    descriptor = _open(folder)
    try:
        if not _locked(descriptor):
            raise ConfigurationError(f"Une démonstration tourne déjà dans « {folder} ».")
        await store.forget_leases(clock.now())
        yield
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    make_folder(folder)
    return os.open(folder / _FILE, os.O_RDWR | os.O_CREAT, 0o600)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
