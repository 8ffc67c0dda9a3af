"""Writes cases to services, each in the way that it works."""

from __future__ import annotations

from dataclasses import dataclass

from router.case import Case, CaseFile, EventKind, Visibility
from router.cells import CHANNEL as CELL
from router.decision import ServiceId
from router.delivery import Delivery, DeliveryKind, idempotency_key
from router.directory import Service
from router.message import Address
from router.policy import Policy
from router.rule_ports import Rulebook
from router.telling.cell_writing import CellWriting
from router.telling.privacy import told_to
from router.telling.sheet import sheet
from router.tokens import PARTNER, Signer
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Writes what services receive into a workspace; one for each batch, bound to its rule book."""

    rulebook: Rulebook
    workspace: Workspace
    signer: Signer
    policy: Policy

    @property
    def cells(self) -> CellWriting:
        return CellWriting(self.workspace, self.signer, self.policy.cells)

    def service(self, service: ServiceId) -> Service:
        found = self.rulebook.directory.service(service)
        # the rules are checked, so only a withdrawn service of an old case is not found
        return found or self.rulebook.directory.desk

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
        *,
        by_another: bool = False,
    ) -> Delivery:
        """Write a case, or what was added to it, to a service in the way that it works.

        ``files`` are those that go along; all of the case's when they are not given. ``by_another``:
        what is added says one who is not known as its reporter.
        """
        _, address = self._way(service, transmit_by, kind, added=bool(added))
        words = told_to(service, case)
        data = sheet(
            self.rulebook, case, service, kind, added, files, by_another=by_another, words=words
        )
        if address.channel == CELL:
            data = self.cells.with_transfer(data, case, service, address.account, added)
        delivery = Delivery(
            id=self.workspace.ids.next(),
            idem=idempotency_key(f"{cause}:{service.id}", kind, address),
            lane=f"forward|{case.id}|{service.id}",
            kind=kind,
            address=address,
            text=words(added or (case.text if "texte" in service.sees else "")),
            created_at=self.workspace.now,
            case_id=case.id,
            service=service.id,
            subject=words(case.subject) if "texte" in service.sees else "",
            reply_token=self.signer.sign(PARTNER, case.number, service.id),
            data=data,
        )
        draft.deliveries.append(delivery)
        return delivery

    def note_way(self, draft: Draft, case: Case, service: Service, wanted: str | None) -> None:
        """Say on the case that it goes another way than the one that is written down."""
        if (
            wanted in {None, "email"}
            and service.transmit_by == "email"
            and "@" in service.transmit_to
        ):
            return  # nearly always
        way, address = self._way(service, wanted, DeliveryKind.FORWARD, added=False)
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

    def tells_additions(self, service: Service) -> bool:
        """Whether what people add reaches a service: by its own way, or by mail."""
        way, address = self._way(service, None, DeliveryKind.FORWARD, added=True)
        return way != "email" or "@" in address.value

    def _way(
        self, service: Service, wanted: str | None, kind: DeliveryKind, *, added: bool
    ) -> tuple[str, Address]:
        """Choose how to reach a service: as its rule wants, as it works, else by mail.

        Only mail reaches a service that works another way: of the others it has no address.
        """
        to, own = service.transmit_to, service.transmit_by
        if wanted == "email" != own and service.contact.email:
            return "email", Address(*self.policy.ways["email"], service.contact.email)
        if own in self.policy.ways:
            return own, Address(*self.policy.ways[own], to)
        found = self.policy.partners.get((own, to))
        if found and found.carries(kind, added=added):
            return own, Address(found.channel, found.account, to)
        return "email", Address(*self.policy.ways["email"], service.contact.email or to)
