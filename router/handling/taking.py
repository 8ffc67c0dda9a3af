"""Takes the cases that other installations offer, or says why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, Status, Visibility, may_become
from router.cells import CHANNEL, MOST_HOPS, Came, Offer
from router.decision import Decision, Facts
from router.handling.dispatch import Dispatcher, redirects
from router.handling.opening import Opening
from router.message import Message
from router.reading.conversation import is_reporter
from router.record import Cause
from router.rule_ports import Understanding
from router.telling.cell_writing import CellWriting
from router.telling.offering import from_offer
from router.telling.replies import Replies
from router.words.texts import Style, TextId
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Taking:
    """Works offers of other installations into a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    replies: Replies
    opening: Opening

    @property
    def _writing(self) -> CellWriting:
        return self.dispatcher.forwarder.cells

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
                self.workspace.note(draft, worked.case, offer.cell, offer.note)
            return worked
        if known.came is None or offer.epoch != known.came.epoch or known.came.ended:
            known = self._taken_again(draft, known, offer, message, facts, cause)
        reply = self._writing.accept(draft, known, cause)
        return Worked(Action.APPEND, "demande offerte de nouveau", known, message, reply=reply)

    def _why_not(self, offer: Offer, known: Case | None) -> str:
        """Say why an offer cannot be taken; empty where it can."""
        if offer.to != self._writing.cells.own:
            return f"ce guichet s'appelle « {self._writing.cells.own} », et non « {offer.to} »"
        if self._writing.cells.own in offer.hops:
            return f"la demande est déjà passée par « {self._writing.cells.own} »"
        if offer.hops[-1:] != (offer.cell,):  # else nobody could tell that it goes round
            return f"le chemin de la demande ne finit pas par « {offer.cell} », qui l'offre"
        if len(offer.hops) > MOST_HOPS:
            return f"la demande a déjà été transmise {len(offer.hops) - 1} fois"
        agreement = self._writing.cells.agreements.get(offer.cell)
        if agreement is None or agreement.ended(self.workspace.now.date()):
            return f"l'accord entre « {offer.cell} » et « {self._writing.cells.own} » est terminé"
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
        case = from_offer(fresh, offer, self._writing.cells)
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


def _is_past(offer: Offer, known: Case, came: Came) -> bool:
    """Whether an offer was overtaken; the one that we have accepted may come again."""
    return offer.epoch <= known.epoch if came.ended else offer.epoch < came.epoch
