"""What becomes of a mail in a service's name that its own domain disowns (RFC 7489)."""

from __future__ import annotations

from router.case import Case, EventKind, Visibility
from router.delivery import DeliveryKind
from router.directory import Service
from router.handling.dispatch import Dispatcher
from router.handling.for_an_agent import ForAnAgent, Look
from router.message import Message
from router.workspace import Draft

_KEPT = (
    "Réponse reçue au nom de ce service, dont l'expéditeur ({}) n'est pas confirmé (SPF, DKIM, DMARC)."
    " Elle n'est pas transmise à la personne ; un agent la vérifie. {}"
)
_HOW = (
    "Une réponse reçue par courriel en votre nom n'a pas pu être authentifiée ; la personne ne l'a pas"
    " reçue. Si elle est de vous, répondez par les liens de ce message."
)
_LONGEST = 2000


def kept_back(
    dispatcher: Dispatcher, draft: Draft, case: Case, service: Service, message: Message
) -> Case:
    """Keep what it says for an agent, and tell the service, once a case, how else to answer."""
    workspace = dispatcher.workspace
    text = _KEPT.format(message.sender[:200], message.text_shown.strip()[:_LONGEST]).strip()
    workspace.tell(draft, case, EventKind.NOTE, "router", text, Visibility.SERVICE)
    agents = ForAnAgent(workspace, dispatcher.forwarder.policy)
    case = agents.set(draft, case, Look.TO_VERIFY, text, message.provider_id)
    # one cause for all: two machines facing each other would not stop
    cause = f"{case.id}:disowned"
    dispatcher.forwarder.forward(draft, case, service, DeliveryKind.NOTICE, cause, added=_HOW)
    return case
