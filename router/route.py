"""Works the journal: reads what came in, finds its case, has it decided, and dispatches it.

Between claiming and committing there is only computation on values; a batch that cannot be
committed leaves no trace and is worked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from router.archive import Action
from router.errors import InvalidInput
from router.events import (
    AddressConfirmed,
    AskedToRead,
    Blocked,
    CallMissed,
    CellSaid,
    Encrypted,
    HelpAsked,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
    PartnerActed,
    ReceiptReceived,
    TaskDone,
)
from router.handling.adding import Adding
from router.handling.arriving import Arriving
from router.handling.dangers import Dangers
from router.handling.deeds import Deeds
from router.handling.desk import Desk
from router.handling.dispatch import Dispatcher
from router.handling.in_private import InPrivate
from router.handling.inbound import Handler
from router.handling.letting_go import LettingGo
from router.handling.opening import Opening
from router.handling.partners import Partners
from router.handling.recording import shadow_of
from router.handling.taking import Taking
from router.handling.transfer import Transfers
from router.handling.windows import Windows
from router.handling.wishes import Wishes
from router.message import Address, Message, corrected, person_at
from router.policy import Policy
from router.ports import Clock, Ids, Reads
from router.reading.conversation import numbers_of
from router.reading.looking import Looks
from router.reading.rows import Reader, ReadRow, Report
from router.reading.sent_before import refs_of, without_ours
from router.rule_ports import Rulebooks, Understands
from router.store import RouteQueue
from router.telling.budget import unconfirmed
from router.telling.forwarding import Forwarder
from router.telling.replies import Replies
from router.tokens import Signer
from router.words.their_numbers import quoted
from router.words.wording import Wording
from router.work import Claim, Gathered, Inbound, RouteClaim, Unit, Verdict, Wanted
from router.worked import Observer, Worked
from router.workspace import Workspace

_FAILED_WAIT = timedelta(seconds=5)
_MOST_PLANS = 3
_MOST_LEADS = 3
"""From a delivery to its case, from a part to its whole, from people to their conversations."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch wants written, what it saw, and the claims whose work failed here."""

    units: tuple[Unit, ...]
    seen: Mapping[str, tuple[tuple[Inbound, Worked], ...]]
    failed: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Router:
    """Routes conversations that have messages waiting, a batch at a time."""

    store: RouteQueue
    readers: Mapping[tuple[str, str], Reads]
    rulebooks: Rulebooks
    understands: Understands
    clock: Clock
    ids: Ids
    signer: Signer
    policy: Policy
    report: Report
    observe: Observer | None = None
    batch: int = 128

    async def run_once(self) -> int:
        """Work one batch; returns how many messages were claimed.

        Raises:
            StoreUnavailable: nothing of the batch was written.
        """
        now = self.clock.now()
        claims = await self.store.claim_routes(self.batch, self.policy.lease_s, now)
        if not claims:
            return 0
        reader = Reader(self.readers, self.policy, self.report)
        read, looks = await reader.read(claims, self._looks)
        gathered = await self._gather(read)
        rows = without_ours(read, gathered)
        looks.foresee(
            (message, case)
            for message in _messages(rows)
            if (talk := gathered.conversations.get(message.answered_at.key)) is not None
            and (case := gathered.cases.get(talk.case_id or 0)) is not None
        )
        if looks.tallies.missing:
            await looks.tallies.learn(self.store)
        plan = await self._settled(claims, rows, gathered, looks, now)
        verdicts = await self.store.commit(plan.units, now) if plan.units else ()
        await self._conclude(plan, verdicts, now)
        return sum(len(claim.inbound) for claim in claims)

    def _looks(self) -> Looks:
        return Looks(self.rulebooks.current(), self.understands, self.policy.cells)

    # --- gathering -----------------------------------------------------------------------------

    async def _gather(self, rows: Mapping[str, Sequence[ReadRow]]) -> Gathered:
        """Read what a batch needs, and what that leads to: to cases, their wholes, their people."""
        events = [event for lane in rows.values() for row in lane for event in row.events]
        wanted = wanted_for(events, self.signer)
        found, asked = await self.store.gather(wanted), wanted
        for _ in range(_MOST_LEADS):
            more = _led_to(found, asked)
            if not (more.conversations or more.cases):
                break
            found = _with(found, await self.store.gather(more))
            asked = Wanted(asked.conversations | more.conversations, asked.cases | more.cases)
        return found

    # --- planning ------------------------------------------------------------------------------

    async def _settled(
        self,
        claims: Sequence[RouteClaim],
        rows: Mapping[str, Sequence[ReadRow]],
        gathered: Gathered,
        looks: Looks,
        now: datetime,
    ) -> Plan:
        """Plan, and plan again with the counts that only became known to be needed on the way."""
        for _ in range(_MOST_PLANS):
            plan = await asyncio.to_thread(self._plan, claims, rows, gathered, looks, now)
            if not looks.tallies.missing:
                break
            await looks.tallies.learn(self.store)
        return plan

    def _plan(
        self,
        claims: Sequence[RouteClaim],
        rows: Mapping[str, Sequence[ReadRow]],
        gathered: Gathered,
        looks: Looks,
        now: datetime,
    ) -> Plan:
        """Work all claims; one that fails is taken out and the others are worked afresh."""
        failed: list[Claim] = []
        while True:
            workspace = Workspace(gathered, self.ids, now, looks.tallies)
            handler = self._handler(looks, workspace)
            seen: dict[str, tuple[tuple[Inbound, Worked], ...]] = {}
            for claim in claims:
                if claim.claim in failed:
                    continue
                try:
                    seen[claim.claim.token] = self._work(
                        claim, rows[claim.claim.lane], workspace, handler
                    )
                except Exception as error:  # one conversation must not hold up the others
                    self.report("route", error)
                    failed.append(claim.claim)
                    break
            else:
                return Plan(workspace.units(), seen, tuple(failed))

    def _handler(self, looks: Looks, workspace: Workspace) -> Handler:
        rulebook = looks.rulebook
        shadow = shadow_of(rulebook)
        forwarder = Forwarder(rulebook, workspace, self.signer, self.policy)
        dispatcher = Dispatcher(rulebook, workspace, forwarder, shadow)
        wording = Wording(rulebook, self.policy)
        replies = Replies(workspace, self.signer, self.policy, wording)
        deeds = Deeds(workspace, dispatcher, replies.everyone)
        partners = Partners(workspace, dispatcher, deeds, self.signer)
        wishes = Wishes(workspace, rulebook.directory, replies)
        windows = Windows(workspace, replies)
        in_private = InPrivate(workspace, replies.everyone.writing)
        desk = Desk(workspace, replies)
        opening = Opening(workspace, dispatcher, replies, desk)
        adding = Adding(workspace, dispatcher, replies, desk)
        return Handler(
            workspace,
            replies,
            opening,
            adding,
            Dangers(workspace, opening, adding, looks),
            Arriving(workspace, replies, windows, self.signer),
            windows,
            in_private,
            partners,
            wishes,
            desk,
            Taking(workspace, dispatcher, replies, opening),
            Transfers(
                workspace,
                dispatcher,
                deeds,
                replies.everyone,
                LettingGo(workspace, dispatcher, deeds),
            ),
            looks,
            self.signer,
        )

    def _work(
        self,
        claim: RouteClaim,
        rows: Sequence[ReadRow],
        workspace: Workspace,
        handler: Handler,
    ) -> tuple[tuple[Inbound, Worked], ...]:
        draft = workspace.begin(claim.claim)
        seen: list[tuple[Inbound, Worked]] = []
        for row in rows:
            results = [handler.work(draft, row.inbound, event) for event in row.events]
            if row.unreadable:
                results = [Worked(Action.QUARANTINE, row.unreadable)]
            elif not results:
                results = [Worked(Action.IGNORE, "rien à lire")]
            main = next((result for result in results if result.case is not None), results[0])
            workspace.finish(draft, (row.inbound.id,), main.action, main.case, main.reason)
            seen.extend((row.inbound, result) for result in results)
        return tuple(seen)

    # --- after the commit ----------------------------------------------------------------------

    async def _conclude(self, plan: Plan, verdicts: Sequence[Verdict], now: datetime) -> None:
        again: list[Claim] = []
        failed: list[Claim] = list(plan.failed)
        for unit, verdict in zip(plan.units, verdicts, strict=True):
            if verdict is Verdict.COMMITTED:
                self._show(plan, unit)
            elif verdict is Verdict.FAILED:
                failed.extend(unit.claims)
            elif verdict in {Verdict.STALE_CASE, Verdict.STALE_RULES}:
                again.extend(unit.claims)
        if again:
            await self.store.release(again, now)
        if failed:
            await self.store.release(failed, now + _FAILED_WAIT, failed=True)

    def _show(self, plan: Plan, unit: Unit) -> None:
        if self.observe is None:
            return
        for claim in unit.claims:
            for inbound, worked in plan.seen.get(claim.token, ()):
                self.observe(inbound, worked)


