"""What can be looked up in the store without changing any work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from router.archive import Action, CaseFilter, JournalLine, Tallied
from router.case import Case, Event
from router.delivery import Delivery, DeliveryState
from router.message import Envelope
from router.tracking import TrackingNumber
from storage import reading
from storage.codec import to_us
from storage.rows import Row
from storage.rule_library import RuleLibrary


class Library(RuleLibrary):
    """The reading half of the store."""

    async def _envelope(self, row: Row) -> Envelope:
        raise LookupError(row["blob"])

    async def case(self, number: TrackingNumber) -> Case | None:
        return await self._database.read(
            lambda conn: reading.case_by(conn, reading.BY_NUMBER, cell_=self._cell, number_=number)
        )

    async def case_by_id(self, case_id: int) -> Case | None:
        return await self._database.read(
            lambda conn: reading.case_by(conn, reading.BY_ID, cell_=self._cell, id_=case_id)
        )

    async def children(self, case_id: int) -> Sequence[Case]:
        return await self._read(reading.children, case_id)

    async def cases(self, wanted: CaseFilter) -> Sequence[Case]:
        return await self._read(reading.cases, wanted)

    async def events(self, case_id: int) -> Sequence[Event]:
        return await self._read(reading.events, case_id)

    async def deliveries(self, case_id: int) -> Sequence[Delivery]:
        return await self._read(reading.deliveries, case_id)

    async def journal(
        self, *, action: Action | None = None, waiting: bool = False, limit: int = 10_000
    ) -> Sequence[JournalLine]:
        return await self._read(reading.journal, action, waiting, limit)

    async def envelope(self, inbound_id: int) -> Envelope | None:
        row = await self._database.read(
            lambda conn: (
                conn.execute(reading.ENVELOPE, {"cell_": self._cell, "id_": inbound_id})
                .mappings()
                .first()
            )
        )
        return None if row is None else await self._envelope(row)

    async def outcome(self, channel: str, account: str, provider_id: str) -> JournalLine | None:
        return await self._read(reading.outcome, channel, account, provider_id)

    async def tally(self, moments: Sequence[datetime]) -> Sequence[Tallied]:
        return await self._read(reading.tally, [to_us(moment) for moment in moments])

    async def unknown(
        self, channel: str, account: str, provider_ids: Sequence[str]
    ) -> Sequence[str]:
        return await self._read(reading.unknown, channel, account, provider_ids)

    async def list_deliveries(
        self,
        states: Sequence[DeliveryState],
        limit: int = 100,
        channel: str = "",
        *,
        newest: bool = False,
    ) -> Sequence[Delivery]:
        return await self._read(reading.list_deliveries, states, limit, channel, newest)

    async def pending(self) -> int:
        return await self._read(reading.pending)
