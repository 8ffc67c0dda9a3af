"""The tables of the store in memory, and its lanes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.case import Case, Event
from router.delivery import Delivery, DeliveryState
from router.message import ConversationKey, Envelope
from router.ports import Ids
from router.record import DecisionRecord
from router.tracking import TrackingNumber
from router.versions import ReplayReport, RulesetVersion, ShadowDraft
from router.work import ROUTE, TIMER, Claim, Conversation, Done, Timer, send_role
from storage.codec import from_us, to_us, us_or_none
from storage.order import Waiting, sendable


@dataclass(slots=True)
class Lane:
    """A claim unit: leased while it has a token."""

    due: int
    token: str = ""


@dataclass(slots=True)
class Row:
    """A row of the journal."""

    id: int
    envelope: Envelope
    tries: int = 0
    done: Done | None = None


@dataclass(slots=True)
class Holder:
    """Who polls, and how far he is."""

    token: str = ""
    until: int = 0
    cursor: str = ""


@dataclass(slots=True)
class State:
    """Everything the store knows."""

    ids: Ids
    inbound: dict[int, Row] = field(default_factory=dict)
    once: dict[tuple[str, str, str], int] = field(default_factory=dict)
    waiting: dict[ConversationKey, set[int]] = field(default_factory=lambda: defaultdict(set))
    lanes: dict[str, dict[str, Lane]] = field(default_factory=lambda: defaultdict(dict))
    conversations: dict[ConversationKey, Conversation] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    numbers: dict[TrackingNumber, int] = field(default_factory=dict)
    marked: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Cases that bear a mark by which they are counted, or once did."""
    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    event_ids: set[tuple[int, int]] = field(default_factory=set)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    idems: set[str] = field(default_factory=set)
    outbox: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    ref_cases: dict[str, int] = field(default_factory=dict)
    ref_deliveries: dict[str, int] = field(default_factory=dict)
    timers: dict[int, dict[int, Timer]] = field(default_factory=lambda: defaultdict(dict))
    buckets: dict[str, tuple[int, int]] = field(default_factory=dict)
    pollers: dict[str, Holder] = field(default_factory=lambda: defaultdict(Holder))
    decisions: list[DecisionRecord] = field(default_factory=list)
    rulesets: list[RulesetVersion] = field(default_factory=list)
    live_ruleset: int = 0
    replays: dict[str, ReplayReport] = field(default_factory=dict)
    shadow: ShadowDraft | None = None

    # --- lanes -------------------------------------------------------------------------------

    def claim(self, role: str, limit: int, until: int, now: int) -> list[Claim]:
        """Take up to ``limit`` due lanes of a role, longest due first."""
        due = sorted((lane.due, key) for key, lane in self.lanes[role].items() if lane.due <= now)
        claims = []
        for _, key in due[:limit]:
            token = self.ids.token()
            self.lanes[role][key] = Lane(until, token)
            claims.append(Claim(role, key, token, from_us(until)))
        return claims

    def alive(self, claims: Iterable[Claim]) -> list[Claim]:
        """Keep the claims that still hold."""
        return [claim for claim in claims if self.holds(claim)]

    def holds(self, claim: Claim) -> bool:
        lane = self.lanes[claim.role].get(claim.lane)
        return lane is not None and lane.token == claim.token

    def wake(self, role: str, key: str, due: int) -> None:
        lane = self.lanes[role].setdefault(key, Lane(due))
        if not lane.token:  # the holder of a leased lane looks for new work when he ends
            lane.due = min(lane.due, due)

    def open_lane(self, role: str, key: str, due: int | None) -> None:
        """Take the lease off a lane: due again, or gone when it has no work."""
        if due is None:
            self.lanes[role].pop(key, None)
        else:
            self.lanes[role][key] = Lane(due)

    def forget_leases(self, now: int) -> None:
        """Take every lease off, as for the work of a process that is gone."""
        for lanes in self.lanes.values():
            for key, lane in lanes.items():
                if lane.token:
                    lanes[key] = Lane(now)
        for holder in self.pollers.values():
            holder.token, holder.until = "", 0

    def finish(self, claims: Iterable[Claim], now: int) -> set[str]:
        """Give lanes back: due with their next work, gone without; returns roles due now."""
        awake = set()
        for claim in claims:
            due = self.lane_due(claim.role, claim.lane, now)
            self.open_lane(claim.role, claim.lane, due)
            if due is not None and due <= now:
                awake.add(claim.role)
        return awake

    def lane_due(self, role: str, key: str, now: int) -> int | None:
        if role == ROUTE:
            return now if self.waiting.get(ConversationKey(key)) else None
        if role == TIMER:
            moments = [to_us(each.not_before) for each in self.timers[int(key)].values()]
            return min(moments, default=None)
        return sendable(self.lane_waiting(role, key), now)[1]

    def lane_waiting(self, role: str, key: str) -> list[Waiting]:
        found = [self.deliveries[each] for each in sorted(self.outbox[role, key])]
        return [
            Waiting(
                each.id,
                us_or_none(each.not_before),
                to_us(each.first_try_at or each.created_at),
            )
            for each in found
        ]

    # --- deliveries --------------------------------------------------------------------------

    def put_delivery(self, delivery: Delivery) -> None:
        """Keep a delivery as it is now; only one that waits stays in its lane."""
        self.deliveries[delivery.id] = delivery
        lane = self.outbox[send_role(delivery.address), delivery.lane]
        if delivery.state.settled:
            lane.discard(delivery.id)
        else:
            lane.add(delivery.id)

    def put_ref(self, ref: str, case_id: int | None, delivery_id: int | None = None) -> None:
        if case_id is not None:
            self.ref_cases.setdefault(ref, case_id)
        if delivery_id is not None:
            self.ref_deliveries.setdefault(ref, delivery_id)

    def withheld(
        self, people: Collection[ConversationKey]
    ) -> Mapping[ConversationKey, tuple[Delivery, ...]]:
        """Give what was withheld from people, oldest first."""
        found: dict[ConversationKey, list[Delivery]] = defaultdict(list)
        for each in sorted(self.deliveries) if people else ():
            kept = self.deliveries[each]
            lane = ConversationKey(kept.lane)
            if kept.state is DeliveryState.WITHHELD and lane in people:
                found[lane].append(kept)
        return {person: tuple(kept) for person, kept in found.items()}

    def with_successors(self, ids: Iterable[int]) -> Mapping[int, Case]:
        """Give cases, and those that they were merged into."""
        found: dict[int, Case] = {}
        queue = list(ids)
        while queue:
            case = self.cases.get(queue.pop())
            if case is not None and case.id not in found:
                found[case.id] = case
                if case.merged_into is not None:
                    queue.append(case.merged_into)
        return found


def later(now: datetime, seconds: float) -> int:
    return to_us(now) + round(seconds * 1_000_000)
