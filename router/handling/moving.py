"""Tells those concerned what a decision taken again changed: a step reached, another service."""

from __future__ import annotations

from router.case import Case, Status
from router.decision import Decision
from router.delivery import DeliveryKind
from router.handling.dispatch import Dispatcher, passes_on
from router.telling.everyone import Everyone
from router.words.texts import TextId
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
    everyone: Everyone,
) -> None:
    """Tell the service that had the case, in the words ``why``, and every reporter once."""
    _tell_former(draft, before, case, cause, why, dispatcher)
    text = text_of_move(case, dispatcher)
    everyone.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True)


def _tell_former(
    draft: Draft, before: Case, case: Case, cause: str, why: str, dispatcher: Dispatcher
) -> None:
    former = dispatcher.rulebook.directory.service(before.owner)
    elsewhere = dispatcher.forwarder.policy.cells.cell_of(former)  # it was told by its own words
    if former is not None and not elsewhere:
        dispatcher.forwarder.forward(
            draft, case, former, DeliveryKind.NOTICE, f"{cause}:left", added=why
        )


def text_of_move(case: Case, dispatcher: Dispatcher) -> TextId:
    """Choose how people are told who has the case now."""
    owner = dispatcher.rulebook.directory.service(case.owner)
    return TextId.PASSED_ON if owner and passes_on(owner) else TextId.REROUTED


def tell_changes(
    draft: Draft,
    before: Case,
    case: Case,
    decision: Decision,
    cause: str,
    dispatcher: Dispatcher,
    everyone: Everyone,
    writer: str,
) -> bool:
    """Send what steps want said that are reached just now, and tell of a case that has moved.

    Who wrote (``writer``, his address hashed) hears of a move in the answer to what he said, and
    then this is True; every other reporter on his own channel. Who told a danger is answered by its
    own words, and where a step has words of its own all hear those.
    """
    reached = decision.reached
    if reached.replies:
        everyone.steps(draft, case, decision, cause)
    if case.owner == before.owner:
        return False
    begun = reached.owner or before.status in _BEGUN
    if begun:
        owner = dispatcher.rulebook.directory.service(case.owner)
        name = owner.name("fr") if owner else case.owner
        steps = ", ".join(reached.steps) if reached.owner else ""
        why = (_CONFIRMED.format(steps=steps) if steps else "") + _LEFT.format(name=name)
        _tell_former(draft, before, case, cause, why, dispatcher)
    if not reached.replies:
        text, but = text_of_move(case, dispatcher), "" if reached.owner else writer
        everyone.fan_out(draft, case, DeliveryKind.PROGRESS, cause, text, automatic=True, but=but)
    return not (begun or reached.replies or decision.danger)
