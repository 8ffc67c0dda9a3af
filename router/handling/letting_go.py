"""Lets cases go back to the installation that they came from, and takes back what another has."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, Status, Visibility, may_become
from router.cells import AtEnd, Word
from router.delivery import DeliveryKind
from router.events import CellSaid
from router.handling.deeds import Deeds
from router.handling.dispatch import Dispatcher
from router.telling.cell_writing import CellWriting
from router.words.called import word_called
from router.worked import Worked
from router.workspace import Draft, Workspace

_TAKEN_BACK = "« {cell} » a repris cette demande. Vous n'avez plus rien à faire."
_AGREEMENT_ENDED = "L'accord avec « {cell} » est terminé."
ENOUGH = {Status.ANSWERED, Status.RESOLVED, Status.CLOSED, Status.REFUSED}
"""States in which a service has done its part."""


@dataclass(frozen=True, slots=True)
class LettingGo:
    """Works withdrawals, recalls and ends of agreements into a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    deeds: Deeds

    @property
    def _writing(self) -> CellWriting:
        return self.dispatcher.forwarder.cells

    def let_go(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Let a case go back to the installation that offered it, whatever its state."""
        came = case.came
        if came is None or came.cell != event.cell or came.ended or event.epoch != came.epoch:
            past = f"{word_called(event.word, event.cell)} : ne compte plus"
            return Worked(Action.IGNORE, past, case)
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
        begun = case.status not in ENOUGH and not case.parts_open
        case = self._writing.take_back(draft, case, cause, why)
        if service is not None and begun and not self._writing.cells.cell_of(service):
            self.dispatcher.forwarder.forward(
                draft, case, service, DeliveryKind.NOTICE, f"{cause}:left", added=why
            )
        passed = Status.PASSED_ON if may_become(case.status, Status.PASSED_ON) else None
        case = self.workspace.save(draft, replace(case, generation=case.generation + 1), passed)
        self.workspace.tell(draft, case, EventKind.STATUS, "cell", why, Visibility.SERVICE)
        return case

    def ended(self, draft: Draft, case: Case, event: CellSaid, cause: str) -> Worked:
        """Do with a case what the agreement says of its end."""
        agreement = self._writing.cells.agreements.get(event.cell)
        why = _AGREEMENT_ENDED.format(cell=event.cell)
        if agreement is not None and agreement.at_end is AtEnd.KEEP:
            self.workspace.note(draft, case, event.cell, why)
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
