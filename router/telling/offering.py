"""Hands a case to a service that may stand for another installation, and opens what one offers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.case import Case, EventKind, Reporter, Visibility
from router.cells import Came, Cells, Offer, Speaks
from router.decision import Decision
from router.delivery import DeliveryKind
from router.directory import Service
from router.message import Address
from router.telling.forwarding import Forwarder
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Offering:
    """Sends cases to their owners from a workspace; one for each batch."""

    desk: Service
    workspace: Workspace
    forwarder: Forwarder

    def not_round(
        self, draft: Draft, case: Case, service: Service, decision: Decision
    ) -> tuple[Case, Service]:
        """Give to the desk what would go to an installation that it may not go to.

        The rules were asked without such a service; that of a part they name all the same.
        """
        cells = self.forwarder.policy.cells
        cell = cells.cell_of(service, decision.transmit_by)
        whole = self.workspace.whole(case)
        hops = whole.came.hops if whole.came else ()
        why = cells.closed(cell, hops, self.workspace.now.date()) if cell else ""
        if not why:
            return case, service
        text = f"Au guichet et non à {service.name('fr')} : {why}."
        self.workspace.tell(draft, case, EventKind.NOTE, "router", text, Visibility.SERVICE)
        return replace(
            case, owner=self.desk.id, refused_by=(*case.refused_by, service.id)
        ), self.desk

    def forward(
        self, draft: Draft, case: Case, service: Service, decision: Decision, cause: str
    ) -> Case:
        """Send a case to its owner; to another installation under a new epoch, once it is ours."""
        cell = self.forwarder.policy.cells.cell_of(service, decision.transmit_by)
        if cell and case.gone is not None:
            text = f"{service.name('fr')} l'aura dès que « {case.gone.cell} » l'a rendue."
            self.workspace.tell(draft, case, EventKind.NOTE, "router", text, Visibility.SERVICE)
            return case
        if cell:
            case = self.forwarder.cells.offered(case, service, cell)
            case = self.workspace.save(draft, case)
        self.forwarder.forward(
            draft, case, service, DeliveryKind.FORWARD, cause, decision.transmit_by
        )
        return case


def from_offer(case: Case, offer: Offer | None, cells: Cells) -> Case:
    """Make a new case the one that another installation offers: its number, its epoch, its people.

    Who offers it is its reporter and hears all answers, unless it is agreed that we write to the
    people ourselves and we can write to each of them.
    """
    if offer is None:
        return case
    people = _people(offer, cells)
    since = case.reporters[0].since
    reporters = tuple(replace(one, since=since) for one in people) or case.reporters
    return replace(
        case,
        epoch=offer.epoch,
        came=Came(offer.cell, offer.hops, offer.epoch, speaks=bool(people)),
        public_number=offer.public_number,
        urgency=max(case.urgency, offer.urgency, key=lambda urgency: urgency.rank),
        confidential=case.confidential or offer.confidential,
        reporters=reporters,
    )


def _people(offer: Offer, cells: Cells) -> tuple[Reporter, ...]:
    agreement = cells.agreements.get(offer.cell)
    agreed = agreement is not None and agreement.speaks is Speaks.OWNER
    if not agreed or any(one.channel not in cells.accounts for one in offer.people):
        return ()
    return tuple(
        Reporter(
            Address(one.channel, cells.accounts[one.channel], one.value),
            one.name,
            one.language,
            verified=True,
            public=one.public,
        )
        for one in offer.people
    )
