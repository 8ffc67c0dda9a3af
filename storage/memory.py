"""The whole store in memory, for trials and tests: the same promises, kept until it is dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from router.counting import Sought, marks_of
from router.delivery import DeliveryState
from router.errors import StoreUnavailable
from router.message import ConversationKey, Envelope
from router.ports import Ids
from router.work import (
    ROUTE,
    TIMER,
    Accepted,
    Claim,
    CursorWrite,
    DeliveryWrite,
    Gathered,
    Inbound,
    Lease,
    RouteClaim,
    TimerClaim,
    Unit,
    Verdict,
    Wanted,
    send_role,
)
from storage.codec import from_us, to_us
from storage.lanes import MOST_MESSAGES, handed_out
from storage.memory_library import MemoryLibrary
from storage.memory_outbox import MemoryOutbox, put_back, tell
from storage.memory_state import Row, State, later
from storage.naming import words_in
from storage.units import judge, version_after

_REFUSED_WAIT = timedelta(seconds=5)


class MemoryStore(MemoryOutbox, MemoryLibrary):
    """All ports over plain dictionaries; every call is whole because it never waits."""

    def __init__(self, ids: Ids) -> None:
        super().__init__(State(ids))
        self._held: dict[str, str] = {}

    async def open(self) -> None:
        """Nothing needs opening."""

    async def close(self) -> None:
        """What was kept stays readable until the store is dropped."""

    async def tidy(self, now: datetime) -> int:
        return 0

    async def named(
        self, words: Collection[str], channels: Collection[str], since: datetime
    ) -> frozenset[str]:
        found: set[str] = set()
        for row in self._state.inbound.values():
            if row.envelope.channel in channels and row.envelope.received_at >= since:
                found |= words_in(row.envelope.payload)
        return frozenset(found & set(words))

    # --- intake ------------------------------------------------------------------------------

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        state = self._state
        if cursor is not None:
            holder = state.pollers[cursor.poller]
            if holder.token != cursor.token:
                raise StoreUnavailable(f"another process polls {cursor.poller} now")
            holder.cursor = cursor.cursor
        accepted = [self._accept(envelope) for envelope in envelopes]
        if any(each.new for each in accepted):
            self._wake(ROUTE)
        return accepted

    def _accept(self, envelope: Envelope) -> Accepted:
        state = self._state
        key = (envelope.channel, envelope.account, envelope.provider_id)
        if key in state.once:
            return Accepted(state.once[key], False)
        row = Row(state.ids.next(), envelope)
        state.inbound[row.id] = row
        state.once[key] = row.id
        state.waiting[envelope.conversation].add(row.id)
        state.wake(ROUTE, envelope.conversation, to_us(envelope.received_at))
        return Accepted(row.id, True)

    # --- routes ------------------------------------------------------------------------------

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        found = []
        for claim in self._state.claim(ROUTE, limit, later(now, lease_s), to_us(now)):
            rows = self._handed_out(claim)
            if rows:
                inbound = tuple(Inbound(row.id, row.envelope, row.tries) for row in rows)
                found.append(RouteClaim(claim, inbound))
            else:
                self._state.open_lane(ROUTE, claim.lane, None)
        return sorted(found, key=lambda each: each.inbound[0].id)

    def _handed_out(self, claim: Claim) -> Sequence[Row]:
        waiting = self._state.waiting.get(ConversationKey(claim.lane), set())
        rows = [self._state.inbound[each] for each in sorted(waiting)]
        return handed_out(rows[:MOST_MESSAGES])

    async def gather(self, wanted: Wanted) -> Gathered:
        state = self._state
        talks = {
            key: state.conversations[key]
            for key in wanted.conversations
            if key in state.conversations
        }
        numbers = {each: state.numbers[each] for each in wanted.numbers if each in state.numbers}
        refs = {ref: state.ref_cases[ref] for ref in wanted.refs if ref in state.ref_cases}
        found = state.ref_deliveries
        provider_ids = {each: found[each] for each in wanted.provider_ids if each in found}
        deliveries = {
            each: state.deliveries[each]
            for each in {*wanted.deliveries, *provider_ids.values()}
            if each in state.deliveries
        }
        near = [talk.case_id for talk in talks.values()]
        near += [delivery.case_id for delivery in deliveries.values()]
        withheld = state.withheld(wanted.withheld)
        near += [each.case_id for kept in withheld.values() for each in kept]
        ids = {*wanted.cases, *numbers.values(), *refs.values(), *near} - {None}
        return Gathered(
            conversations=talks,
            cases=state.with_successors(each for each in ids if each is not None),
            numbers=numbers,
            refs=refs,
            deliveries=deliveries,
            provider_ids=provider_ids,
            withheld=withheld,
        )

    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        return {each: self._count(each) for each in sought}

    def _count(self, sought: Sought) -> int:
        """Look at those that ever bore one of the marks, newest first."""
        state = self._state
        near = {each for mark in sought.leading for each in state.marked.get(mark, ())}
        found = filter(sought.finds, (state.cases[each] for each in sorted(near, reverse=True)))
        return sum(1 for _ in islice(found, sought.enough))

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        return [await self._commit(unit, now) for unit in units]

    async def _commit(self, unit: Unit, now: datetime) -> Verdict:
        state = self._state
        verdict = judge(
            unit,
            frozenset(state.alive(unit.claims)),
            await self.active_hash(),
            {
                write.case.id: state.cases[write.case.id].version
                for write in unit.cases
                if write.case.id in state.cases
            },
        )
        if verdict is not Verdict.COMMITTED:
            return verdict
        if self._refuses(unit):
            await self.release(unit.claims, now + _REFUSED_WAIT, failed=True)
            return Verdict.FAILED
        awake = self._write(unit, now)
        awake |= state.finish(unit.claims, to_us(now))
        for role in sorted(awake):
            self._wake(role)
        return verdict

    def _refuses(self, unit: Unit) -> bool:
        """Refuse what a database would refuse: ids and numbers that are taken."""
        state = self._state
        new = [write.case for write in unit.cases if write.expected is None]
        taken = any(case.id in state.cases or case.number in state.numbers for case in new)
        taken = taken or any((each.case_id, each.id) in state.event_ids for each in unit.events)
        fresh = [each for each in unit.deliveries if each.idem not in state.idems]
        taken = taken or any(each.id in state.deliveries for each in fresh)
        timers = state.timers
        return taken or any(each.id in timers.get(each.case_id, {}) for each in unit.timers)

    def _write(self, unit: Unit, now: datetime) -> set[str]:
        state = self._state
        for write in unit.cases:
            state.cases[write.case.id] = replace(write.case, version=version_after(write))
            state.numbers[write.case.number] = write.case.id
            for mark in marks_of(write.case).leading:
                state.marked[mark].add(write.case.id)
        for event in unit.events:
            state.events[event.case_id].append(event)
            state.event_ids.add((event.case_id, event.id))
        state.decisions.extend(unit.decisions)
        awake = self._queue(unit, now)
        for receipt in sorted(unit.receipts, key=lambda each: each.delivery_id):
            self._receive(receipt, now)
        awake |= self._open(unit, now)
        awake |= tell(state, unit.told, now)
        awake |= put_back(state, unit.again, now)
        state.conversations.update((talk.key, talk) for talk in unit.conversations)
        self._change_timers(unit)
        for ref, case_id in unit.refs:
            state.put_ref(ref, case_id)
        for done in unit.done:
            row = state.inbound[done.inbound_id]
            row.done = done
            state.waiting[row.envelope.conversation].discard(row.id)
        return awake

    def _queue(self, unit: Unit, now: datetime) -> set[str]:
        awake = set()
        for delivery in unit.deliveries:
            if delivery.idem in self._state.idems:
                continue
            self._state.idems.add(delivery.idem)
            self._state.put_delivery(delivery)
            if not delivery.state.settled:
                role = send_role(delivery.address)
                due = max(now, delivery.not_before) if delivery.not_before else now
                self._state.wake(role, delivery.lane, to_us(due))
                awake.add(role)
        return awake

    def _receive(self, receipt: DeliveryWrite, now: datetime) -> None:
        found = self._state.deliveries.get(receipt.delivery_id)
        state = DeliveryState(receipt.state)
        if found is None or state.rank < found.state.rank:
            return
        self._state.put_delivery(
            replace(
                found,
                state=state,
                error=receipt.error or found.error,
                provider_id=found.provider_id or receipt.provider_id,
                settled_at=found.settled_at or (now if state.settled else None),
            )
        )

    def _open(self, unit: Unit, now: datetime) -> set[str]:
        """Let what awaits where somebody wrote be sent."""
        lanes, awake = {each.key for each in unit.opened}, set()
        for found in [*self._state.deliveries.values()] if lanes else ():
            if found.state is DeliveryState.AWAITS and found.lane in lanes:
                self._state.put_delivery(
                    replace(
                        found,
                        state=DeliveryState.QUEUED,
                        not_before=None,
                        settled_at=None,
                        first_try_at=None,
                        tries=0,
                        parts_sent=0,
                        provider_id="",
                        error="",
                    )
                )
                self._state.wake(send_role(found.address), found.lane, to_us(now))
                awake.add(send_role(found.address))
        return awake

    def _change_timers(self, unit: Unit) -> None:
        ended = set(unit.timers_done)
        for timer in unit.timers:
            self._state.timers[timer.case_id][timer.id] = timer
            self._state.wake(TIMER, str(timer.case_id), to_us(timer.not_before))
        for timers in self._state.timers.values() if ended else ():
            for timer_id in ended & timers.keys():
                del timers[timer_id]

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        for claim in self._state.alive(claims):
            if failed and claim.role == ROUTE:
                for row in self._handed_out(claim):
                    row.tries += 1
            self._state.open_lane(claim.role, claim.lane, to_us(due))
        for role in {claim.role for claim in claims}:
            self._wake(role)

    async def next_due(self, role: str) -> datetime | None:
        moments = [lane.due for lane in self._state.lanes[role].values()]
        return from_us(min(moments)) if moments else None

    # --- timers and pollers --------------------------------------------------------------------

    async def claim_timers(self, limit: int, lease_s: float, now: datetime) -> Sequence[TimerClaim]:
        state, moment = self._state, to_us(now)
        found = []
        for claim in state.claim(TIMER, limit, later(now, lease_s), moment):
            case_id = int(claim.lane)
            timers = sorted(state.timers[case_id].values(), key=lambda each: each.not_before)
            due = tuple(each for each in timers if each.not_before <= now)
            if due:
                unrouted = self._unrouted(case_id)
                found.append(TimerClaim(claim, due, state.cases.get(case_id), unrouted))
            else:
                state.finish([claim], moment)
        return found

    def _unrouted(self, case_id: int) -> bool:
        case = self._state.cases.get(case_id)
        reporters = case.reporters if case else ()
        return any(self._state.waiting.get(each.address.key) for each in reporters)

    async def take(self, poller: str, lease_s: float, now: datetime) -> Lease | None:
        holder = self._state.pollers[poller]
        kept = holder.token and holder.token == self._held.get(poller)
        if not kept and holder.until > to_us(now):
            return None
        holder.token = holder.token if kept else self._state.ids.token()
        holder.until = later(now, lease_s)
        self._held[poller] = holder.token
        return Lease(poller, holder.token, holder.cursor)

    async def renew(self, lease: Lease, lease_s: float, now: datetime) -> bool:
        holder = self._state.pollers[lease.poller]
        if holder.token != lease.token:
            return False
        holder.until = later(now, lease_s)
        return True

    async def give_back(self, lease: Lease) -> None:
        self._held.pop(lease.poller, None)
        holder = self._state.pollers[lease.poller]
        if holder.token == lease.token:
            holder.token, holder.until = "", 0

    async def forget_leases(self, now: datetime) -> None:
        self._held.clear()
        self._state.forget_leases(to_us(now))
