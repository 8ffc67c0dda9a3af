"""Tells those concerned what a decision taken again changed: a step reached, another service."""

from __future__ import annotations

from router.case import Case, Status
from router.decision import Decision
from router.delivery import DeliveryKind
from router.dispatch import Dispatcher, passes_on
from router.replies import Replies
from router.texts import TextId
from router.workspace import Draft

_CONFIRMED = "Assez de personnes ont confirmé cette demande (seuil {steps}). "
_LEFT = "Cette demande est maintenant confiée à ce service : {name}. Vous n'avez plus rien à faire."
_BEGUN = {Status.ACCEPTED, Status.IN_PROGRESS, Status.WAITING_PARTNER, Status.PASSED_ON}
"""States in which a service works on a case, or a body outside does."""


def tell_moved(
    draft: Draft,
    before: Case,
    case: Case,
    cause: str,
    why: str,
    dispatcher: Dispatcher,
    replies: Replies,
    *,
    people: bool = True,
) -> None:
    """Tell the service that had the case, in the words ``why``, and every reporter once.

    ``people`` is False where something else that is sent to them just now says it.
    """
    directory = dispatcher.rulebook.directory
    former = directory.service(before.owner)
    if former is not None:
        dispatcher.forwarder.forward(
            draft, case, former, DeliveryKind.NOTICE, f"{cause}:left", added=why
        )
    if not people:
        return
    owner = directory.service(case.owner)
    text = TextId.PASSED_ON if owner and passes_on(owner) else TextId.REROUTED
    replies.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True)


def tell_changes(
    draft: Draft,
    before: Case,
    case: Case,
    decision: Decision,
    cause: str,
    dispatcher: Dispatcher,
    replies: Replies,
) -> None:
    """Send what steps want said that are reached just now, and tell of a case that has moved.

    A case that nobody had begun moves quietly when an answer shows whose it is; a danger that moves
    one is answered by its own words.
    """
    reached = decision.reached
    if reached.replies:
        replies.steps(draft, case, decision, cause)
    if case.owner == before.owner or not (reached.owner or before.status in _BEGUN):
        return
    owner = dispatcher.rulebook.directory.service(case.owner)
    name = owner.name("fr") if owner else case.owner
    steps = ", ".join(reached.steps) if reached.owner else ""
    why = (_CONFIRMED.format(steps=steps) if steps else "") + _LEFT.format(name=name)
    # where a step or a danger has words of its own, those are what people hear
    people = reached.owner and not reached.replies
    tell_moved(draft, before, case, cause, why, dispatcher, replies, people=people)
