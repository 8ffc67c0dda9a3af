"""Lets what came too late for free text await the person, and leave once he has written."""

from __future__ import annotations

from dataclasses import dataclass

from router.archive import Action
from router.case import EventKind
from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.events import AskedToRead, ReceiptReceived
from router.message import Address
from router.telling.replies import Replies
from router.work import DeliveryWrite
from router.worked import Worked
from router.workspace import Draft, Workspace

_AWAITS = "{} ({}) : {} ; le texte part dès que la personne écrit."


@dataclass(frozen=True, slots=True)
class Windows:
    """Works the reply windows of channels into a workspace; one for each batch."""

    workspace: Workspace
    replies: Replies

    def closed(self, draft: Draft, event: ReceiptReceived, delivery: Delivery) -> Worked:
        """Keep what was refused for its free text, and invite the person to write."""
        case = self.workspace.case(delivery.case_id)
        state, error = DeliveryState.AWAITS, f"{event.code} {event.reason}".strip()
        draft.receipts.append(DeliveryWrite(delivery.id, state, error=error))
        if case is not None:
            case = self.workspace.save(draft, case)
            note = _AWAITS.format(delivery.kind, delivery.address.channel, event.reason)
            self.workspace.tell(draft, case, EventKind.NOTE, "provider", note)
            self.replies.invite(draft, case, delivery)
        return Worked(Action.RECEIPT, f"{delivery.kind} : {state}", case)

    def opened(self, draft: Draft, address: Address, *, back_in: bool = False) -> None:
        """Send what awaits at an address: the person, who wants messages, has just written."""
        wanted = back_in or not self.workspace.conversation(address.key).opted_out
        if wanted and address.channel in self.replies.policy.windowed_channels:
            draft.opened.add(address)

    def asked(self, draft: Draft, event: AskedToRead) -> Worked:
        """Send what awaits, and write nothing else."""
        self.opened(draft, event.address)
        return Worked(Action.IGNORE, "la personne veut lire ce qui l'attend")


def is_closed(event: ReceiptReceived, delivery: Delivery) -> bool:
    """Whether a delivery must wait for the person; an invitation is what may leave without."""
    return event.state == DeliveryState.AWAITS and delivery.kind is not DeliveryKind.INVITE
