"""Does to a case what a service has done, and tells its reporters."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from router.case import Case, CaseFile, EventKind, Status, Visibility, may_become
from router.decision import ServiceId
from router.delivery import DeliveryKind
from router.directory import Service, service_named
from router.events import PartnerActed
from router.handling.dispatch import Dispatcher, passes_on
from router.message import Attachment
from router.record import Cause
from router.telling.everyone import Everyone
from router.words.texts import TextId
from router.work import Inbound
from router.workspace import Draft, Workspace

ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}
_PROOF_MISSING = (
    "Cette demande attend une photo du résultat pour être close. La réponse est partie à la "
    "personne. Ouvrez le lien « Clore » et joignez la photo."
)
_LONGEST_NAME = 200
_MOST_PROOFS = 20


@dataclass(frozen=True, slots=True)
class Deeds:
    """Acts of services that count, each with what it means for the case; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    everyone: Everyone

    def accept(self, draft: Draft, case: Case, service: Service, cause: str) -> Case:
        case = self._takes_clock(draft, case, service, cause)
        case = self.workspace.save(draft, case, Status.ACCEPTED)
        self._status(draft, case, service)
        self.everyone.fan_out(
            draft, case, DeliveryKind.PROGRESS, cause, TextId.ACCEPTED, automatic=True
        )
        return case

    def _takes_clock(self, draft: Draft, case: Case, service: Service, cause: str) -> Case:
        """Give the clock to the one who accepts, and tell the lead that it is no longer its own."""
        if case.lead is None:
            return case
        lead = self.dispatcher.rulebook.directory.service(case.lead)
        if lead is not None and lead.id != service.id:
            text = f"{service.name('fr')} a accepté cette demande : le délai est désormais le sien."
            self.dispatcher.forwarder.forward(
                draft, case, lead, DeliveryKind.NOTICE, f"{cause}:lead", added=text
            )
            self.workspace.tell(draft, case, EventKind.NOTE, service.id, text, Visibility.SERVICE)
        return replace(case, lead=None)

    def progress(self, draft: Draft, case: Case, service: Service, text: str, cause: str) -> Case:
        case = self._takes_clock(draft, case, service, cause)
        case = self.workspace.save(draft, case, Status.IN_PROGRESS)
        self._status(draft, case, service, text)
        self.everyone.fan_out(
            draft,
            case,
            DeliveryKind.PROGRESS,
            cause,
            TextId.ANSWER if text else TextId.IN_PROGRESS,
            automatic=not text,
            answer=text,
        )
        return case

    def close(
        self, draft: Draft, case: Case, service: Service, acted: PartnerActed, inbound: Inbound
    ) -> Case:
        """Resolve a case; without the proof that its rule asks for it is answered and no more."""
        cause = inbound.envelope.provider_id
        photos = photos_of(inbound, acted.attachments)
        case = self.shown(draft, case, service, photos)
        lacking = bool(case.proof) and not photos
        status = Status.ANSWERED if lacking else Status.RESOLVED
        case = self.answer(draft, case, service, acted.text, status, cause, photos=photos)
        if lacking:
            self.ask_proof(draft, case, service, cause)
        return case

    def shown(
        self, draft: Draft, case: Case, service: Service, photos: tuple[CaseFile, ...]
    ) -> Case:
        """Keep the photos by which a service shows what it did."""
        if not photos:
            return case
        case = self.workspace.save(
            draft, replace(case, proofs=(*case.proofs, *photos)[-_MOST_PROOFS:])
        )
        names = ", ".join(file.name for file in photos)
        data = json.dumps([asdict(file) for file in photos], ensure_ascii=False)
        text = f"Pièce jointe à la réponse : {names}"
        self.workspace.tell(draft, case, EventKind.NOTE, service.id, text, Visibility.SERVICE, data)
        return case

    def ask_proof(self, draft: Draft, case: Case, service: Service, cause: str) -> None:
        self.workspace.tell(
            draft, case, EventKind.NOTE, "rules", _PROOF_MISSING, Visibility.SERVICE
        )
        self.dispatcher.forwarder.forward(
            draft, case, service, DeliveryKind.NOTICE, f"{cause}:proof", added=_PROOF_MISSING
        )

    def refuse(
        self,
        draft: Draft,
        case: Case,
        service: Service,
        reason: str,
        cause: str,
        instead: str = "",
    ) -> Case:
        """Move the case to the next in charge; when nobody is left, the refusal is the answer.

        A service of ours that is named ``instead`` has it, unless it has refused itself or a danger decides.
        """
        refused = (*case.refused_by, ServiceId(service.id))
        named = service_named(self.dispatcher.rulebook.directory, instead)
        choice = named.id if named is not None and named.id not in refused else None
        case = replace(case, refused_by=refused, agent_choice=choice)
        reopened = None if may_become(case.status, Status.ASSIGNED) else Status.REOPENED
        if case.status is Status.ASSIGNED:
            reopened = None
        case = self.workspace.save(draft, case, reopened)
        told = reason
        if instead:
            who = (
                named.name("fr")
                if named is not None
                else f"{instead[:_LONGEST_NAME]} (inconnu ici)"
            )
            told = f"{reason}\nService désigné : {who}".strip()
        self.workspace.tell(draft, case, EventKind.REFUSED, service.id, told, Visibility.SERVICE)
        before = case.owner
        case, _ = self.dispatcher.decide_again(draft, case, cause, Cause.REFUSAL)
        if case.owner == before:
            return self._end_refused(draft, case, service, reason, cause, instead)
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        text = TextId.PASSED_ON if owner and passes_on(owner) else TextId.REROUTED
        self.everyone.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True)
        return case

    def _end_refused(
        self, draft: Draft, case: Case, service: Service, reason: str, cause: str, instead: str
    ) -> Case:
        if case.came is not None and not case.came.ended:  # who offered it finds another
            return self.returned(draft, case, service, reason, cause, instead)
        case = self.workspace.save(draft, case, Status.REFUSED)
        self.workspace.tell(
            draft,
            case,
            EventKind.ANSWERED,
            service.id,
            reason,
            Visibility.CITIZEN,
            str(case.status),
        )
        self.everyone.fan_out(
            draft,
            case,
            DeliveryKind.ANSWER,
            cause,
            TextId.REFUSED,
            automatic=not reason,
            answer=reason,
        )
        self._end_part(draft, case, cause)
        return case

    def returned(
        self, draft: Draft, case: Case, service: Service, reason: str, cause: str, instead: str = ""
    ) -> Case:
        """Give a case back to the installation that offered it."""
        assert case.came is not None  # noqa: S101 -- the callers have looked
        case = self.dispatcher.forwarder.cells.give_back(draft, case, cause, reason, instead)
        passed = Status.PASSED_ON if may_become(case.status, Status.PASSED_ON) else None
        case = self.workspace.save(draft, case, passed)
        who = case.came.cell if case.came else ""
        text = f"Rendue à « {who} » : {reason}" if reason else f"Rendue à « {who} »."
        self.workspace.tell(draft, case, EventKind.STATUS, service.id, text, Visibility.SERVICE)
        return case

    def answer(
        self,
        draft: Draft,
        case: Case,
        service: Service,
        text: str,
        status: Status,
        cause: str,
        *,
        photos: tuple[CaseFile, ...] = (),
    ) -> Case:
        if case.status not in ENDED and case.status is not status:
            case = self.workspace.save(draft, case, status)
        else:
            case = self.workspace.save(draft, case)
        self.workspace.tell(
            draft, case, EventKind.ANSWERED, service.id, text, Visibility.CITIZEN, str(status)
        )
        self.everyone.fan_out(
            draft,
            case,
            DeliveryKind.ANSWER,
            cause,
            TextId.ANSWER if text else TextId.RESOLVED,
            automatic=not text,
            answer=text,
            # what is not for all eyes stands on no page that needs no more than the number
            also=TextId.PROOF if photos and not case.discreet else None,
            files=photos,
        )
        if status is Status.RESOLVED:
            self._end_part(draft, case, cause)
        return case

    def _end_part(self, draft: Draft, case: Case, cause: str) -> None:
        """End the whole when its last part has ended, which people have been told of part by part."""
        parent = self.workspace.case(case.parent)
        if parent is None:
            return
        left = tuple(part for part in parent.parts_open if part != case.id)
        status = Status.RESOLVED if not left and parent.status not in ENDED else None
        parent = self.workspace.save(draft, replace(parent, parts_open=left), status)
        if status is not None:
            self.everyone.ended(draft, parent, cause)

    def _status(self, draft: Draft, case: Case, service: Service, text: str = "") -> None:
        self.workspace.tell(
            draft, case, EventKind.STATUS, service.id, text, Visibility.CITIZEN, str(case.status)
        )


def photos_of(
    inbound: Inbound, files: Iterable[Attachment], least: int = 0
) -> tuple[CaseFile, ...]:
    """Take the pictures of at least so many bytes among the files of a service."""
    return tuple(
        CaseFile(inbound.id, file.ref, file.name, file.media_type, file.size)
        for file in files
        if _is_picture(file) and (file.size is None or file.size >= least)
    )


def _is_picture(file: Attachment) -> bool:
    known = file.media_type.startswith("image/")
    return known or (mimetypes.guess_type(file.name)[0] or "").startswith("image/")
