"""The store in a database: every port of the router, one transaction a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from router.counting import Sought
from router.delivery import Rate
from router.message import Envelope
from router.ports import Ids
from router.work import (
    Accepted,
    Claim,
    CursorWrite,
    Gathered,
    Inbound,
    Lease,
    Reservation,
    RouteClaim,
    SendClaim,
    Settlement,
    TimerClaim,
    Unit,
    Verdict,
    Wanted,
)
from storage import counts, lanes, leases, naming, outbox, pollers, reading, routing, timers, upkeep
from storage.blobs import Blobs
from storage.codec import from_us, to_us, us_or_none
from storage.database import Database
from storage.failures import DataRefused
from storage.heralds import Herald
from storage.intake import GroupCommit
from storage.library import Library
from storage.rows import Row, envelope_of
from storage.units import commit

T = TypeVar("T")

_REFUSED_WAIT = timedelta(seconds=5)
_GONE = "the payload of this message cannot be read any more"


class SqlStore(Library):
    """All ports over one database and one cell."""

    def __init__(self, database: Database, cell: str, ids: Ids, blobs: Blobs | None) -> None:
        super().__init__(database, cell)
        self._ids = ids
        self._blobs = blobs
        self._wakes: list[Callable[[str], None]] = []
        self._held: dict[str, str] = {}
        self._intake = GroupCommit(database, cell, ids, blobs, self._wake)
        self._herald: Herald | None = None

    async def open(self) -> None:
        await self._database.open()
        self._herald = self._database.herald(self._cell, self._wake_here)
        if self._herald is not None:
            self._herald.open()
        self._intake.open()

    async def close(self) -> None:
        await self._intake.close()
        if self._herald is not None:
            await self._herald.close()
        await self._database.close()

    def on_work(self, wake: Callable[[str], None]) -> None:
        self._wakes.append(wake)

    def _wake(self, role: str) -> None:
        self._wake_here(role)
        if self._herald is not None:
            self._herald.tell(role)

    def _wake_here(self, role: str) -> None:
        for wake in self._wakes:
            wake(role)

    async def _write(self, tx: Callable[..., T], *args: Any, **kw: Any) -> T:
        return await self._database.write(lambda conn: tx(conn, self._cell, *args, **kw))

    # --- intake ------------------------------------------------------------------------------

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        return await self._intake.accept(envelopes, cursor)

    # --- routes ------------------------------------------------------------------------------

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        found = await self._write(routing.claim_routes, *self._lease(limit, lease_s, now))
        return [
            RouteClaim(claim, tuple([await self._inbound(row) for row in rows]))
            for claim, rows in found
        ]

    async def _inbound(self, row: Row) -> Inbound:
        envelope = await self._envelope(row)
        return Inbound(row["id"], envelope, row["tries"])

    async def _envelope(self, row: Row) -> Envelope:
        """Fetch a large payload; one that is lost must not hold up its conversation."""
        name = row["blob"]
        if name is None:
            return envelope_of(row, row["payload"])
        payload: bytes | None
        if self._blobs is None:
            payload = await self._database.read(
                lambda conn: conn.scalar(reading.BLOB, {"cell_": self._cell, "name_": name})
            )
        else:
            try:
                payload = await asyncio.to_thread(self._blobs.get, name)
            except OSError:
                payload = None
        if payload is None:
            return envelope_of({**row, "note": row["note"] or _GONE}, b"")
        return envelope_of(row, payload)

    async def gather(self, wanted: Wanted) -> Gathered:
        return await self._database.read(lambda conn: routing.gather(conn, self._cell, wanted))

    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        return await self._database.read(lambda conn: counts.count(conn, self._cell, sought))

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        """Write units; those that the database refuses are found by halves."""
        if not units:
            return []
        try:
            written = await self._write(commit, units, to_us(now))
        except DataRefused:
            if len(units) == 1:
                await self.release(units[0].claims, now + _REFUSED_WAIT, failed=True)
                return [Verdict.FAILED]
            middle = len(units) // 2
            first = await self.commit(units[:middle], now)
            return [*first, *await self.commit(units[middle:], now)]
        for role in sorted(written.awake):
            self._wake(role)
        return written.verdicts

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        await self._write(lanes.release, claims, to_us(due), failed=failed)
        for role in lanes.by_role(claims):
            self._wake(role)

    async def next_due(self, role: str) -> datetime | None:
        due = await self._database.read(
            lambda conn: conn.scalar(lanes.NEXT_DUE, {"cell_": self._cell, "role_": role})
        )
        return None if due is None else from_us(due)

    # --- sends -------------------------------------------------------------------------------

    async def claim_sends(
        self, role: str, limit: int, lease_s: float, now: datetime
    ) -> Sequence[SendClaim]:
        return await self._write(outbox.claim_sends, role, *self._lease(limit, lease_s, now))

    async def reserve(self, bucket: str, rate: Rate, wanted: int, now: datetime) -> Reservation:
        return await self._write(outbox.reserve, bucket, rate, wanted, to_us(now))

    async def postpone(self, bucket: str, until: datetime) -> None:
        await self._write(outbox.postpone, bucket, to_us(until))

    async def begin(
        self, sends: Sequence[tuple[Claim, int]], lease_s: float, now: datetime
    ) -> frozenset[int]:
        return await self._write(outbox.begin, sends, _end(now, lease_s), to_us(now))

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        if settlements:
            await self._write(outbox.settle, settlements, to_us(now))

    async def finish(
        self, claims: Sequence[Claim], now: datetime, not_before: datetime | None = None
    ) -> None:
        awake = await self._write(outbox.finish, claims, to_us(now), us_or_none(not_before))
        for role in sorted(awake):
            self._wake(role)

    async def roles_waiting(self) -> Sequence[str]:
        return await self._database.read(
            lambda conn: list(conn.scalars(outbox.ROLES, {"cell_": self._cell}))
        )

    async def requeue(self, delivery_id: int, now: datetime) -> bool:
        role = await self._write(outbox.requeue, delivery_id, to_us(now))
        if role is not None:
            self._wake(role)
        return role is not None

    # --- timers and pollers --------------------------------------------------------------------

    async def claim_timers(self, limit: int, lease_s: float, now: datetime) -> Sequence[TimerClaim]:
        return await self._write(timers.claim_timers, *self._lease(limit, lease_s, now))

    async def take(self, poller: str, lease_s: float, now: datetime) -> Lease | None:
        held = self._held.get(poller, "")
        lease = await self._write(
            pollers.take, poller, held, self._ids.token(), _end(now, lease_s), to_us(now)
        )
        if lease is not None:
            self._held[poller] = lease.token
        return lease

    async def renew(self, lease: Lease, lease_s: float, now: datetime) -> bool:
        return await self._write(pollers.renew, lease, _end(now, lease_s))

    async def give_back(self, lease: Lease) -> None:
        self._held.pop(lease.poller, None)
        await self._write(pollers.give_back, lease)

    async def forget_leases(self, now: datetime) -> None:
        self._held.clear()
        await self._write(leases.forget, to_us(now))

    # --- upkeep --------------------------------------------------------------------------------

    async def tidy(self, now: datetime) -> int:
        await self._database.optimize()
        if self._blobs is None:
            return await self._write(upkeep.sweep_table)
        return await upkeep.sweep_folder(self._database, self._blobs, now)

    async def named(
        self, words: Collection[str], channels: Collection[str], since: datetime
    ) -> frozenset[str]:
        return await naming.named(self._database, self._blobs, words, channels, to_us(since))

    def _lease(self, limit: int, lease_s: float, now: datetime) -> tuple[str, int, int, int]:
        """Give what every claim is told: a fresh token, a limit, the lease's end, the time."""
        return self._ids.token(), limit, _end(now, lease_s), to_us(now)


def _end(now: datetime, lease_s: float) -> int:
    return to_us(now) + round(lease_s * 1_000_000)
