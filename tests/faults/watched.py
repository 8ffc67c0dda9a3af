"""A database and a blob folder that tell when something is about to be durable and when it is."""

from __future__ import annotations

from collections.abc import Callable

from storage.blobs import Blobs
from storage.database import Database


class WatchedDatabase:
    """Passes ``in a transaction`` just before each commit, and ``committed`` just after it.

    On SQLite, where it can be told, transactions that changed nothing pass unnoticed.
    """

    def __init__(self, database: Database, pass_: Callable[[str], None]) -> None:
        self._database, self._pass = database, pass_

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def write(self, tx):
        changed = True

        def whole(connection):
            nonlocal changed
            before = _changes(connection)
            result = tx(connection)
            changed = before is None or _changes(connection) != before
            if changed:
                self._pass("in a transaction")
            return result

        result = await self._database.write(whole)
        if changed:
            self._pass("committed")
        return result

    def herald(self, cell, heard):
        return self._database.herald(cell, heard)

    async def optimize(self):
        await self._database.optimize()

    async def read(self, tx):
        return await self._database.read(tx)


class WatchedBlobs:
    def __init__(self, blobs: Blobs, pass_: Callable[[str], None]) -> None:
        self._blobs, self._pass = blobs, pass_

    def put(self, data: bytes) -> str:
        self._pass("blob begins")
        name = self._blobs.put(data)
        self._pass("blob is there")
        return name

    def get(self, name: str) -> bytes:
        return self._blobs.get(name)

    def older_than(self, moment: float) -> list[str]:
        return self._blobs.older_than(moment)

    def remove(self, names) -> None:
        self._blobs.remove(names)


def _changes(connection) -> int | None:
    return getattr(connection.connection.driver_connection, "total_changes", None)
