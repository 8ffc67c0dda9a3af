"""What can be looked up in the store in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from router.archive import Action, CaseFilter, JournalLine, Tallied
from router.case import Case, Event
from router.delivery import Delivery
from router.message import Envelope
from router.tracking import TrackingNumber
from storage.memory_rules import MemoryRules
from storage.memory_state import Row


class MemoryLibrary(MemoryRules):
    """The reading half."""

    async def case(self, number: TrackingNumber) -> Case | None:
        case_id = self._state.numbers.get(number)
        return None if case_id is None else self._state.cases[case_id]

    async def case_by_id(self, case_id: int) -> Case | None:
        return self._state.cases.get(case_id)

    async def children(self, case_id: int) -> Sequence[Case]:
        cases = self._state.cases
        return [cases[each] for each in sorted(cases) if cases[each].parent == case_id]

    async def cases(self, wanted: CaseFilter) -> Sequence[Case]:
        cases = self._state.cases
        found = (cases[each] for each in sorted(cases, reverse=True))
        return [case for case in found if _matches(case, wanted)][: wanted.limit]

    async def events(self, case_id: int) -> Sequence[Event]:
        return sorted(self._state.events.get(case_id, ()), key=lambda event: event.id)

    async def deliveries(self, case_id: int) -> Sequence[Delivery]:
        found = sorted(self._state.deliveries.values(), key=lambda each: each.id)
        return [each for each in found if each.case_id == case_id]

    async def journal(
        self, *, action: Action | None = None, waiting: bool = False, limit: int = 10_000
    ) -> Sequence[JournalLine]:
        rows = (self._state.inbound[each] for each in sorted(self._state.inbound))
        lines = (
            _line(row)
            for row in rows
            if (action is None or (row.done is not None and row.done.action == action))
            and not (waiting and row.done is not None)
        )
        return [line for line, _ in zip(lines, range(limit), strict=False)]

    async def envelope(self, inbound_id: int) -> Envelope | None:
        row = self._state.inbound.get(inbound_id)
        return None if row is None else row.envelope

    async def outcome(self, channel: str, account: str, provider_id: str) -> JournalLine | None:
        inbound_id = self._state.once.get((channel, account, provider_id))
        return None if inbound_id is None else _line(self._state.inbound[inbound_id])

    async def tally(self, moments: Sequence[datetime]) -> Sequence[Tallied]:
        counted = Counter(
            (row.envelope.channel, row.envelope.account, day, row.done.action if row.done else None)
            for row in self._state.inbound.values()
            if 0 <= (day := bisect_right(moments, row.envelope.received_at) - 1) < len(moments) - 1
        )
        return [Tallied(*key, number) for key, number in counted.items()]

    async def unknown(
        self, channel: str, account: str, provider_ids: Sequence[str]
    ) -> Sequence[str]:
        return [one for one in provider_ids if (channel, account, one) not in self._state.once]

    async def pending(self) -> int:
        lanes = (*self._state.waiting.values(), *self._state.outbox.values())
        return sum(len(lane) for lane in lanes)


def _matches(case: Case, wanted: CaseFilter) -> bool:
    text = wanted.text.lower()
    number = "".join(filter(str.isalnum, wanted.text)).upper()
    return (
        wanted.status in ("", case.status)
        and wanted.owner in ("", case.owner)
        and wanted.channel in ("", case.channel)
        and (not wanted.label or wanted.label.lower() in map(str.lower, case.labels))
        and (wanted.before is None or case.id < wanted.before)
        and (
            text in case.text.lower()
            or text in case.subject.lower()
            or number == case.number
            or text.strip() == case.partner_ref.lower()
        )
    )


def _line(row: Row) -> JournalLine:
    envelope, done = row.envelope, row.done
    return JournalLine(
        inbound_id=row.id,
        channel=envelope.channel,
        account=envelope.account,
        provider_id=envelope.provider_id,
        conversation=envelope.conversation,
        received_at=envelope.received_at,
        action=done.action if done else None,
        case_id=done.case_id if done else None,
        reason=done.reason if done else "",
    )
