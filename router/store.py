"""What the way of a case asks of the store, as small Protocols; their nouns stand in router.work.

Store ports are asynchronous; what is inside one call is one transaction. No database type comes
through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from router.archive import CaseReader, JournalReader, OutboxAdmin
from router.counting import CountsCases
from router.delivery import Rate
from router.message import Envelope
from router.record import Decisions
from router.versions import Rulesets
from router.work import (
    Accepted,
    Claim,
    CursorWrite,
    Gathered,
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


class Intake(Protocol):
    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        """Make envelopes durable, all or none, together with the poller's cursor.

        Returns one Accepted per envelope, in order.

        Raises:
            StoreUnavailable: nothing is promised; the provider must keep them.
        """
        ...


class RouteQueue(CountsCases, Protocol):
    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        """Take up to ``limit`` conversations that have messages waiting, each under a lease."""
        ...

    async def gather(self, wanted: Wanted) -> Gathered: ...

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        """Write units in one transaction, each all or nothing; one verdict per unit, in order.

        A committed unit releases its claims; a lane with work left becomes due again.
        """
        ...

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        """Give claims back unworked, due again at ``due``; their rows count a try if it failed."""
        ...

    async def next_due(self, role: str) -> datetime | None:
        """When the next lane of a role becomes due; None when it has no work."""
        ...


class SendQueue(Protocol):
    """The outbox in the store. The role of a lane is ``send:CHANNEL|ACCOUNT``."""

    async def claim_sends(
        self, role: str, limit: int, lease_s: float, now: datetime
    ) -> Sequence[SendClaim]: ...

    async def reserve(self, bucket: str, rate: Rate, wanted: int, now: datetime) -> Reservation:
        """Take up to ``wanted`` tokens of a limit that all processes share (GCRA)."""
        ...

    async def postpone(self, bucket: str, until: datetime) -> None:
        """A provider said 429: nobody sends on this account before ``until``."""
        ...

    async def begin(
        self, sends: Sequence[tuple[Claim, int]], lease_s: float, now: datetime
    ) -> frozenset[int]:
        """Mark deliveries as being sent and renew their leases; returns ids still ours."""
        ...

    async def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Record outcomes; those whose claim was lost are recorded only if they raise the rank."""
        ...

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None: ...

    async def finish(
        self, claims: Sequence[Claim], now: datetime, not_before: datetime | None = None
    ) -> None:
        """Give lanes back after settling: due with their next delivery, gone when none is left.

        ``not_before`` holds a lane back that found no room under the provider's limit; no try is
        counted.
        """
        ...

    async def next_due(self, role: str) -> datetime | None: ...

    async def roles_waiting(self) -> Sequence[str]:
        """List the send roles that have work, so that one without a channel can be reported."""
        ...


class TimerQueue(Protocol):
    async def claim_timers(
        self, limit: int, lease_s: float, now: datetime
    ) -> Sequence[TimerClaim]: ...


class Leases(Protocol):
    async def take(self, poller: str, lease_s: float, now: datetime) -> Lease | None:
        """Take or keep a poller's lease; None when another process holds it."""
        ...

    async def renew(self, lease: Lease, lease_s: float, now: datetime) -> bool: ...

    async def give_back(self, lease: Lease) -> None: ...


class ForgetsLeases(Protocol):
    async def forget_leases(self, now: datetime) -> None:
        """End every lease: only for a process that knows it is the only one at work here."""
        ...


class Store(
    Intake,
    RouteQueue,
    SendQueue,
    TimerQueue,
    Leases,
    ForgetsLeases,
    CaseReader,
    JournalReader,
    OutboxAdmin,
    Rulesets,
    Decisions,
    Protocol,
):
    """All of the store, for start-up and tests; every other place asks for the part it needs."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def pending(self) -> int:
        """Count the work that is due now or later, timers left out: 0 means all is quiet."""
        ...

    async def tidy(self, now: datetime) -> int:
        """Do the daily upkeep; returns how many payloads that no message names were removed."""
        ...

    async def named(
        self, words: Collection[str], channels: Collection[str], since: datetime
    ) -> frozenset[str]:
        """Find those of ``words`` that stand in what came by these channels since then, to any cell.

        Raises:
            StoreUnavailable: it cannot be told.
        """
        ...

    def on_work(self, wake: Callable[[str], None]) -> None:
        """Have ``wake(role)`` called after a commit that made work for a role in this process."""
        ...
