"""Sends deliveries: claims, stays under the provider's limit, retries, and gives up visibly.

It is the only place that retries. The outcome of a try is written before the next one of the same
lane begins, so a crash can repeat at most the deliveries found as ``sending``.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from router.case import Event, EventKind
from router.delivery import (
    Delivery,
    DeliveryState,
    OnUnknown,
    OptedOut,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
    Unknown,
)
from router.errors import StoreUnavailable
from router.granted import Granted, Rendered, shared
from router.ports import Clock, Finds, Ids, OutboundPart, Sends
from router.store import SendQueue
from router.words.called import SENDINGS, channel_called
from router.work import SendClaim, Settlement

BACK_OFF_S = (60.0, 300.0, 900.0, 3600.0, 14_400.0)
"""Seconds before the second, third … try; the last one repeats until :data:`GIVE_UP`."""
GIVE_UP = timedelta(hours=48)
UNKNOWN_WAIT = timedelta(minutes=10)
"""How long a callback may take before a delivery of unknown outcome is held for an agent."""
_PACED = "la suite du texte part dès que le prestataire en prend davantage"
_BLOCKED = "cette personne ne nous laisse pas lui écrire ici"


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends what waits in one lane role: the deliveries of one channel account."""

    role: str
    channel: Sends
    queue: SendQueue
    clock: Clock
    ids: Ids
    lanes: int = 32
    back_off_s: Sequence[float] = BACK_OFF_S
    spread: random.Random = random.Random()
    told: Callable[[SendOutcome], None] = lambda _: None
    """Hears what each try came to."""
    gave_up: Callable[[Delivery], None] = lambda _: None
    """Hears of each delivery that was tried for :data:`GIVE_UP` in vain."""

    async def run_once(self) -> int:
        """Send what is due now; returns how many deliveries were tried.

        Raises:
            StoreUnavailable: before or after a send; what was sent is found as ``sending`` later.
        """
        now = self.clock.now()
        lease_s = 2 * self.channel.deadline_s + 30
        claims = await self.queue.claim_sends(self.role, self.lanes, lease_s, now)
        if not claims:
            return 0
        granted = await self._within_limit([claim for claim in claims if claim.deliveries])
        idle = [claim.claim for claim in claims if not claim.deliveries]
        if idle:
            await self.queue.finish(idle, self.clock.now())
        failures: list[StoreUnavailable] = []
        async with asyncio.TaskGroup() as tasks:
            for claim in granted.claims:
                tasks.create_task(self._work_apart(claim, granted, failures))
        if failures:
            raise failures[0]
        return sum(len(claim.deliveries) for claim in granted.claims)

    async def _within_limit(self, claims: list[SendClaim]) -> Granted:
        """Keep as many pieces as the shared limit grants; the rest goes back for later."""
        waiting = [each for claim in claims for each in claim.deliveries]
        if not waiting:
            return Granted()
        rendered = {each.id: self._rendered(each) for each in waiting}
        pieces = {each.id: _left(each, rendered[each.id]) for each in waiting}
        now = self.clock.now()
        wanted = sum(pieces.values())
        reserved = await self.queue.reserve(self.role, self.channel.rate, wanted, now)
        granted = shared(claims, pieces, reserved)
        kept = {claim.claim for claim in granted.claims}
        refused = [claim.claim for claim in claims if claim.claim not in kept]
        if refused:
            later = now + timedelta(seconds=granted.wait_s)
            await self.queue.finish(refused, now, not_before=later)
        return replace(granted, rendered=rendered)

    def _rendered(self, delivery: Delivery) -> Rendered:
        """Fit a delivery to the channel, once for the limit and the send."""
        try:
            return self.channel.render(delivery)
        except Exception as error:  # a channel's defect must not stop the other lanes
            return f"défaut de mise en forme ({type(error).__name__})"

    async def _work_apart(
        self, claim: SendClaim, granted: Granted, failures: list[StoreUnavailable]
    ) -> None:
        """Work one lane; a store that fails it must not cut what the other lanes are sending."""
        try:
            await self._work(claim, granted)
        except StoreUnavailable as error:
            failures.append(error)

    async def _work(self, claim: SendClaim, granted: Granted) -> None:
        for delivery in claim.deliveries:
            most = granted.pieces[delivery.id]
            # a send is cut at the deadline, so that no other courier begins while pieces leave
            lease_s = (1 + most) * self.channel.deadline_s + 30
            until = self.clock.now() + timedelta(seconds=lease_s)
            found = delivery.state is DeliveryState.SENDING
            ours = await self.queue.begin([(claim.claim, delivery.id)], lease_s, self.clock.now())
            if delivery.id not in ours:
                return
            begun = replace(delivery, first_try_at=delivery.first_try_at or self.clock.now())
            known = await self._what_became(begun) if found else None
            tried, outcome = (begun, known) if known else await self._try(begun, granted, until)
            if isinstance(outcome, Retry) and outcome.held:
                tried = replace(tried, first_try_at=delivery.first_try_at)
            self.told(outcome)
            settled = self._settled(tried, outcome)
            if isinstance(known, Retry) and not settled.state.settled:
                settled = replace(settled, state=DeliveryState.SENDING)  # still to be found out
            await self.queue.settle(
                [Settlement(claim.claim, settled, self._event(settled))], self.clock.now()
            )
            self._alert(settled, outcome)
            if isinstance(outcome, Retry) and outcome.throttled:
                until = self.clock.now() + timedelta(seconds=outcome.after_s or 1.0)
                await self.queue.postpone(self.role, until)
            if not settled.state.settled:
                break  # those behind it keep their place
        await self.queue.finish([claim.claim], self.clock.now())

    # --- one try -----------------------------------------------------------------------------

    async def _try(
        self, delivery: Delivery, granted: Granted, until: datetime
    ) -> tuple[Delivery, SendOutcome]:
        """Send the pieces that are left, as far as the limit and our lease reach."""
        ids: list[str] = [part for part in delivery.provider_id.split(" ") if part]
        parts = granted.rendered[delivery.id]
        if isinstance(parts, str):
            return delivery, Retry(parts)
        for place, part in enumerate(parts[delivery.parts_sent :]):
            if place == granted.pieces[delivery.id]:
                return delivery, Retry(_PACED, granted.wait_s, held=True)
            if place and self.clock.now() >= until:  # another courier may have begun it
                return delivery, Retry(_PACED, 0.0, held=True)
            outcome = await self._send(part, delivery.idem)
            if not isinstance(outcome, Sent):
                return delivery, outcome
            ids.extend(outcome.provider_ids)
            delivery = replace(delivery, parts_sent=part.index + 1, provider_id=" ".join(ids))
        return delivery, Sent(tuple(ids))

    async def _send(self, part: OutboundPart, idem: str) -> SendOutcome:
        idem = idem if part.count == 1 else f"{idem}-{part.index}"
        try:
            async with asyncio.timeout(self.channel.deadline_s):
                return await self.channel.send(part, idem)
        except TimeoutError:
            return Unknown("aucune réponse dans le délai")
        except Exception as error:  # a channel's defect must not stop the other lanes
            return Unknown(f"défaut pendant l'envoi ({type(error).__name__})")

    async def _what_became(self, delivery: Delivery) -> SendOutcome | None:
        """Settle a delivery found as ``sending``: None means that it may be sent again."""
        match self.channel.on_unknown:
            case OnUnknown.RESEND:
                return None
            case OnUnknown.FIND if isinstance(self.channel, Finds):
                try:
                    async with asyncio.timeout(self.channel.deadline_s):
                        return await self.channel.find(delivery, delivery.idem)
                except Exception as error:  # the provider cannot tell now
                    return Retry(
                        f"le prestataire ne dit pas si c'est parti ({type(error).__name__})"
                    )
            case OnUnknown.WAIT:
                if self._tried_for(delivery) < UNKNOWN_WAIT:
                    return Retry("en attente de l'avis du prestataire", after_s=60)
        return Permanent("unknown", "on ne sait pas si c'est parti : un agent décide")

    # --- outcomes ----------------------------------------------------------------------------

    def _settled(self, delivery: Delivery, outcome: SendOutcome) -> Delivery:
        now = self.clock.now()
        tries = delivery.tries + 1
        match outcome:
            case Sent(provider_ids):
                return replace(
                    delivery,
                    state=DeliveryState.SENT,
                    provider_id=" ".join(provider_ids),
                    tries=tries,
                    error="",
                    settled_at=now,
                )
            case Permanent(code, reason):
                state = DeliveryState.DEAD
                told = f"{_BLOCKED} : {reason}" if code == "blocked" else reason
                if code.isdigit() and code not in reason:
                    told = f"{code} : {reason}"
                return replace(delivery, state=state, tries=tries, error=told, settled_at=now)
            case OptedOut(reason):
                state = DeliveryState.REJECTED
                return replace(delivery, state=state, tries=tries, error=reason, settled_at=now)
            case Unknown(reason):
                return self._unknown(delivery, reason, tries)
            case Retry(reason, after_s, _, held):
                return self._later(delivery, reason, after_s, tries, held=held)

    def _unknown(self, delivery: Delivery, reason: str, tries: int) -> Delivery:
        """Leave it ``sending``: the next try begins by finding out, as the channel says."""
        if self.channel.on_unknown is OnUnknown.HOLD:
            return replace(
                delivery,
                state=DeliveryState.DEAD,
                tries=tries,
                error=f"on ne sait pas si c'est parti : {reason}",
                settled_at=self.clock.now(),
            )
        later = self._later(delivery, reason, None, tries)
        if later.state is DeliveryState.DEAD:
            return later
        return replace(later, state=DeliveryState.SENDING)

    def _later(
        self,
        delivery: Delivery,
        reason: str,
        after_s: float | None,
        tries: int,
        *,
        held: bool = False,
    ) -> Delivery:
        now = self.clock.now()
        if not held and self._tried_for(delivery) >= GIVE_UP:
            return replace(
                delivery,
                state=DeliveryState.DEAD,
                tries=tries,
                error=f"abandonné après {tries} essais : {reason}",
                settled_at=now,
            )
        steps = self.back_off_s
        wait = after_s if after_s is not None else steps[min(tries, len(steps)) - 1]
        jitter = 1 + self.spread.random() / 10
        return replace(
            delivery,
            state=DeliveryState.DEFERRED,
            tries=tries,
            error=reason,
            not_before=now + timedelta(seconds=wait * jitter),
        )

    def _alert(self, settled: Delivery, outcome: SendOutcome) -> None:
        """Tell of what nobody refused and was tried long enough."""
        dead = settled.state is DeliveryState.DEAD and isinstance(outcome, Retry | Unknown)
        if dead and self._tried_for(settled) >= GIVE_UP:
            self.gave_up(settled)

    def _tried_for(self, delivery: Delivery) -> timedelta:
        now = self.clock.now()
        return now - (delivery.first_try_at or now)

    def _event(self, delivery: Delivery) -> Event | None:
        """Tell the case what its people will not receive."""
        lost = {DeliveryState.DEAD, DeliveryState.REJECTED, DeliveryState.BOUNCED}
        if delivery.state not in lost or delivery.case_id is None:
            return None
        what = f"{SENDINGS[delivery.kind]} ({channel_called(delivery.address.channel)})"
        return Event(
            id=self.ids.next(),
            case_id=delivery.case_id,
            kind=EventKind.DELIVERY_FAILED,
            at=self.clock.now(),
            who="outbox",
            text=f"{what} : {delivery.error}",
        )


def _left(delivery: Delivery, rendered: Rendered) -> int:
    """Count the pieces that are still to leave: the provider is called for each."""
    return 1 if isinstance(rendered, str) else max(1, len(rendered) - delivery.parts_sent)
