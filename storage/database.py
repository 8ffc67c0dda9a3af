"""What the rest of the store sees of a database: transactions as synchronous functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from storage.heralds import Herald

T = TypeVar("T")

PATIENCE_S = 5.0
"""No operation of the store hangs longer than this, in seconds."""

MIGRATION_PATIENCE_S = 600.0
"""How long opening may take where the schema must be changed, in seconds."""


class Database(Protocol):
    """Runs transactions whole: a cancelled caller leaves them to their end or never begun."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, tx: Callable[[Connection], T]) -> T:
        """Run ``tx`` in a transaction and commit it durably.

        Raises:
            StoreUnavailable: it was not committed, or nobody can tell.
            DataRefused: it was rolled back because of what it wrote.
        """
        ...

    def herald(self, cell: str, heard: Callable[[str], None]) -> Herald | None:
        """Make what tells other processes of a cell about work; None where there are none."""
        ...

    async def optimize(self) -> None:
        """Have the database look whether its statistics still fit; to be called once a day."""
        ...

    async def read(self, tx: Callable[[Connection], T]) -> T:
        """Run ``tx`` on a connection that only reads."""
        ...
