"""What a service's answer or act does to a case, and what its reporters are told."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from router.archive import Action
from router.case import Case, CaseFile, EventKind, ReporterRole, Status, Visibility, may_become
from router.decision import ServiceId
from router.delivery import DeliveryKind
from router.directory import Service, service_named
from router.disowned import kept_back
from router.dispatch import Dispatcher, passes_on
from router.errors import InvalidInput
from router.message import Attachment, Message, PartnerActed, Trust
from router.record import Cause
from router.replies import Replies
from router.store import Inbound
from router.texts import TextId
from router.their_numbers import known_as
from router.tokens import PARTNER, Signer, party_of
from router.workspace import Draft, Workspace

_ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}
_PROOF_MISSING = (
    "Cette demande attend une photo du résultat pour être close. La réponse est partie à la "
    "personne. Ouvrez le lien « Clore » et joignez la photo."
)
_DONE = {
    "accept": "prise en charge par",
    "progress": "avancement de",
    "refuse": "refus de",
    "close": "clôture par",
    "note": "note de",
    "reference": "référence donnée par",
}
_LONGEST_REFERENCE = 100
_LONGEST_NAME = 200
_MOST_PROOFS = 20
_LEAST_PHOTO = 20_000
"""Bytes; a smaller picture in a mail is the logo of a signature."""
_SAYS_NOTHING = {"note", "reference"}
"""Acts that the person is not told of."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a service's word."""

    action: Action
    case: Case | None
    reason: str


