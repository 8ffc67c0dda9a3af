"""Tells those concerned what a decision taken again changed: a step reached, another service."""

from __future__ import annotations

from router.case import Case
from router.decision import Decision
from router.delivery import DeliveryKind
from router.dispatch import Dispatcher, passes_on
from router.replies import Replies
from router.texts import TextId
from router.workspace import Draft

_LEFT_BY_STEP = (
    "Assez de personnes ont confirmé cette demande (seuil {steps}). Elle est maintenant confiée à "
    "ce service : {name}. Vous n'avez plus rien à faire."
)


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
        dispatcher.forward(draft, case, former, DeliveryKind.NOTICE, f"{cause}:left", added=why)
    if not people:
        return
    owner = directory.service(case.owner)
    text = TextId.PASSED_ON if owner and passes_on(owner) else TextId.REROUTED
    replies.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True)


def tell_steps(
    draft: Draft,
    before: Case,
    case: Case,
    decision: Decision,
    cause: str,
    dispatcher: Dispatcher,
    replies: Replies,
) -> None:
    """Send what steps want said that are reached just now, and tell of a case that they moved."""
    reached = decision.reached
    if reached.replies:
        replies.steps(draft, case, decision, cause)
    if not reached.owner or case.owner == before.owner:
        return
    owner = dispatcher.rulebook.directory.service(case.owner)
    name = owner.name("fr") if owner else case.owner
    why = _LEFT_BY_STEP.format(name=name, steps=", ".join(reached.steps))
    people = not reached.replies  # a text of the step is what they hear
    tell_moved(draft, before, case, cause, why, dispatcher, replies, people=people)
