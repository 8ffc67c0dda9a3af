"""Does what falls due on a case: a deadline that passed is told, withdrawn rules are made good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from router.case import Case, EventKind, Status, Visibility
from router.counting import Tallies
from router.delivery import DeliveryKind
from router.handling.dispatch import Dispatcher
from router.handling.escalation import escalate
from router.handling.reconsider import fell_due, reconsider
from router.handling.recording import shadow_of
from router.policy import Policy
from router.ports import Clock, Ids
from router.rule_ports import Rulebooks
from router.store import RouteQueue, TimerQueue
from router.telling.everyone import Everyone
from router.telling.forwarding import Forwarder
from router.telling.writing import Writing
from router.tokens import Signer
from router.words.wording import Wording
from router.work import Gathered, Timer, TimerClaim, TimerKind, Unit, Verdict, Wanted
from router.workspace import Draft, Workspace

_LATE = "en-retard"
_LOOK_AGAIN = timedelta(seconds=30)
_RUNNING = {
    Status.RECEIVED,
    Status.ASSIGNED,
    Status.ACCEPTED,
    Status.IN_PROGRESS,
    Status.WAITING_PARTNER,
    Status.REOPENED,
}
"""States in which a deadline counts: somebody has been promised something and waits."""
_SETTLED = {
    Status.ANSWERED,
    Status.RESOLVED,
    Status.CLOSED,
    Status.PASSED_ON,
    Status.REFUSED,
    Status.MERGED,
}
"""States in which nobody is alarmed any more."""


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Works the timers that are due."""

    timers: TimerQueue
    routes: RouteQueue
    rulebooks: Rulebooks
    clock: Clock
    ids: Ids
    signer: Signer
    policy: Policy
    batch: int = 64

    async def run_once(self) -> int:
        """Work what is due; returns how many cases were looked at.

        Raises:
            StoreUnavailable: nothing was done; the leases run out by themselves.
        """
        now = self.clock.now()
        claims = await self.timers.claim_timers(self.batch, self.policy.lease_s, now)
        early = [claim for claim in claims if claim.unrouted]
        if early:  # somebody wrote and has not been read yet: he comes first
            await self.routes.release([claim.claim for claim in early], now + _LOOK_AGAIN)
        ready = [claim for claim in claims if not claim.unrouted]
        if not ready:
            return len(claims)
        cases = {claim.case.id: claim.case for claim in ready if claim.case is not None}
        tallies = Tallies()
        wholes = frozenset(case.parent for case in cases.values() if case.parent is not None)
        if wholes:  # they hold the people of their parts
            cases = {**(await self.routes.gather(Wanted(cases=wholes))).cases, **cases}
        units = self._plan(ready, cases, tallies, now)
        if tallies.missing:
            await tallies.learn(self.routes)
            units = self._plan(ready, cases, tallies, now)
        verdicts = await self.routes.commit(units, now)
        lost = [
            claim
            for unit, verdict in zip(units, verdicts, strict=True)
            if verdict not in {Verdict.COMMITTED, Verdict.LOST_CLAIM}
            for claim in unit.claims
        ]
        if lost:
            await self.routes.release(lost, now + _LOOK_AGAIN)
        return len(claims)

    def _plan(
        self,
        ready: Sequence[TimerClaim],
        cases: Mapping[int, Case],
        tallies: Tallies,
        now: datetime,
    ) -> Sequence[Unit]:
        workspace = Workspace(Gathered(cases=cases), self.ids, now, tallies)
        rulebook = self.rulebooks.current()
        shadow = shadow_of(rulebook)
        forwarder = Forwarder(rulebook, workspace, self.signer, self.policy)
        dispatcher = Dispatcher(rulebook, workspace, forwarder, shadow)
        wording = Wording(rulebook, self.policy)
        everyone = Everyone(Writing(workspace, self.signer, self.policy, wording))
        for claim in ready:
            self._work(claim, workspace, dispatcher, everyone)
        return workspace.units()

    def _work(
        self, claim: TimerClaim, workspace: Workspace, dispatcher: Dispatcher, everyone: Everyone
    ) -> None:
        draft = workspace.begin(claim.claim)
        draft.timers_done.extend(timer.id for timer in claim.timers)
        case = claim.case
        if case is None:
            return
        again = [timer for timer in claim.timers if timer.kind is TimerKind.REDECIDE]
        if again:  # whatever its generation: the rules were withdrawn for every case they decided
            cause = f"timer:{again[0].id}"
            case = reconsider(draft, case, cause, workspace, dispatcher, everyone)
        elif due := [one for one in _due(claim, case) if not _is_said(one, case)]:
            case = fell_due(draft, case, f"timer:{due[0].id}", dispatcher, everyone)
        steps = _due(claim, case)
        # a late start tells only the last step that fell due; what went before is only noted
        last = max((timer.not_before for timer in steps), default=None)
        for timer in sorted(steps, key=lambda timer: timer.not_before):
            told = timer.not_before == last
            if timer.kind is TimerKind.DEADLINE:
                case = self._deadline(draft, case, timer, workspace, dispatcher, told=told)
            elif told:
                case = escalate(draft, case, workspace, dispatcher)

    def _deadline(
        self,
        draft: Draft,
        case: Case,
        timer: Timer,
        workspace: Workspace,
        dispatcher: Dispatcher,
        *,
        told: bool,
    ) -> Case:
        if _is_said(timer, case):
            return case
        case = workspace.save(draft, replace(case, labels=_with(case.labels, _LATE)))
        text = "Le délai annoncé est dépassé."
        workspace.tell(draft, case, EventKind.NOTE, "clock", text, Visibility.CITIZEN)
        directory = dispatcher.rulebook.directory
        services = {
            service.id: service
            for service in (
                directory.service(case.owner),
                directory.service(case.lead) if case.lead else None,
                directory.desk,
            )
            if service and told
        }
        told_of = tuple(one for one in services if one != case.owner)
        watchers = tuple(dict.fromkeys((*case.watchers, *told_of)))
        case = workspace.save(draft, replace(case, watchers=watchers))
        for service in services.values():
            dispatcher.forwarder.forward(
                draft, case, service, DeliveryKind.ALERT, f"timer:{timer.id}", added=text
            )
        return case


def _due(claim: TimerClaim, case: Case) -> list[Timer]:
    """List the steps that a case as it is now still waits for."""
    return [
        timer
        for timer in claim.timers
        if timer.kind is not TimerKind.REDECIDE
        and timer.generation == case.generation
        and (
            case.status in _RUNNING
            if timer.kind is TimerKind.DEADLINE
            else case.status not in _SETTLED
        )
    ]


def _is_said(timer: Timer, case: Case) -> bool:
    """Whether a step has acted on a case before: its clock was only set anew."""
    if timer.kind is TimerKind.DEADLINE:
        return _LATE in case.labels
    return case.escalation is None or case.escalation.name in case.escalated


def _with(labels: tuple[str, ...], label: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*labels, label)))
