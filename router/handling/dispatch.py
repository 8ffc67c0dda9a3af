"""Turns a decision into a case with an owner, a deadline, and what services receive."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from router.case import (
    Case,
    CaseFile,
    EventKind,
    Reporter,
    ReporterRole,
    Status,
    Visibility,
)
from router.decision import Decision, Facts, Nature
from router.delivery import DeliveryKind
from router.directory import Level, Service
from router.handling.clocks import alarm_of, due_again, set_timers
from router.handling.recording import keep
from router.message import Message
from router.reading.joining import known_in_public
from router.reading.looking import area_of, counted_again
from router.record import Cause
from router.rule_ports import Rulebook
from router.telling.forwarding import Forwarder
from router.telling.informing import inform, remembered, told
from router.telling.offering import Offering, from_offer
from router.tracking import TrackingNumber
from router.words.receipts import promised_of
from router.workspace import Draft, Workspace

REDIRECT_LABEL = "redirection"
"""A label by which a rule says: no service is woken, the person is told whom to ask."""

UNSTARTED = {Status.RECEIVED, Status.ASSIGNED, Status.WAITING_CITIZEN, Status.REOPENED}
"""States in which other rules may still send a case elsewhere."""
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Writes what a decision means into a workspace; one for each batch, bound to its rule book."""

    rulebook: Rulebook
    workspace: Workspace
    forwarder: Forwarder
    shadow: Rulebook | None = None

    # --- facts -------------------------------------------------------------------------------

    def facts_of_case(self, case: Case) -> Facts:
        """State what is known of a case, as it was when it came in and with all that was added."""
        return Facts(
            received_at=case.received_at,
            text=case.text,
            subject=case.subject,
            language=case.language,
            category=case.given_category,
            place=case.place,
            channel=case.channel or None,
            counter=case.counter or None,
            confirmations=case.confirmations,
            confirmations_before=case.confirmed_before,
            urgency=case.stated_urgency,
            annoyance=case.annoyance,
            attachment=case.attachments > 0,
            sender_kinds=case.sender_kinds or None,
            first_contact=case.first_contact,
            nature=case.nature,
            asked=case.questions,
            refused_by=case.refused_by,
            agent_choice=case.agent_choice,
        )

    # --- a new case --------------------------------------------------------------------------

    def open(
        self,
        draft: Draft,
        message: Message,
        facts: Facts,
        decision: Decision,
        asked: str,
        files: tuple[CaseFile, ...] = (),
        beside: tuple[str, ...] = (),
    ) -> Case:
        """Open the case of a message under a decision, and hand it over with its files."""
        number = message.offer.number if message.offer else self.workspace.ids.number()
        new = self._new(message, facts, decision, number, asked, files)
        new = replace(new, beside=beside) if beside else new
        case = self.workspace.save(draft, new)
        self.workspace.opened(case)
        # for all who have the number: the person's words are the case's text, and no line of this
        self.workspace.tell(draft, case, EventKind.RECEIVED, "citizen", "", Visibility.CITIZEN)
        self._record(draft, case, decision)
        keep(draft, self.workspace, self.shadow, case, decision, facts, Cause.NEW)
        self.workspace.refer(draft, message.ref, case)
        if redirects(decision, self.rulebook, facts.nature):
            # no service is woken, not by what is added later either
            case = remembered(case, decision.notify, decision.consult)
            return self.workspace.save(draft, case, Status.ANSWERED)
        if decision.parts:
            return self._split(draft, case, decision)
        return self.hand_over(draft, case, decision, cause=str(case.id))

    def would_be(self, message: Message, facts: Facts, decision: Decision) -> Case:
        """Give the case that a message would open, of which nothing is kept."""
        number = message.offer.number if message.offer else self.workspace.ids.number()
        return self._new(message, facts, decision, number, "", ())

    def _new(
        self,
        message: Message,
        facts: Facts,
        decision: Decision,
        number: TrackingNumber,
        asked: str,
        files: tuple[CaseFile, ...],
    ) -> Case:
        now = self.workspace.now
        reporter = Reporter(
            message.address,
            message.sender_name,
            facts.language or "fr",
            # a machine is never written to, not by services either
            role=ReporterRole.THIRD_PARTY if message.automatic else ReporterRole.REPORTER,
            refs=(message.ref,) if message.ref else (),
            since=now,
            page=message.until_confirmed,
            form=message.form,
            public=message.public,
            person=known_in_public(message),
            forged=message.forged,
        )
        new = Case(
            id=self.workspace.ids.next(),
            number=number,
            version=1,
            status=Status.RECEIVED,
            owner=decision.owner,
            created_at=now,
            updated_at=now,
            received_at=message.received_at,
            nature=facts.nature or Nature.REPORT,
            urgency=decision.urgency,
            category=decision.category,
            place=facts.place,
            subject=facts.subject,
            text=facts.text,
            language=facts.language or "fr",
            channel=facts.channel or "",
            counter=facts.counter or "",
            reporters=(reporter,),
            watchers=told(decision),
            labels=decision.labels,
            rule=decision.rule,
            due_at=self.rulebook.due_at(message.received_at, decision),
            lead=decision.lead,
            escalation=alarm_of(self.rulebook, message.received_at, decision),
            asked=asked,
            questions=(asked,) if asked else (),
            annoyance=facts.annoyance,
            attachments=len(message.attachments),
            files=files,
            confidential=decision.confidential,
            public=decision.publish,
            proposals=decision.proposals,
            proof=decision.proof,
            sender_kinds=facts.sender_kinds or (),
            first_contact=facts.first_contact,
            given_category=message.given.category,
            entry=message.entry,
            area=area_of(decision, facts.place),
            counts=facts.counts,
            confirmed_before=facts.confirmations,
            refused_by=facts.refused_by,
        )
        return self._promised(from_offer(new, message.offer, self.forwarder.policy.cells))

    def _split(self, draft: Draft, parent: Case, decision: Decision) -> Case:
        """Give each competence a part of its own; people keep the one number."""
        parts = []
        for part in decision.parts:
            child = replace(
                parent,
                id=self.workspace.ids.next(),
                number=self.workspace.ids.number(),
                public_number=parent.number,
                parent=parent.id,
                status=Status.RECEIVED,
                owner=part.owner,
                category=part.category or parent.category,
                watchers=(),
                informed=decision.notify,  # of the whole
                consulted=decision.consult,
                asked="",
                came=None,
                epoch=0,
            )
            child = self.workspace.save(draft, self._promised(child))
            self.workspace.tell(draft, child, EventKind.RECEIVED, "rules", part.words)
            own = replace(
                decision,
                owner=part.owner,
                category=child.category,
                parts=(),
                notify=(),
                consult=(),
            )
            parts.append(self.hand_over(draft, child, own, cause=str(child.id)))
        parent = replace(parent, parts_open=tuple(part.id for part in parts))
        parent = self._inform(draft, parent, decision, str(parent.id))
        return self.workspace.save(draft, parent, Status.ASSIGNED)

    # --- deciding again ----------------------------------------------------------------------

    def decide_again(
        self, draft: Draft, case: Case, cause: str, why: Cause = Cause.ADDED
    ) -> tuple[Case, Decision]:
        """Re-evaluate a case after new words, a place or a refusal; a started case keeps its owner.

        A danger rule, a refusal by the owner, or a step that is reached just now and names who is
        in charge, moves even a case that was started; where the engine failed only a
        refusal does.
        """
        cells = self.forwarder.policy.cells
        facts, decision = counted_again(
            self.rulebook, cells, self.workspace, self.facts_of_case(case), case
        )
        refused = case.owner in case.refused_by
        moves = decision.owner != case.owner and (
            refused or decision.danger or decision.reached.owner or case.status in UNSTARTED
        )
        moves = moves and not case.parts_open and (refused or not decision.failed)
        applied = moves or decision.owner == case.owner
        keep(draft, self.workspace, self.shadow, case, decision, facts, why, applied=applied)
        case = replace(
            case,
            urgency=max(case.urgency, decision.urgency, key=lambda urgency: urgency.rank),
            category=decision.category or case.category,
            labels=tuple(dict.fromkeys((*case.labels, *decision.labels))),
            confidential=case.confidential or decision.confidential,
            public=case.public and decision.publish,
            proposals=tuple(dict.fromkeys((*case.proposals, *decision.proposals))),
            proof=decision.proof or case.proof,
            area=area_of(decision, facts.place),
            counts=facts.counts,
            confirmed_before=facts.confirmations,
            refused_by=facts.refused_by,
        )
        case = self._promised(case)
        draft.ruleset = decision.ruleset
        alarm = alarm_of(self.rulebook, case.received_at, decision)
        due = due_again(self.rulebook, case, decision) if moves or decision.danger else case.due_at
        if not moves:
            kept = decision.failed or (alarm, due) == (case.escalation, case.due_at)
            if applied and not kept:
                case = replace(case, escalation=alarm, due_at=due, generation=case.generation + 1)
                set_timers(draft, self.workspace, case)
            case = self._inform(draft, case, decision, cause)
            case = self.workspace.save(draft, case)
            self._note_steps(draft, case, decision)
            return case, decision
        case = self.forwarder.cells.take_back(draft, case, cause)
        case = replace(
            case,
            owner=decision.owner,
            rule=decision.rule,
            due_at=due,
            lead=case.lead or (decision.lead if case.status in UNSTARTED else None),
            escalation=alarm,
            generation=case.generation + 1,
            partner_ref="",
        )
        case = self.workspace.save(draft, case)
        self._record(draft, case, decision)
        self._note_steps(draft, case, decision)
        return self.hand_over(draft, case, decision, cause), decision

    def _promised(self, case: Case) -> Case:
        promised = promised_of(self.rulebook, case)
        return case if promised == case.promised else replace(case, promised=promised)

    def _record(self, draft: Draft, case: Case, decision: Decision) -> None:
        draft.ruleset = decision.ruleset
        data = _json(
            {
                "owner": decision.owner,
                "rule": decision.rule,
                "ruleset": decision.ruleset,
                "failed": decision.failed,
                "no_rule": decision.no_rule,
                "urgency": decision.urgency,
                "notify": decision.notify,
                "proposals": decision.proposals,
                "questions": decision.questions,
                **({"parts": [asdict(part) for part in decision.parts]} if decision.parts else {}),
                "trace": decision.trace,
            }
        )
        self.workspace.tell(draft, case, EventKind.DECIDED, "rules", decision.sentence, data=data)
        if decision.proposals:
            text = f"À proposer : {', '.join(decision.proposals)}"
            self.workspace.tell(draft, case, EventKind.NOTE, "rules", text, Visibility.SERVICE)

    # --- handing over ------------------------------------------------------------------------

    @property
    def _offering(self) -> Offering:
        return Offering(self.rulebook.directory.desk, self.workspace, self.forwarder)

    def hand_over(self, draft: Draft, case: Case, decision: Decision, cause: str) -> Case:
        """Forward a case to its owner and tell those who are to be informed; start its clock."""
        service = self.forwarder.service(case.owner)
        case, service = self._offering.not_round(draft, case, service, decision)
        outside = passes_on(service)
        status = Status.PASSED_ON if outside else Status.ASSIGNED
        if case.status is Status.ASSIGNED and not outside:
            case = self.workspace.save(draft, case)
        else:
            case = self.workspace.save(draft, case, status)
        case = self._offering.forward(draft, case, service, decision, cause)
        self.forwarder.note_way(draft, case, service, decision.transmit_by)
        self._tell_lead(draft, case, service, cause)
        self.workspace.tell(
            draft,
            case,
            EventKind.FORWARDED,
            "rules",
            service.name("fr"),
            Visibility.CITIZEN,
            json.dumps({"service": service.id}),
        )
        case = self.workspace.save(draft, self._inform(draft, case, decision, cause))
        if not outside:
            set_timers(draft, self.workspace, case)
        return case

    def _tell_lead(self, draft: Draft, case: Case, owner: Service, cause: str) -> None:
        """Let the lead of a category know whom it waits for, as long as the clock is its own."""
        if case.lead is None or case.lead == owner.id:
            return
        text = f"Vous gardez le délai de cette demande jusqu'à ce que {owner.name('fr')} l'accepte."
        lead = self.forwarder.service(case.lead)
        self.forwarder.forward(draft, case, lead, DeliveryKind.NOTICE, f"{cause}:lead", added=text)

    def _inform(self, draft: Draft, case: Case, decision: Decision, cause: str) -> Case:
        return inform(self.forwarder, draft, case, decision, cause)

    def _note_steps(self, draft: Draft, case: Case, decision: Decision) -> None:
        if decision.reached.steps:
            text = f"Seuil atteint : {', '.join(decision.reached.steps)}"
            self.workspace.tell(draft, case, EventKind.NOTE, "rules", text, Visibility.SERVICE)


def passes_on(service: Service) -> bool:
    """Whether a service is the front door of a body outside this installation (a town hall)."""
    return service.level is Level.PARTNER and service.family == "accueil"


def redirects(decision: Decision, rulebook: Rulebook, nature: Nature | None) -> bool:
    """Whether the person is told whom to ask instead of a service being woken."""
    if decision.danger:
        return False
    if REDIRECT_LABEL in decision.labels:
        return True
    owner = rulebook.directory.service(decision.owner)
    asks = nature in {Nature.QUESTION, Nature.PROCEDURE}
    return asks and owner is not None and passes_on(owner)
