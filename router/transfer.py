"""Moves cases between installations: offers taken or not, words of who has one, ways back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, Status, Visibility, may_become
from router.cell_writing import CellWriting
from router.cells import CHANNEL, MOST_HOPS, AtEnd, Came, Cells, Gone, Offer, Word
from router.conversation import is_reporter
from router.decision import Decision, Facts
from router.deeds import ENDED, Deeds, photos_of
from router.delivery import DeliveryKind
from router.directory import Service
from router.dispatch import Dispatcher, redirects
from router.message import CellSaid, Message, PartnerActed
from router.offering import from_offer
from router.opening import Opening
from router.ports import Understanding
from router.record import Cause
from router.replies import Replies
from router.store import Inbound
from router.texts import Style, TextId
from router.worked import Worked
from router.workspace import Draft, Workspace

_TAKEN_BACK = "« {cell} » a repris cette demande. Vous n'avez plus rien à faire."
_AGREEMENT_ENDED = "L'accord avec « {cell} » est terminé."
ASKED_THERE = "autre-guichet"
"""The fact, known to the other installation alone, that its question asks for."""
_HAD_ENOUGH = {Status.ANSWERED, Status.RESOLVED, Status.CLOSED, Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Transfers:
    """Works offers and words of other installations into a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    deeds: Deeds
    replies: Replies
    opening: Opening

    @property
    def cells(self) -> Cells:
        return self.dispatcher.forwarder.policy.cells

    @property
    def _writing(self) -> CellWriting:
        return self.dispatcher.forwarder.cells

    # --- what we are offered ---------------------------------------------------------------------

    def offered(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        facts: Facts,
        decision: Decision,
    ) -> Worked:
        """Take a case that another installation offers, or say why not; it has it until we do."""
        offer = message.offer
        assert offer is not None  # noqa: S101 -- the caller has looked
        cause = inbound.envelope.provider_id
        known = self.workspace.case_of_number(offer.number)
        why = self._why_not(offer, known)
        if not why and redirects(decision, self.dispatcher.rulebook, facts.nature):
            why = self._instead(message, facts, decision)
        if why:
            self._writing.decline(draft, offer, cause, why)
            return Worked(Action.IGNORE, f"offre de « {offer.cell} » déclinée : {why}")
        if offer.part:  # whoever offers it has split the whole already
            decision = replace(decision, parts=())
        if known is None:
            worked = self.opening.create(draft, inbound, message, understood, facts, decision)
            if worked.case is not None and offer.note:
                self._note(draft, worked.case, offer.cell, offer.note)
            return worked
        if known.came is None or offer.epoch != known.came.epoch or known.came.ended:
            known = self._taken_again(draft, known, offer, message, facts, cause)
        reply = self._writing.accept(draft, known, cause)
        return Worked(Action.APPEND, "demande offerte de nouveau", known, message, reply=reply)

    def _why_not(self, offer: Offer, known: Case | None) -> str:
        """Say why an offer cannot be taken; empty where it can."""
        if offer.to != self.cells.own:
            return f"ce guichet s'appelle « {self.cells.own} », et non « {offer.to} »"
        if self.cells.own in offer.hops:
            return f"la demande est déjà passée par « {self.cells.own} »"
        if len(offer.hops) > MOST_HOPS:
            return f"la demande a déjà été transmise {len(offer.hops) - 1} fois"
        agreement = self.cells.agreements.get(offer.cell)
        if agreement is None or agreement.ended(self.workspace.now.date()):
            return f"l'accord entre « {offer.cell} » et « {self.cells.own} » est terminé"
        if known is not None and (known.came is None or known.came.cell != offer.cell):
            return "ce numéro est déjà celui d'une autre demande ici"
        if known is not None and known.came is not None and _is_past(offer, known, known.came):
            return "cette offre est dépassée"
        return ""

    def _instead(self, message: Message, facts: Facts, decision: Decision) -> str:
        """Say what we would tell the person: whom to ask instead."""
        case = self.dispatcher.would_be(message, facts, decision)
        wording, language = self.replies.wording, case.language
        said = wording.of_rules(decision, case, language, Style.LONG)
        return " ".join(said) or wording.text(TextId.REDIRECT, language, Style.LONG, case)

    def _taken_again(
        self,
        draft: Draft,
        case: Case,
        offer: Offer,
        message: Message,
        facts: Facts,
        cause: str,
    ) -> Case:
        """Take a case that was given back, or taken back, and is offered anew."""
        fresh = replace(case, text=facts.text, subject=facts.subject, refused_by=facts.refused_by)
        case = from_offer(fresh, offer, self.cells)
        if case.status is not Status.REOPENED and may_become(case.status, Status.REOPENED):
            case = self.workspace.save(draft, case, Status.REOPENED)
        text = f"Offerte de nouveau par « {offer.cell} »."
        self.workspace.tell(draft, case, EventKind.STATUS, "cell", text, Visibility.SERVICE)
        owner = case.owner
        case, decision = self.dispatcher.decide_again(draft, case, cause, Cause.ADDED)
        if case.owner == owner:
            case = self.dispatcher.hand_over(draft, case, decision, cause)
        return case

    def passes_on(self, message: Message, case: Case | None) -> bool:
        """Whether a message is from another installation whose case we have; else it says nothing."""
        if message.address.channel != CHANNEL:
            return True
        return case is not None and is_reporter(case, message)

    # --- what is said of a case ------------------------------------------------------------------

    def said(self, draft: Draft, inbound: Inbound, event: CellSaid) -> Worked:
        """Work a word of another installation; one that comes too late changes nothing."""
        case = self.workspace.case_of_number(event.number)
        if case is None:
            return Worked(Action.IGNORE, f"« {event.cell} » parle d'une demande inconnue ici")
        cause = inbound.envelope.provider_id
        if event.word is Word.END:
            return self._ended(draft, case, event, cause)
        if event.word in {Word.WITHDRAW, Word.RECALL}:
            return self._let_go(draft, case, event, cause)
        gone = case.gone
        if gone is None or gone.cell != event.cell or not _counts(event, case):
            return self._stale(draft, case, event, cause)
        if event.word in {Word.DECLINE, Word.RETURN}:
            return self._not_theirs(draft, case, gone, event, cause)
        if event.at < gone.heard:
            self._note(draft, case, event.cell, f"Arrivé trop tard : {event.status} {event.text}")
            return Worked(Action.PARTNER, "mot dépassé par un autre", case)
        return self._heard(draft, inbound, case, gone, event)

    def _heard(
        self, draft: Draft, inbound: Inbound, case: Case, gone: Gone, event: CellSaid
    ) -> Worked:
        """Work what the installation that has the case says of it."""
        if not gone.accepted:
            self._note(draft, case, gone.cell, f"« {gone.cell} » a accepté la demande.")
        case = self.workspace.save(
            draft, replace(case, gone=replace(gone, accepted=True, heard=event.at))
        )
        cause = inbound.envelope.provider_id
        service = self.dispatcher.rulebook.directory.service(case.owner)
        if gone.recalled or service is None or service.id != gone.service:
            self._note(draft, case, gone.cell, f"{event.word} {event.status} {event.text}".strip())
        elif event.word is Word.ACCEPT:
            case = self._accepted(draft, case, event, cause)
        elif event.word is Word.QUESTION:
            self._relay(draft, case, event.text, cause, DeliveryKind.QUESTION)
            self._awaits_answer(draft, case)
        else:
            case = self._became(draft, inbound, case, service, event)
        return Worked(Action.PARTNER, f"{event.word} de « {gone.cell} » {event.status}", case)

    def _accepted(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Case:
        """Keep who speaks to the citizen from now on; he is told where it is no longer we."""
        if not event.speaks or case.gone is None or case.gone.speaks:
            return case
        kind, text = DeliveryKind.PROGRESS, TextId.PASSED_ON
        self.replies.fan_out(draft, case, kind, cause, text, automatic=True)
        return self.workspace.save(draft, replace(case, gone=replace(case.gone, speaks=True)))

    def _became(
        self, draft: Draft, inbound: Inbound, case: Case, service: Service, event: CellSaid
    ) -> Case:
        """Do to our case what became of theirs, and tell its people in our own words."""
        cause, text = inbound.envelope.provider_id, event.text
        status = Status(event.status) if event.status in set(Status) else Status.ASSIGNED
        moves = status is not case.status and may_become(case.status, status)
        match status:
            case Status.ACCEPTED if moves and not text:
                return self.deeds.accept(draft, case, service, cause)
            case Status.IN_PROGRESS if moves:
                return self.deeds.progress(draft, case, service, text, cause)
            case Status.ANSWERED if text or moves:
                photos = photos_of(inbound, event.attachments)
                case = self.deeds.shown(draft, case, service, photos)
                return self.deeds.answer(draft, case, service, text, status, cause, photos=photos)
            case Status.RESOLVED if moves or case.status not in ENDED:
                acted = PartnerActed("", "close", text=text, attachments=event.attachments)
                return self.deeds.close(draft, case, service, acted, inbound)
            case Status.REOPENED | Status.ASSIGNED if case.status in _HAD_ENOUGH:
                case = self._reopened(draft, case, service)
        self._relay(draft, case, text, cause, DeliveryKind.PROGRESS)
        self._note(draft, case, event.cell, f"{status}")
        return case

    def _reopened(self, draft: Draft, case: Case, service: Service) -> Case:
        case = self.workspace.save(draft, case, Status.REOPENED)
        self.workspace.tell(
            draft, case, EventKind.STATUS, service.id, "", Visibility.CITIZEN, str(case.status)
        )
        return self.workspace.save(draft, case, Status.ASSIGNED)

    def _relay(self, draft: Draft, case: Case, text: str, cause: str, kind: DeliveryKind) -> None:
        if text:
            self.replies.fan_out(
                draft, case, kind, cause, TextId.ANSWER, automatic=False, answer=text
            )

    def _awaits_answer(self, draft: Draft, case: Case) -> None:
        """Let what each person says next be his answer, however much later he says it."""
        whole = self.workspace.whole(case)
        for reporter in whole.reporters:
            conversation = self.workspace.conversation(reporter.answered_at.key)
            conversation = replace(conversation, case_id=case.id, asked=ASKED_THERE)
            self.workspace.converse(draft, conversation)

    def _not_theirs(
        self, draft: Draft, case: Case, gone: Gone, event: CellSaid, cause: str
    ) -> Worked:
        """Have the rules choose another service when a case is declined or comes back."""
        directory = self.dispatcher.rulebook.directory
        case = replace(case, gone=None, epoch=event.epoch)
        why = f"{event.word} de « {gone.cell} » : {event.text}"
        service = directory.service(gone.service)
        if gone.recalled or case.owner != gone.service or service is None:
            self._note(draft, self.workspace.save(draft, case), gone.cell, why)
            case = self._offer_at_last(draft, case, cause)
            return Worked(Action.PARTNER, why, case)
        case = self.deeds.refuse(draft, case, service, event.text, cause, event.instead)
        return Worked(Action.PARTNER, why, case)

    def _offer_at_last(self, draft: Draft, case: Case, cause: str) -> Case:
        """Offer a case to the installation that waits for it, now that it is ours again."""
        service = self.dispatcher.rulebook.directory.service(case.owner)
        if service is None or not self.cells.cell_of(service) or case.status in ENDED:
            return case
        case, decision = self.dispatcher.decide_again(draft, case, cause, Cause.REFUSAL)
        if case.gone is None:
            case = self.dispatcher.hand_over(draft, case, decision, cause)
        return case

    def _stale(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Say again to one that takes a case for its own that it is not."""
        if event.word is Word.ACCEPT and event.epoch < case.epoch:
            self._writing.withdraw(draft, event.cell, case.number, event.epoch, cause)
        return Worked(Action.IGNORE, f"{event.word} de « {event.cell} » ne compte plus", case)

    # --- what we had, and have no longer ---------------------------------------------------------

    def _let_go(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Let a case go back to the installation that offered it, whatever its state."""
        came = case.came
        if came is None or came.cell != event.cell or came.ended or event.epoch != came.epoch:
            return Worked(Action.IGNORE, f"{event.word} de « {event.cell} » ne compte plus", case)
        why = " ".join((_TAKEN_BACK.format(cell=event.cell), event.text)).strip()
        if event.word is Word.RECALL:
            case = self._writing.give_back(draft, case, cause)
        else:
            case = replace(case, came=replace(came, ended=True))
        case = self._stopped(draft, case, cause, why)
        for part in (self.workspace.case(id) for id in case.parts_open):
            if part is not None:
                self._stopped(draft, part, cause, why)
        return Worked(Action.PARTNER, why, case)

    def _stopped(self, draft: Draft, case: Case, cause: str, why: str) -> Case:
        """Tell the service that had a case to stop; other installations in their own words."""
        service = self.dispatcher.rulebook.directory.service(case.owner)
        begun = case.status not in _HAD_ENOUGH and not case.parts_open
        case = self._writing.take_back(draft, case, cause, why)
        if service is not None and begun and not self.cells.cell_of(service):
            self.dispatcher.forwarder.forward(
                draft, case, service, DeliveryKind.NOTICE, f"{cause}:left", added=why
            )
        passed = Status.PASSED_ON if may_become(case.status, Status.PASSED_ON) else None
        case = self.workspace.save(draft, replace(case, generation=case.generation + 1), passed)
        self.workspace.tell(draft, case, EventKind.STATUS, "cell", why, Visibility.SERVICE)
        return case

    def _ended(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Do with a case what the agreement says of its end."""
        agreement = self.cells.agreements.get(event.cell)
        why = _AGREEMENT_ENDED.format(cell=event.cell)
        if agreement is not None and agreement.at_end is AtEnd.KEEP:
            self._note(draft, case, event.cell, why)
            return Worked(Action.PARTNER, why, case)
        directory = self.dispatcher.rulebook.directory
        gone, came = case.gone, case.came
        if gone is not None and gone.cell == event.cell:
            service = directory.service(gone.service)
            self._writing.to_taker(draft, case, Word.RECALL, case.epoch, cause, why)
            # it may never answer: nobody else will have the case meanwhile
            case = replace(case, gone=None, epoch=case.epoch + 1)
            if service is not None and case.owner == service.id:
                case = self.deeds.refuse(draft, case, service, why, cause)
            else:
                case = self.workspace.save(draft, case)
        elif came is not None and came.cell == event.cell and not came.ended:
            case = self._writing.give_back(draft, case, cause, why)
            case = self._stopped(draft, case, cause, why)
        return Worked(Action.PARTNER, why, case)

    def _note(self, draft: Draft, case: Case, cell: str, text: str) -> None:
        case = self.workspace.save(draft, self.workspace.case(case.id) or case)
        self.workspace.tell(draft, case, EventKind.NOTE, cell, text, Visibility.SERVICE)


def _is_past(offer: Offer, known: Case, came: Came) -> bool:
    """Whether an offer was overtaken; the one that we have accepted may come again."""
    return offer.epoch <= known.epoch if came.ended else offer.epoch < came.epoch


def _counts(event: CellSaid, case: Case) -> bool:
    """Whether a word names the epoch of now; who gives a case back has raised it, once or more."""
    if event.word is Word.RETURN:
        return event.epoch > case.epoch
    return event.epoch == case.epoch
