"""Works what other installations say of cases that one of us handed to the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, Status, Visibility, may_become
from router.cells import Gone, Word
from router.delivery import DeliveryKind
from router.directory import Service
from router.events import CellSaid, PartnerActed
from router.handling.deeds import ENDED, Deeds, photos_of
from router.handling.dispatch import Dispatcher
from router.handling.letting_go import ENOUGH, LettingGo
from router.record import Cause
from router.telling.cell_writing import CellWriting
from router.telling.everyone import Everyone
from router.words.called import word_called
from router.words.texts import TextId
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

ASKED_THERE = "autre-guichet"
"""The fact, known to the other installation alone, that its question asks for."""


@dataclass(frozen=True, slots=True)
class Transfers:
    """Works words of other installations into a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    deeds: Deeds
    everyone: Everyone
    letting_go: LettingGo

    @property
    def _writing(self) -> CellWriting:
        return self.dispatcher.forwarder.cells

    def said(self, draft: Draft, inbound: Inbound, event: CellSaid) -> Worked:
        """Work a word of another installation; one that comes too late changes nothing."""
        case = self.workspace.case_of_number(event.number)
        if case is None:
            return Worked(Action.IGNORE, f"« {event.cell} » parle d'une demande inconnue ici")
        cause = inbound.envelope.provider_id
        if event.word is Word.END:
            return self.letting_go.ended(draft, case, event, cause)
        if event.word in {Word.WITHDRAW, Word.RECALL}:
            return self.letting_go.let_go(draft, case, event, cause)
        gone = case.gone
        if gone is None or gone.cell != event.cell or not _counts(event, case):
            return self._stale(draft, case, event, cause)
        if event.word in {Word.DECLINE, Word.RETURN}:
            return self._not_theirs(draft, case, gone, event, cause)
        if event.at < gone.heard:
            self.workspace.note(draft, case, event.cell, f"Arrivé trop tard : {_said(event)}")
            return Worked(Action.PARTNER, "mot dépassé par un autre", case)
        return self._heard(draft, inbound, case, gone, event)

    def _heard(
        self, draft: Draft, inbound: Inbound, case: Case, gone: Gone, event: CellSaid
    ) -> Worked:
        """Work what the installation that has the case says of it."""
        if not gone.accepted:
            self.workspace.note(draft, case, gone.cell, f"« {gone.cell} » a accepté la demande.")
        case = self.workspace.save(
            draft, replace(case, gone=replace(gone, accepted=True, heard=event.at))
        )
        cause = inbound.envelope.provider_id
        service = self.dispatcher.rulebook.directory.service(case.owner)
        if gone.recalled or service is None or service.id != gone.service:
            self.workspace.note(draft, case, gone.cell, _said(event))
        elif event.word is Word.ACCEPT:
            case = self._accepted(draft, case, event, cause)
        elif event.word is Word.QUESTION:
            self._relay(draft, case, event, cause, DeliveryKind.QUESTION)
            self._awaits_answer(draft, case)
        else:
            case = self._became(draft, inbound, case, service, event)
        return Worked(Action.PARTNER, word_called(event.word, gone.cell, event.status), case)

    def _accepted(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Case:
        """Keep who speaks to the citizen from now on; he is told where it is no longer we."""
        if not event.speaks or case.gone is None or case.gone.speaks:
            return case
        kind, text = DeliveryKind.PROGRESS, TextId.PASSED_ON
        self.everyone.fan_out(draft, case, kind, cause, text, automatic=True)
        told = self.workspace.case(case.id) or case  # which may note what could not be told
        return self.workspace.save(draft, replace(told, gone=replace(case.gone, speaks=True)))

    def _became(
        self, draft: Draft, inbound: Inbound, case: Case, service: Service, event: CellSaid
    ) -> Case:
        """Do to our case what became of theirs, and tell its people in our own words."""
        cause, text = inbound.envelope.provider_id, event.text
        status = Status(event.status) if event.status in set(Status) else Status.ASSIGNED
        moves = status is not case.status and may_become(case.status, status)
        if event.automatic and text:  # no service's words: the state is told beside them
            self._relay(draft, case, event, f"{cause}:automatic", DeliveryKind.PROGRESS)
            case, text = self.workspace.case(case.id) or case, ""
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
            case Status.REOPENED | Status.ASSIGNED if case.status in ENOUGH:
                case = self._reopened(draft, case, service)
        self._relay(draft, case, replace(event, text=text), cause, DeliveryKind.PROGRESS)
        self.workspace.note(draft, case, event.cell, _said(event))
        return case

    def _reopened(self, draft: Draft, case: Case, service: Service) -> Case:
        case = self.workspace.save(draft, case, Status.REOPENED)
        self.workspace.tell(
            draft, case, EventKind.STATUS, service.id, "", Visibility.CITIZEN, str(case.status)
        )
        return self.workspace.save(draft, case, Status.ASSIGNED)

    def _relay(
        self, draft: Draft, case: Case, event: CellSaid, cause: str, kind: DeliveryKind
    ) -> None:
        """Tell people its words; what two installations say by themselves stays within a budget."""
        asks = kind is DeliveryKind.QUESTION
        if event.text:
            self.everyone.fan_out(
                draft,
                case,
                kind,
                cause,
                TextId.ANSWER,
                automatic=event.automatic,
                answer=event.text,
                budgeted=event.automatic and (event.danger or asks),
                danger=event.danger,
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
        why = _said(event)
        service = directory.service(gone.service)
        if gone.recalled or case.owner != gone.service or service is None:
            case = self.workspace.save(draft, case)
            case = self.workspace.note(draft, case, gone.cell, why)
            case = self._offer_at_last(draft, case, cause)
            return Worked(Action.PARTNER, why, case)
        case = self.deeds.refuse(draft, case, service, event.text, cause, event.instead)
        return Worked(Action.PARTNER, why, case)

    def _offer_at_last(self, draft: Draft, case: Case, cause: str) -> Case:
        """Offer a case to the installation that waits for it, now that it is ours again."""
        service = self.dispatcher.rulebook.directory.service(case.owner)
        if service is None or not self._writing.cells.cell_of(service) or case.status in ENDED:
            return case
        case, decision = self.dispatcher.decide_again(draft, case, cause, Cause.REFUSAL)
        if case.gone is None:
            case = self.dispatcher.hand_over(draft, case, decision, cause)
        return case

    def _stale(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Say again to one that takes a case for its own that it is not."""
        if event.word is Word.ACCEPT and event.epoch < case.epoch:
            self._writing.withdraw(draft, event.cell, case.number, event.epoch, cause)
        why = f"{word_called(event.word, event.cell)} : ne compte plus"
        return Worked(Action.IGNORE, why, case)


def _said(event: CellSaid) -> str:
    said = word_called(event.word, event.cell, event.status)
    return f"{said}. {event.text}" if event.text else f"{said}."


def _counts(event: CellSaid, case: Case) -> bool:
    """Whether a word names the epoch of now; who gives a case back has raised it, once or more."""
    if event.word is Word.RETURN:
        return event.epoch > case.epoch
    return event.epoch == case.epoch
