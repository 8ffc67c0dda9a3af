"""Turns a decision into a case with an owner, a deadline, and what services receive."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from router.answers import PERSONAL
from router.case import Case, CaseFile, EventKind, Reporter, Status, Visibility
from router.clocks import alarm_of, due_again, set_timers
from router.decision import Decision, Facts, Nature, Place, ServiceId
from router.delivery import Delivery, DeliveryKind, idempotency_key
from router.directory import Level, Service, Statute
from router.looking import area_of, counted_again
from router.message import Address, Message
from router.policy import Policy
from router.ports import Rulebook
from router.receipts import rights_of
from router.record import Cause
from router.recording import keep
from router.tokens import PARTNER, Signer
from router.tracking import TrackingNumber, printed
from router.workspace import Draft, Workspace

REDIRECT_LABEL = "redirection"
"""A label by which a rule says: no service is woken, the person is told whom to ask."""

_UNSTARTED = {Status.RECEIVED, Status.ASSIGNED, Status.WAITING_CITIZEN, Status.REOPENED}
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Writes what a decision means into a workspace; one for each batch, bound to its rule book."""

    rulebook: Rulebook
    workspace: Workspace
    signer: Signer
    policy: Policy
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
    ) -> Case:
        """Open the case of a message under a decision, and hand it over with its files."""
        number = self.workspace.ids.number()
        new = self._new(message, facts, decision, number, asked, files)
        case = self.workspace.save(draft, new)
        self.workspace.opened(case)
        # for all who have the number: the person's words are the case's text, and no line of this
        self.workspace.tell(draft, case, EventKind.RECEIVED, "citizen", "", Visibility.CITIZEN)
        self._record(draft, case, decision)
        keep(draft, self.workspace, self.shadow, case, decision, facts, Cause.NEW)
        self.workspace.refer(draft, message.ref, case)
        if redirects(decision, self.rulebook, facts.nature):
            return self.workspace.save(draft, case, Status.ANSWERED)
        if decision.parts:
            return self._split(draft, case, decision)
        return self.hand_over(draft, case, decision, cause=str(case.id))

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
            refs=(message.ref,) if message.ref else (),
            since=now,
            page=message.until_confirmed,
        )
        return Case(
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
            watchers=decision.notify,
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
            given_category=message.given.category,
            entry=message.entry,
            area=area_of(decision, facts.place),
            counts=facts.counts,
            confirmed_before=facts.confirmations,
        )

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
                asked="",
            )
            child = self.workspace.save(draft, child)
            self.workspace.tell(draft, child, EventKind.RECEIVED, "rules", part.words)
            own = replace(decision, owner=part.owner, category=child.category, parts=(), notify=())
            parts.append(self.hand_over(draft, child, own, cause=str(child.id)))
        parent = replace(parent, parts_open=tuple(part.id for part in parts))
        self._inform(draft, parent, decision, str(parent.id))
        return self.workspace.save(draft, parent, Status.ASSIGNED)

    # --- deciding again ----------------------------------------------------------------------

    def decide_again(
        self, draft: Draft, case: Case, cause: str, why: Cause = Cause.ADDED
    ) -> tuple[Case, Decision]:
        """Re-evaluate a case after new words, a place or a refusal; a started case keeps its owner.

        A danger rule, a refusal by the owner, or a step that is reached just now and names who is
        in charge, moves even a case that was started.
        """
        facts, decision = counted_again(
            self.rulebook, self.workspace, self.facts_of_case(case), case
        )
        refused = case.owner in case.refused_by
        moves = decision.owner != case.owner and (
            refused or decision.danger or decision.reached.owner or case.status in _UNSTARTED
        )
        moves = moves and not case.parts_open
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
        )
        draft.ruleset = decision.ruleset
        alarm = alarm_of(self.rulebook, case.received_at, decision)
        if not moves:
            if applied and alarm != case.escalation:
                case = replace(case, escalation=alarm, generation=case.generation + 1)
                set_timers(draft, self.workspace, case)
            return self._inform_more(draft, case, decision, cause), decision
        case = replace(
            case,
            owner=decision.owner,
            rule=decision.rule,
            watchers=tuple(dict.fromkeys((*case.watchers, *decision.notify))),
            due_at=due_again(self.rulebook, case, decision),
            lead=case.lead or (decision.lead if case.status in _UNSTARTED else None),
            escalation=alarm,
            generation=case.generation + 1,
            partner_ref="",
        )
        case = self.workspace.save(draft, case)
        self._record(draft, case, decision)
        self._note_steps(draft, case, decision)
        return self.hand_over(draft, case, decision, cause), decision

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
                "trace": decision.trace,
            }
        )
        self.workspace.tell(draft, case, EventKind.DECIDED, "rules", decision.sentence, data=data)
        if decision.proposals:
            text = f"À proposer : {', '.join(decision.proposals)}"
            self.workspace.tell(draft, case, EventKind.NOTE, "rules", text, Visibility.SERVICE)

    # --- handing over ------------------------------------------------------------------------

    def hand_over(self, draft: Draft, case: Case, decision: Decision, cause: str) -> Case:
        """Forward a case to its owner and tell those who are to be informed; start its clock."""
        service = self._service(case.owner)
        outside = passes_on(service)
        status = Status.PASSED_ON if outside else Status.ASSIGNED
        if case.status is Status.ASSIGNED and not outside:
            case = self.workspace.save(draft, case)
        else:
            case = self.workspace.save(draft, case, status)
        self.forward(draft, case, service, DeliveryKind.FORWARD, cause, decision.transmit_by)
        self._note_way(draft, case, service, decision.transmit_by)
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
        self._inform(draft, case, decision, cause)
        if not outside:
            set_timers(draft, self.workspace, case)
        return case

    def _note_way(self, draft: Draft, case: Case, service: Service, wanted: str | None) -> None:
        """Say on the case that it goes another way than the one that is written down."""
        if (
            wanted in {None, "email"}
            and service.transmit_by == "email"
            and "@" in service.transmit_to
        ):
            return  # nearly always
        way, address = self._way(service, wanted, DeliveryKind.FORWARD)
        wanted, said = wanted or service.transmit_by, []
        if way != wanted:
            said.append(
                f"« {wanted} » est demandé pour {service.name('fr')}, qui n'est pas joint ainsi : "
                f"la demande part par « {way} »."
            )
        if way == "email" and "@" not in address.value:
            said.append(
                f"{service.name('fr')} n'a pas d'adresse de courriel : "
                "prévenez ce service vous-même."
            )
        if said:
            text = " ".join(said)
            self.workspace.tell(draft, case, EventKind.NOTE, "router", text, Visibility.SERVICE)

    def _tell_lead(self, draft: Draft, case: Case, owner: Service, cause: str) -> None:
        """Let the lead of a category know whom it waits for, as long as the clock is its own."""
        if case.lead is None or case.lead == owner.id:
            return
        text = f"Vous gardez le délai de cette demande jusqu'à ce que {owner.name('fr')} l'accepte."
        lead = self._service(case.lead)
        self.forward(draft, case, lead, DeliveryKind.NOTICE, f"{cause}:lead", added=text)

    def _inform(self, draft: Draft, case: Case, decision: Decision, cause: str) -> None:
        for service in decision.notify:
            if service != case.owner:
                self.forward(draft, case, self._service(service), DeliveryKind.NOTICE, cause)
        for service in decision.consult:
            self.forward(draft, case, self._service(service), DeliveryKind.OPINION, cause)

    def _inform_more(self, draft: Draft, case: Case, decision: Decision, cause: str) -> Case:
        """Tell those who have to know since now: a place or a count became known, a step is reached."""
        reached = decision.reached
        new = [service for service in decision.notify if service not in case.watchers]
        for service in dict.fromkeys((*reached.notify, *new)):
            if service != case.owner:
                self.forward(draft, case, self._service(service), DeliveryKind.NOTICE, cause)
        case = replace(case, watchers=tuple(dict.fromkeys((*case.watchers, *decision.notify))))
        case = self.workspace.save(draft, case)
        self._note_steps(draft, case, decision)
        return case

    def _note_steps(self, draft: Draft, case: Case, decision: Decision) -> None:
        if decision.reached.steps:
            text = f"Seuil atteint : {', '.join(decision.reached.steps)}"
            self.workspace.tell(draft, case, EventKind.NOTE, "rules", text, Visibility.SERVICE)

    def forward(
        self,
        draft: Draft,
        case: Case,
        service: Service,
        kind: DeliveryKind,
        cause: str,
        transmit_by: str | None = None,
        added: str = "",
        files: tuple[CaseFile, ...] | None = None,
    ) -> Delivery:
        """Write a case, or what was added to it, to a service in the way that it works.

        ``files`` are those that go along; all of the case's when they are not given.
        """
        _, address = self._way(service, transmit_by, kind)
        delivery = Delivery(
            id=self.workspace.ids.next(),
            idem=idempotency_key(f"{cause}:{service.id}", kind, address),
            lane=f"forward|{case.id}|{service.id}",
            kind=kind,
            address=address,
            text=added or (case.text if "texte" in service.sees else ""),
            created_at=self.workspace.now,
            case_id=case.id,
            service=service.id,
            subject=case.subject,
            reply_token=self.signer.sign(PARTNER, case.number, service.id),
            data=self._sheet(case, service, kind, added, case.files if files is None else files),
        )
        draft.deliveries.append(delivery)
        return delivery

    def _way(self, service: Service, wanted: str | None, kind: DeliveryKind) -> tuple[str, Address]:
        """Choose how to reach a service: as its rule wants, as it works, else by mail.

        Only mail reaches a service that works another way: of the others it has no address.
        """
        to, own = service.transmit_to, service.transmit_by
        if wanted == "email" != own and service.contact.email:
            return "email", Address(*self.policy.ways["email"], service.contact.email)
        if own in self.policy.ways:
            return own, Address(*self.policy.ways[own], to)
        found = self.policy.partners.get((own, to))
        if found and (kind is DeliveryKind.FORWARD or not found.only_forwards):
            return own, Address(found.channel, found.account, to)
        return "email", Address(*self.policy.ways["email"], service.contact.email or to)

    def _service(self, service: ServiceId) -> Service:
        found = self.rulebook.directory.service(service)
        # the rules are checked, so only a withdrawn service of an old case is not found
        return found or self.rulebook.directory.desk

    def _sheet(
        self,
        case: Case,
        service: Service,
        kind: DeliveryKind,
        added: str,
        files: tuple[CaseFile, ...],
    ) -> str:
        """Write the case as data, with no more of the person than the service may see."""
        sees = set(service.sees)
        sheet: dict[str, object] = {
            "kind": kind,
            "number": case.number,
            "number_printed": printed(case.public_number or case.number),
            "service": {"id": service.id, "name": service.name("fr")},
            "category": case.category,
            "category_name": (
                self.rulebook.category_name(case.category, "fr") if case.category else None
            ),
            "nature": case.nature,
            "urgency": case.urgency,
            "proposals": case.proposals,
            "proof": case.proof,
            "language": case.language,
            "subject": case.subject if "texte" in sees else "",
            "text": case.text if "texte" in sees else "",
            "added": added,
            "received_at": case.received_at.isoformat(),
            "due_at": case.due_at.isoformat() if case.due_at else None,
            "attachments": case.attachments if "photos" in sees else 0,
            "files": [asdict(file) for file in files] if "photos" in sees else [],
            "place": self._place(case.place) if "lieu" in sees else {},
        }
        rights = rights_of(self.rulebook, case)
        if rights is not None and rights.on is not None:
            sheet["silence"] = {"means": rights.silence, "on": rights.on.isoformat()}
        if answers := self._answers(case, service):
            sheet["answers"] = answers
        known = knows_people(service, case)
        if case.entry is not None:
            private = service.statute is Statute.PRIVATE
            sheet["entry"] = case.entry.told(agent=not private, contact=known)
        if known:
            sheet["reporters"] = [
                {"name": reporter.name, "channel": reporter.address.channel}
                for reporter in case.reporters
            ]
        return _json(sheet)

    def _answers(self, case: Case, service: Service) -> list[dict[str, str]]:
        """List what the person answered, as far as the service may read it."""
        return [
            {"fact": answer.fact, "text": answer.text}
            for answer in case.answers
            if may_read(service, case, answer.fact)
        ]

    def _place(self, place: Place) -> dict[str, object]:
        point = place.point
        return {
            "text": place.text,
            "street": place.street,
            "postcode": place.postcode,
            "communes": [
                {"insee": code, "name": self.rulebook.commune_name(code)} for code in place.communes
            ],
            "lat": point.lat if point else None,
            "lon": point.lon if point else None,
            "precision_m": point.precision_m if point else None,
        }


def knows_people(service: Service, case: Case) -> bool:
    """Whether a service may learn who wrote."""
    private = service.statute is Statute.PRIVATE
    return "contact" in service.sees and not private and not case.confidential


def may_read(service: Service, case: Case, fact: str) -> bool:
    """Whether a service may read what a person answered about a fact."""
    if fact in PERSONAL:
        return knows_people(service, case)
    return "texte" in service.sees


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
