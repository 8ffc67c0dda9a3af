"""What agents at the desk do by hand: calls missed, answers read aloud, letters posted."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from router.archive import Action
from router.case import Case, EventKind
from router.delivery import Delivery, DeliveryState, idempotency_key
from router.entry import DESK, SOURCES_FR, WAYS_FR, Outcome, Way
from router.events import CallMissed, TaskDone
from router.handling.for_an_agent import looked_at
from router.message import Address, Message
from router.telling.replies import Replies
from router.tokens import REPLY
from router.words.called import SENDINGS
from router.work import DeliveryWrite, Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

CHANNEL = DESK
WAITING = "attend un agent du guichet"
"""What a delivery says of itself until an agent has tried it."""
LATE = timedelta(hours=48)
"""How long a person may wait for a call or a letter before the operator is told."""

_STATES = {
    Outcome.READ: (DeliveryState.DELIVERED, "lu au citoyen"),
    Outcome.POSTED: (DeliveryState.SENT, "posté"),
    Outcome.UNREACHABLE: (DeliveryState.DEFERRED, "injoignable"),
    Outcome.INSTEAD: (DeliveryState.SENT, "remis autrement"),
    Outcome.SEEN: (DeliveryState.DELIVERED, "vu par un agent"),
}
"""What an outcome makes of the delivery, and how it is told."""
_WAITS = {way for way in Way if way.waits}


@dataclass(frozen=True, slots=True)
class Desk:
    """Works what agents do into a workspace; one for each batch."""

    workspace: Workspace
    replies: Replies

    def entered(self, draft: Draft, case: Case, message: Message) -> None:
        """Say on the case who wrote the message down, and who chose where the answers go."""
        entry = message.entry
        if entry is None:
            return
        said = f"Saisi au guichet : {SOURCES_FR[entry.source]}."
        if entry.behalf_of:
            said += f" Pour {entry.behalf_of} ; les réponses vont à la personne qui signale."
        said += f" Réponse par {way_named(message.address)}, choisie à la saisie."
        data = json.dumps({"source": entry.source, "reply": message.address.key})
        self.workspace.tell(draft, case, EventKind.NOTE, by(entry.agent), said, data=data)

    def missed(self, draft: Draft, inbound: Inbound, event: CallMissed) -> Worked:
        """Have the person rung back; what he wanted is asked then and never made up."""
        conversation = self.workspace.conversation(event.address.key)
        delivery = self.replies.ring_back(
            draft, event, inbound.envelope.provider_id, conversation.language or "fr"
        )
        return Worked(Action.ASK, "appel manqué : à rappeler", reply=delivery)

    def done(self, draft: Draft, inbound: Inbound, event: TaskDone) -> Worked:
        """Record what became of a task of this desk; one that has ended stays as it is."""
        delivery, desk = self.workspace.delivery(event.delivery_id, ""), inbound.envelope.account
        if delivery is None or (delivery.address.channel, delivery.address.account) != (
            CHANNEL,
            desk,
        ):
            return Worked(Action.IGNORE, "aucune tâche du guichet de ce nom")
        case = self.workspace.case(delivery.case_id)
        if delivery.state.settled:
            return Worked(Action.RECEIPT, "tâche déjà faite", case)
        if not event.outcome.fits(delivery.address.kind):
            why = f"{way_named(delivery.address)} : cette tâche ne se termine pas ainsi"
            return Worked(Action.IGNORE, why, case)
        state, said = _STATES[event.outcome]
        if event.instead is not None and self._unwanted(event.instead):
            state, said = (
                DeliveryState.DEFERRED,
                "la personne ne veut plus de messages à cette adresse",
            )
        elif event.instead is not None:
            said = f"{said} : {way_named(event.instead)}"
            case = self._instead(draft, delivery, case, event.instead)
        error = "" if state is DeliveryState.DELIVERED else said
        draft.receipts.append(DeliveryWrite(delivery.id, state, error=error))
        if case is not None:
            case = self.workspace.save(draft, looked_at(case, delivery))
            words = f"{SENDINGS[delivery.kind]} ({way_named(delivery.address)}) : {said}"
            self.workspace.tell(draft, case, EventKind.NOTE, by(event.agent), words)
        return Worked(Action.RECEIPT, f"{SENDINGS[delivery.kind]} : {said}", case)

    def _unwanted(self, address: Address) -> bool:
        conversation = self.workspace.conversation(address.key)
        return conversation.opted_out or conversation.blocked

    def _instead(
        self, draft: Draft, delivery: Delivery, case: Case | None, address: Address
    ) -> Case | None:
        """Send the same words elsewhere, and answer the person there from now on."""
        signer, before = self.replies.signer, delivery.address
        draft.deliveries.append(
            replace(
                delivery,
                id=self.workspace.ids.next(),
                idem=idempotency_key(f"instead:{delivery.id}", delivery.kind, address),
                lane=address.key,
                address=address,
                created_at=self.workspace.now,
                refs=(),
                reply_token=signer.sign(REPLY, case.number, address.key) if case else "",
                state=DeliveryState.QUEUED,
                not_before=None,
                tries=0,
                error="",
            )
        )
        if case is None:
            return None
        whole = self.workspace.whole(case)
        if whole.id != case.id:
            self.workspace.save(draft, _moved(whole, before, address))
        conversation = self.workspace.conversation(address.key)
        self.workspace.converse(
            draft, replace(conversation, case_id=case.id, language=delivery.language)
        )
        return self.workspace.save(draft, _moved(case, before, address))


def _moved(case: Case, before: Address, address: Address) -> Case:
    people = tuple(
        replace(person, address=address, refs=()) if person.address == before else person
        for person in case.reporters
    )
    return replace(case, reporters=people)


def by(agent: str) -> str:
    """Name an agent in the history of a case."""
    return f"agent {agent}"


def way_named(address: Address) -> str:
    """Name the way of an address to those who work here."""
    return WAYS_FR.get(address.kind if address.channel == CHANNEL else address.channel, "")


def is_task(delivery: Delivery) -> bool:
    """Whether an agent has to do something for a delivery to arrive."""
    address = delivery.address
    return address.channel == CHANNEL and address.kind in _WAITS and not delivery.state.settled
