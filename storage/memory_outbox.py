"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from router.delivery import Delivery, DeliveryState, Rate
from router.work import Again, Claim, Reservation, SendClaim, Settlement, send_role
from storage.codec import to_us
from storage.memory_state import State, later
from storage.order import grant, sendable
from storage.outbox import provider_ids, recorded

_REQUEUED = {
    DeliveryState.DEAD,
    DeliveryState.REJECTED,
    DeliveryState.BOUNCED,
    DeliveryState.AWAITS,
}


class MemoryOutbox:
    """The send queue and its administration."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._wakes: list[Callable[[str], None]] = []

    def on_work(self, wake: Callable[[str], None]) -> None:
        self._wakes.append(wake)

    def _wake(self, role: str) -> None:
        for wake in self._wakes:
            wake(role)

    async def claim_sends(
        self, role: str, limit: int, lease_s: float, now: datetime
    ) -> Sequence[SendClaim]:
        state, moment = self._state, to_us(now)
        found = []
        for claim in state.claim(role, limit, later(now, lease_s), moment):
            ids, due = sendable(state.lane_waiting(role, claim.lane), moment)
            if ids:
                found.append(SendClaim(claim, tuple(state.deliveries[each] for each in ids)))
            else:
                state.open_lane(role, claim.lane, due)
        return sorted(found, key=lambda each: each.deliveries[0].id)

    async def reserve(self, bucket: str, rate: Rate, wanted: int, now: datetime) -> Reservation:
        arrival, closed_until = self._state.buckets.get(bucket, (0, 0))
        given = grant(arrival, closed_until, rate, wanted, to_us(now))
        self._state.buckets[bucket] = given.arrival, closed_until
        return Reservation(given.granted, given.wait_us / 1_000_000)

    async def postpone(self, bucket: str, until: datetime) -> None:
        arrival, closed_until = self._state.buckets.get(bucket, (0, 0))
        self._state.buckets[bucket] = arrival, max(closed_until, to_us(until))

    async def begin(
        self, sends: Sequence[tuple[Claim, int]], lease_s: float, now: datetime
    ) -> frozenset[int]:
        state, until = self._state, later(now, lease_s)
        begun = set()
        for claim, delivery_id in sends:
            if not state.holds(claim):
                continue
            state.lanes[claim.role][claim.lane].due = until
            found = state.deliveries.get(delivery_id)
            if found is None or found.state.settled:
                continue
            sending = DeliveryState.SENDING
            state.put_delivery(
                replace(
                    found,
                    state=sending,
                    not_before=None,
                    tries=found.tries + 1,
                    first_try_at=found.first_try_at or now,
                )
            )
            begun.add(delivery_id)
        return frozenset(begun)

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        state = self._state
        held = {each.claim for each in settlements if state.holds(each.claim)}
        for each in settlements:
            before = state.deliveries.get(each.delivery.id)
            if before is None or not recorded(before.state.rank, each, held=each.claim in held):
                continue
            state.put_delivery(_settled(before, each.delivery, now))
            for ref in provider_ids(each.delivery):
                state.put_ref(ref, each.delivery.case_id, each.delivery.id)
            if each.event is not None and each.delivery.state.rank >= before.state.rank:
                self._tell_case(each, now)

    def _tell_case(self, settlement: Settlement, now: datetime) -> None:
        event = settlement.event
        if event is None:
            return
        case = self._state.cases.get(event.case_id)
        if case is not None:
            self._state.cases[case.id] = replace(case, version=case.version + 1, updated_at=now)
        self._state.events[event.case_id].append(event)
        self._state.event_ids.add((event.case_id, event.id))

    async def finish(
        self, claims: Sequence[Claim], now: datetime, not_before: datetime | None = None
    ) -> None:
        alive = self._state.alive(claims)
        awake = self._state.finish(alive, to_us(now))
        if not_before is not None and not_before > now:
            for claim in alive:
                lane = self._state.lanes[claim.role].get(claim.lane)
                if lane is not None:
                    lane.due = max(lane.due, to_us(not_before))
            return
        for role in sorted(awake):
            self._wake(role)

    async def roles_waiting(self) -> Sequence[str]:
        lanes = self._state.lanes
        return sorted(role for role in lanes if role.startswith("send:") and lanes[role])

    async def list_deliveries(
        self,
        states: Sequence[DeliveryState],
        limit: int = 100,
        channel: str = "",
        *,
        newest: bool = False,
    ) -> Sequence[Delivery]:
        found = sorted(self._state.deliveries.values(), key=lambda each: each.id, reverse=newest)
        return [
            each for each in found if each.state in states and channel in {"", each.address.channel}
        ][:limit]

    async def requeue(self, delivery_id: int, now: datetime) -> bool:
        found = self._state.deliveries.get(delivery_id)
        if found is None or found.state not in _REQUEUED:
            return False
        # what came back is sent anew; what was given up half way goes on from there
        kept = found.state is DeliveryState.DEAD
        fresh = replace(
            found,
            parts_sent=found.parts_sent if kept else 0,
            provider_id=found.provider_id if kept else "",
            state=DeliveryState.QUEUED,
            not_before=None,
            settled_at=None,
            first_try_at=None,
            tries=0,
            error="",
        )
        self._state.put_delivery(fresh)
        role = send_role(found.address)
        self._state.wake(role, found.lane, to_us(now))
        self._wake(role)
        return True


def _settled(before: Delivery, after: Delivery, now: datetime) -> Delivery:
    """Merge an outcome into its row; a receipt that came first keeps its higher rank."""
    state = before.state if after.state.rank < before.state.rank else after.state
    settled_at = before.settled_at or after.settled_at or (now if state.settled else None)
    return replace(
        before,
        state=state,
        not_before=after.not_before,
        tries=max(after.tries, before.tries),
        parts_sent=after.parts_sent,
        provider_id=after.provider_id or before.provider_id,
        error=after.error,
        settled_at=settled_at,
        first_try_at=after.first_try_at,
    )


def put_back(state: State, wanted: Sequence[Again], now: datetime) -> set[str]:
    """Have each be sent once more when it is due; gives the roles that got work."""
    awake = set()
    for each in wanted:
        found = state.deliveries.get(each.delivery_id)
        if found is None or found.state.rank != DeliveryState.SENT.rank:
            continue
        state.put_delivery(
            replace(
                found,
                state=DeliveryState.DEFERRED,
                not_before=each.not_before,
                settled_at=None,
                parts_sent=max(found.parts_sent - 1, 0),
                provider_id="",
                error=each.error,
            )
        )
        state.wake(send_role(each.address), each.lane, to_us(max(now, each.not_before)))
        awake.add(send_role(each.address))
    return awake


def tell(state: State, told: Sequence[Delivery], now: datetime) -> set[str]:
    """Queue what is still withheld for the address that stands on it; gives the roles that got work."""
    awake = set()
    for each in sorted(told, key=lambda one: one.id):
        found = state.deliveries.get(each.id)
        if found is None or found.state is not DeliveryState.WITHHELD:
            continue
        state.put_delivery(replace(each, state=DeliveryState.QUEUED, settled_at=None, error=""))
        state.wake(send_role(each.address), each.lane, to_us(now))
        awake.add(send_role(each.address))
    return awake
