"""What providers and links tell of an address: what arrived, what never will, whose it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from router.archive import Action
from router.case import EventKind
from router.delivery import Delivery, DeliveryState
from router.errors import InvalidInput
from router.events import ReceiptReceived
from router.handling.windows import Windows, is_closed
from router.outbox import GIVE_UP
from router.telling.replies import Replies
from router.tokens import CONFIRM, Signer, party_of
from router.work import Again, DeliveryWrite, Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

_DEAD_ADDRESS = re.compile(r"5\.1\.\d+|5\.2\.1")
"""What RFC 3463 says of an address that is wrong or closed, and not of one message or one day."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """Works what becomes known of addresses into a workspace; one for each batch."""

    workspace: Workspace
    replies: Replies
    windows: Windows
    signer: Signer

    def confirmed(self, draft: Draft, inbound: Inbound, text: str) -> Worked:
        """Answer a person where he asked, now that the address is known to be his."""
        try:
            token = self.signer.read(text)
        except InvalidInput:
            return Worked(Action.IGNORE, "lien de confirmation qui n'est pas de nous")
        case = self.workspace.case_of_number(token.number) if token.kind == CONFIRM else None
        waiting = [
            reporter
            for reporter in (case.reporters if case else ())
            if reporter.page is not None and party_of(reporter.address.key) == token.party
        ]
        if case is None or not waiting:
            return Worked(Action.IGNORE, "lien de confirmation qui a déjà servi", case)
        sure = replace(waiting[0], page=None, verified=True)
        people = tuple(sure if one == waiting[0] else one for one in case.reporters)
        case = self.workspace.save(draft, replace(case, reporters=people))
        self.workspace.tell(draft, case, EventKind.NOTE, "citizen", "Adresse confirmée.")
        conversation = self.workspace.conversation(sure.address.key)
        self.workspace.converse(
            draft,
            replace(conversation, case_id=case.id, asked=case.asked, language=sure.language),
        )
        reply = self.replies.confirmed(draft, case, sure, inbound.envelope.provider_id)
        return Worked(Action.APPEND, "la personne a confirmé son adresse", case, reply=reply)

    def receipt(self, draft: Draft, event: ReceiptReceived) -> Worked:
        """Record what a provider says of a delivery; an address that is gone is written to no more."""
        delivery = self.workspace.delivery(event.delivery_id, event.provider_id)
        if delivery is None:
            return Worked(Action.RECEIPT, "accusé d'un envoi inconnu")
        if is_closed(event, delivery):
            return self.windows.closed(draft, event, delivery)
        state = DeliveryState(event.state)
        state = DeliveryState.BOUNCED if state is DeliveryState.AWAITS else state
        error = " ".join(part for part in (event.code, event.reason) if part)
        if state is DeliveryState.BOUNCED and (at := self._next_try(event, delivery)) is not None:
            return self._again(draft, delivery, at, error)
        if delivery.state is DeliveryState.DEFERRED and state.rank <= DeliveryState.SENT.rank:
            return Worked(Action.RECEIPT, "accusé en retard d'un envoi qui sera refait")
        draft.receipts.append(DeliveryWrite(delivery.id, state, error=error))
        case = self.workspace.case(delivery.case_id)
        gone = _DEAD_ADDRESS.fullmatch(event.code) is not None
        lost = state in {DeliveryState.BOUNCED, DeliveryState.REJECTED, DeliveryState.DEAD}
        if lost and case is not None:
            case = self.workspace.save(draft, case)
            text = f"{delivery.kind} ({delivery.address.channel}) : {error}"
            text += " – cette adresse n'existe plus" if gone else ""
            self.workspace.tell(draft, case, EventKind.DELIVERY_FAILED, "provider", text)
        if lost and gone:
            conversation = self.workspace.conversation(delivery.address.key)
            self.workspace.converse(draft, replace(conversation, blocked=True))
        return Worked(Action.RECEIPT, f"{delivery.kind} : {state}", case)

    def _next_try(self, event: ReceiptReceived, delivery: Delivery) -> datetime | None:
        """Give when to send it once more, each time twice as late; None when that is given up.

        Of what is on its way again, or was told to be lost before, an agent decides.
        """
        if event.again_s is None or delivery.state is not DeliveryState.SENT:
            return None
        wait = timedelta(seconds=event.again_s * 2 ** max(0, min(delivery.tries, 20) - 1))
        at = self.workspace.now + wait
        return at if at - delivery.created_at < GIVE_UP else None

    def _again(self, draft: Draft, delivery: Delivery, at: datetime, error: str) -> Worked:
        draft.again.append(Again(delivery.id, delivery.address, delivery.lane, at, error))
        case = self.workspace.case(delivery.case_id)
        if case is not None:
            case = self.workspace.save(draft, case)
            text = (
                f"{delivery.kind} ({delivery.address.channel}) : {error} ; un autre envoi suivra."
            )
            self.workspace.tell(draft, case, EventKind.NOTE, "provider", text)
        return Worked(Action.RECEIPT, f"{delivery.kind} : {DeliveryState.DEFERRED}", case)
