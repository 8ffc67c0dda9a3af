"""Sets an agent to what no machine can judge: spoken words, doubtful senders, a second subject."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum

from router.case import Case, EventKind, Visibility
from router.delivery import Delivery, DeliveryKind, idempotency_key
from router.entry import DESK, Way
from router.message import Address, Message, Trust
from router.policy import Policy
from router.tracking import printed
from router.workspace import Draft, Workspace

_FORGED = (
    "Aucune réponse automatique n'est partie : notre serveur de courrier dit que ce message ne vient"
    " pas de l'adresse qu'il affiche."
)


class Look(StrEnum):
    """The label of a case at which an agent shall look; it goes once he has."""

    TO_HEAR = "a-ecouter"  # a spoken message
    TO_VERIFY = "a-verifier"  # it may not be from whom it says, or not from a person
    SEVERAL = "plusieurs-sujets"  # it speaks of something else too, which no service has yet


@dataclass(frozen=True, slots=True)
class ForAnAgent:
    """Sets tasks of the desk in a workspace; one for each batch."""

    workspace: Workspace
    policy: Policy

    def doubted(self, draft: Draft, case: Case, message: Message) -> Case:
        """Have an agent verify a message that its channel cannot vouch for, or found odd."""
        if message.forged:
            self.workspace.tell(draft, case, EventKind.NOTE, "router", _FORGED)
        if not (message.trust is Trust.FAILED or message.automatic or message.doubts):
            return case
        why = f"À vérifier : {' ; '.join(message.doubts)}" if message.doubts else ""
        if why:
            self.workspace.tell(draft, case, EventKind.NOTE, "router", why)
        why = why or (
            "À vérifier : envoyé par une machine."
            if message.automatic and message.trust is not Trust.FAILED
            else "À vérifier : l'expéditeur n'est pas confirmé."
        )
        return self.set(draft, case, Look.TO_VERIFY, why, message.provider_id)

    def to_hear(self, draft: Draft, case: Case, message: Message) -> Case:
        """Set an agent to listen to what was spoken: nobody else here can."""
        spoken = [file for file in message.attachments if file.media_type.startswith("audio/")]
        if not spoken:
            return case
        why = f"À écouter : {', '.join(file.name for file in spoken)}"
        self.workspace.tell(draft, case, EventKind.NOTE, "router", why)
        return self.set(draft, case, Look.TO_HEAR, why, message.provider_id)

    def several(self, draft: Draft, case: Case, names: str) -> Case:
        """Set an agent to see to what a message speaks of beside what its case is about."""
        why = f"Le message parle aussi de : {names}"
        self.workspace.tell(draft, case, EventKind.NOTE, "router", why, Visibility.SERVICE)
        return self.set(draft, case, Look.SEVERAL, why, str(case.id))

    def set(self, draft: Draft, case: Case, look: Look, why: str, cause: str) -> Case:
        """Label a case, and lay a task before the desk where there is one; once for one cause."""
        labels = tuple(dict.fromkeys((*case.labels, look)))
        case = self.workspace.save(draft, replace(case, labels=labels))
        if not self.policy.desk:
            return case
        number = printed(case.public_number or case.number)
        address = Address(DESK, self.policy.desk, number, Way.LOOK)
        draft.deliveries.append(
            Delivery(
                id=self.workspace.ids.next(),
                idem=idempotency_key(f"{look}:{case.id}:{cause}", DeliveryKind.ALERT, address),
                lane=address.key,
                kind=DeliveryKind.ALERT,
                address=address,
                text=why,
                created_at=self.workspace.now,
                case_id=case.id,
                data=json.dumps({"look": look}),
            )
        )
        return case


def looked_at(case: Case, delivery: Delivery) -> Case:
    """Take off a case the label that a task set, once an agent has looked."""
    try:
        look = json.loads(delivery.data or "{}").get("look", "")
    except ValueError:
        return case
    return replace(case, labels=tuple(label for label in case.labels if label != look))
