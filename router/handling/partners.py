"""Hears what services say of their cases: whose word it is, for which case, and whether it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, ReporterRole, Status, Visibility, may_become
from router.directory import Service
from router.errors import InvalidInput
from router.events import PartnerActed
from router.handling.deeds import ENDED, Deeds, photos_of
from router.handling.disowned import kept_back
from router.handling.dispatch import Dispatcher
from router.message import Message, Trust
from router.tokens import PARTNER, Signer, party_of
from router.words.their_numbers import known_as
from router.work import Inbound
from router.workspace import Draft, Workspace

_DONE = {
    "accept": "prise en charge par",
    "progress": "avancement de",
    "refuse": "refus de",
    "close": "clôture par",
    "note": "note de",
    "reference": "référence donnée par",
}
_LONGEST_REFERENCE = 100
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
    deeds: Deeds
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
        photos = photos_of(inbound, message.attachments, _LEAST_PHOTO)
        case = self.deeds.shown(draft, case, service, photos)
        case = self.deeds.answer(
            draft, case, service, text, Status.ANSWERED, message.provider_id, photos=photos
        )
        if case.proof and not photos:
            self.deeds.ask_proof(draft, case, service, message.provider_id)
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
        if service.id != case.owner or case.status in ENDED or _changes_nothing(case, acted):
            self._note(draft, case, service, f"{acted.act} : {acted.reason or acted.text}")
            return Heard(Action.PARTNER, case, "l'acte vient trop tard : noté seulement")
        match acted.act:
            case "accept":
                case = self.deeds.accept(draft, case, service, cause)
            case "progress":
                case = self.deeds.progress(draft, case, service, acted.text, cause)
            case "refuse":
                case = self.deeds.refuse(draft, case, service, acted.reason, cause, acted.instead)
            case "close":
                case = self.deeds.close(draft, case, service, acted, inbound)
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

    def _note(self, draft: Draft, case: Case, service: Service, text: str) -> None:
        case = self.workspace.save(draft, case)
        self.workspace.tell(draft, case, EventKind.NOTE, service.id, text, Visibility.SERVICE)


def _changes_nothing(case: Case, acted: PartnerActed) -> bool:
    """Whether an act comes again, or after a later one: the person is not told a second time."""
    match acted.act:
        case "accept":
            return not may_become(case.status, Status.ACCEPTED)
        case "progress":
            return not acted.text and not may_become(case.status, Status.IN_PROGRESS)
        case _:
            return False