def _messages(rows: Mapping[str, Sequence[ReadRow]]) -> Iterator[Message]:
    for lane in rows.values():
        for row in lane:
            for event in row.events:
                if isinstance(event, MessageReceived):
                    yield event.message


def _led_to(found: Gathered, asked: Wanted) -> Wanted:
    """List what is named by what was found, and has not been asked for."""
    keys = {
        reporter.address.key for case in found.cases.values() for reporter in case.reporters
    } | {delivery.address.key for delivery in found.deliveries.values()}
    cases = {
        case_id
        for case in found.cases.values()
        for case_id in (case.parent, case.merged_into, *(case.parts_open if case.came else ()))
        if case_id is not None
    } | {each.case_id for each in found.deliveries.values() if each.case_id is not None}
    return Wanted(
        conversations=frozenset(keys - found.conversations.keys() - asked.conversations),
        cases=frozenset(cases - found.cases.keys() - asked.cases),
    )


def _with(found: Gathered, more: Gathered) -> Gathered:
    return replace(
        found,
        conversations={**more.conversations, **found.conversations},
        cases={**more.cases, **found.cases},
        numbers={**more.numbers, **found.numbers},
    )


def wanted_for(events: Sequence[InboundEvent], signer: Signer) -> Wanted:
    """List what must be known of a batch of events before they are worked."""
    messages = [
        event.message for event in events if isinstance(event, MessageReceived | MessageEdited)
    ]
    receipts = [event for event in events if isinstance(event, ReceiptReceived)]
    refs = {ref for message in messages for ref in message.thread.refs}
    refs |= {ref for message in messages for ref in quoted(message)}
    refs |= {corrected(message.ref) for message in messages if message.ref}
    refs |= {message.album_ref for message in messages if message.album}
    edited = {event.edited_ref for event in events if isinstance(event, MessageEdited)}
    refs |= edited | {corrected(ref) for ref in edited}
    refs |= {event.ref for event in events if isinstance(event, MessageTakenBack)}
    numbers = {number for message in messages for number in numbers_of(message, signer)}
    for event in events:
        if isinstance(event, AddressConfirmed):
            with suppress(InvalidInput):
                numbers.add(signer.read(event.token).number)
    numbers |= {event.number for event in events if isinstance(event, CellSaid)}
    acts = [event for event in events if isinstance(event, PartnerActed)]
    for event in acts:
        if not event.forward:
            try:
                numbers.add(signer.read(event.token).number)
            except InvalidInput:
                continue
    return Wanted(
        conversations=frozenset(address.key for address in _addresses(events, messages)),
        numbers=frozenset(numbers),
        refs=frozenset(refs),
        withheld=frozenset(who.key for who in _in_private(events) if who is not None),
        deliveries=frozenset(
            receipt.delivery_id for receipt in receipts if receipt.delivery_id is not None
        )
        | frozenset(event.delivery_id for event in events if isinstance(event, TaskDone)),
        provider_ids=frozenset(receipt.provider_id for receipt in receipts if receipt.provider_id)
        | frozenset(
            event.about for event in events if isinstance(event, OptedOutOf) and event.about
        )
        | frozenset(ref for message in messages for ref in refs_of(message))
        | frozenset(act.forward for act in acts if act.forward),
    )


def _in_private(events: Sequence[InboundEvent]) -> Iterator[Address | None]:
    """Name who is heard in private, where his channel tells."""
    for event in events:
        if isinstance(event, MessageReceived) and not event.message.public:
            yield event.message.person_at
        elif isinstance(event, HelpAsked | OptedOutOf):
            yield person_at(event.address, event.person)


def _addresses(events: Sequence[InboundEvent], messages: Sequence[Message]) -> list[Address]:
    addresses = [each for message in messages for each in (message.address, message.answered_at)]
    addresses += [unconfirmed(each.address) for each in messages if each.until_confirmed]
    addresses += [
        event.instead for event in events if isinstance(event, TaskDone) and event.instead
    ]
    return addresses + [
        event.address
        for event in events
        if isinstance(
            event, OptedOutOf | HelpAsked | AskedToRead | Blocked | Encrypted | CallMissed
        )
    ]