@dataclass(frozen=True, slots=True)
class Partners:
    """Works the words of services into a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    replies: Replies
    signer: Signer

    def service_of(self, case: Case, party: str) -> Service | None:
        """Find the service that a token was made for, by the hash of its id."""
        for service in self.dispatcher.rulebook.directory.services():
            if party_of(service.id) == party:
                return service
        return None

    def reply(
        self, draft: Draft, message: Message, case: Case, service: Service, inbound: Inbound
    ) -> Heard:
        """Work a service's plain answer to the mail that forwarded the case."""
        text = message.text_shown.strip()
        if message.trust is Trust.FAILED and not message.automatic:
            case = kept_back(self.dispatcher, draft, case, service, message)
            return Heard(Action.PARTNER, case, f"au nom de {service.id}, expéditeur non confirmé")
        if message.automatic or not text or service.id != case.owner:
            self._note(draft, case, service, text or message.automatic)
            return Heard(Action.PARTNER, case, f"noté de {service.id}")
        photos = _photos(inbound, message.attachments, _LEAST_PHOTO)
        case = self._shown(draft, case, service, photos)
        case = self._answer(
            draft, case, service, text, Status.ANSWERED, message.provider_id, photos=photos
        )
        if case.proof and not photos:
            self._ask_proof(draft, case, service, message.provider_id)
        return Heard(Action.PARTNER, case, f"réponse de {service.id}")

    def act(self, draft: Draft, acted: PartnerActed, inbound: Inbound) -> Heard:
        """Work an act made through a signed link, or by the system of the service."""
        cause = inbound.envelope.provider_id
        try:
            case, service = self._invited(acted)
        except InvalidInput:
            return Heard(Action.IGNORE, None, "lien d'action falsifié")
        if case is None or service is None:
            return Heard(Action.IGNORE, None, "lien d'action sans demande")
        case = self._referred(draft, case, service, acted.reference)
        if acted.act in _SAYS_NOTHING:
            if acted.act == "note":
                self._note(draft, case, service, acted.text)
            return Heard(Action.PARTNER, case, f"{_DONE[acted.act]} {service.id}")
        if service.id != case.owner or case.status in _ENDED or _changes_nothing(case, acted):
            self._note(draft, case, service, f"{acted.act} : {acted.reason or acted.text}")
            return Heard(Action.PARTNER, case, "l'acte vient trop tard : noté seulement")
        match acted.act:
            case "accept":
                case = self._accept(draft, case, service, cause)
            case "progress":
                case = self._progress(draft, case, service, acted.text, cause)
            case "refuse":
                case = self._refuse(draft, case, service, acted.reason, cause, acted.instead)
            case "close":
                case = self._close(draft, case, service, acted, inbound)
            case _:
                return Heard(Action.IGNORE, case, f"acte inconnu : {acted.act}")
        return Heard(Action.PARTNER, case, f"{_DONE[acted.act]} {service.id}")

    def _invited(self, acted: PartnerActed) -> tuple[Case | None, Service | None]:
        """Find the case and the service of an act.

        Raises:
            InvalidInput: its token is not one of ours.
        """
        if acted.forward:
            taken = self.workspace.delivery(None, acted.forward)
            case = self.workspace.case(taken.case_id) if taken else None
            known = self.dispatcher.rulebook.directory.service
            return case, known(taken.service) if taken and taken.service else None
        token = self.signer.read(acted.token)
        case = self.workspace.case_of_number(token.number)
        if token.kind != PARTNER or case is None:
            return None, None
        return case, self.service_of(case, token.party)

    def _referred(self, draft: Draft, case: Case, service: Service, reference: str) -> Case:
        """Keep the service's own number of the case, if it is in charge and the number is new."""
        reference = reference[:_LONGEST_REFERENCE]
        if not reference or case.partner_ref == reference or service.id != case.owner:
            return case
        case = self.workspace.save(draft, replace(case, partner_ref=reference))
        for reporter in self.workspace.whole(case).reporters:
            if reporter.role is ReporterRole.REPORTER:
                self.workspace.refer(draft, known_as(reporter.address, reference), case)
        text = f"Référence de {service.name('fr')} : {reference}"
        self.workspace.tell(draft, case, EventKind.NOTE, service.id, text, Visibility.SERVICE)
        return case

    # --- acts ----------------------------------------------------------------------------------

    def _accept(self, draft: Draft, case: Case, service: Service, cause: str) -> Case:
        case = self._takes_clock(draft, case, service, cause)
        case = self.workspace.save(draft, case, Status.ACCEPTED)
        self._status(draft, case, service)
        self.replies.fan_out(
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

    def _progress(self, draft: Draft, case: Case, service: Service, text: str, cause: str) -> Case:
        case = self._takes_clock(draft, case, service, cause)
        case = self.workspace.save(draft, case, Status.IN_PROGRESS)
        self._status(draft, case, service, text)
        self.replies.fan_out(
            draft,
            case,
            DeliveryKind.PROGRESS,
            cause,
            TextId.ANSWER if text else TextId.IN_PROGRESS,
            automatic=not text,
            answer=text,
        )
        return case

    def _close(
        self, draft: Draft, case: Case, service: Service, acted: PartnerActed, inbound: Inbound
    ) -> Case:
        """Resolve a case; without the proof that its rule asks for it is answered and no more."""
        cause = inbound.envelope.provider_id
        photos = _photos(inbound, acted.attachments)
        case = self._shown(draft, case, service, photos)
        lacking = bool(case.proof) and not photos
        status = Status.ANSWERED if lacking else Status.RESOLVED
        case = self._answer(draft, case, service, acted.text, status, cause, photos=photos)
        if lacking:
            self._ask_proof(draft, case, service, cause)
        return case

    def _shown(
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

    def _ask_proof(self, draft: Draft, case: Case, service: Service, cause: str) -> None:
        self.workspace.tell(
            draft, case, EventKind.NOTE, "rules", _PROOF_MISSING, Visibility.SERVICE
        )
        self.dispatcher.forwarder.forward(
            draft, case, service, DeliveryKind.NOTICE, f"{cause}:proof", added=_PROOF_MISSING
        )

    def _refuse(
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
            return self._end_refused(draft, case, service, reason, cause)
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        text = TextId.PASSED_ON if owner and passes_on(owner) else TextId.REROUTED
        self.replies.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True)
        return case

    def _end_refused(
        self, draft: Draft, case: Case, service: Service, reason: str, cause: str
    ) -> Case:
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
        self.replies.fan_out(
            draft,
            case,
            DeliveryKind.ANSWER,
            cause,
            TextId.REFUSED,
            automatic=not reason,
            answer=reason,
        )
        self._end_part(draft, case)
        return case

    def _answer(
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
        if case.status not in _ENDED and case.status is not status:
            case = self.workspace.save(draft, case, status)
        else:
            case = self.workspace.save(draft, case)
        self.workspace.tell(
            draft, case, EventKind.ANSWERED, service.id, text, Visibility.CITIZEN, str(status)
        )
        self.replies.fan_out(
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
            self._end_part(draft, case)
        return case

    def _end_part(self, draft: Draft, case: Case) -> None:
        """End the whole when its last part has ended."""
        parent = self.workspace.case(case.parent)
        if parent is None:
            return
        left = tuple(part for part in parent.parts_open if part != case.id)
        status = Status.RESOLVED if not left and parent.status not in _ENDED else None
        self.workspace.save(draft, replace(parent, parts_open=left), status)

    def _status(self, draft: Draft, case: Case, service: Service, text: str = "") -> None:
        self.workspace.tell(
            draft, case, EventKind.STATUS, service.id, text, Visibility.CITIZEN, str(case.status)
        )

    def _note(self, draft: Draft, case: Case, service: Service, text: str) -> None:
        case = self.workspace.save(draft, case)
        self.workspace.tell(draft, case, EventKind.NOTE, service.id, text, Visibility.SERVICE)


def _photos(inbound: Inbound, files: Iterable[Attachment], least: int = 0) -> tuple[CaseFile, ...]:
    """Take the pictures of at least so many bytes among the files of a service."""
    return tuple(
        CaseFile(inbound.id, file.ref, file.name, file.media_type, file.size)
        for file in files
        if _is_picture(file) and (file.size is None or file.size >= least)
    )


def _is_picture(file: Attachment) -> bool:
    known = file.media_type.startswith("image/")
    return known or (mimetypes.guess_type(file.name)[0] or "").startswith("image/")


def _changes_nothing(case: Case, acted: PartnerActed) -> bool:
    """Whether an act comes again, or after a later one: the person is not told a second time."""
    match acted.act:
        case "accept":
            return not may_become(case.status, Status.ACCEPTED)
        case "progress":
            return not acted.text and not may_become(case.status, Status.IN_PROGRESS)
        case _:
            return False
