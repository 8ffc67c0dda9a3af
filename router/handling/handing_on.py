"""Has the desk hand on what people add to a case, where no way of ours carries it to its service."""

from __future__ import annotations

from dataclasses import replace

from router.case import Case, EventKind, Visibility
from router.delivery import DeliveryKind
from router.directory import Service
from router.telling.forwarding import Forwarder
from router.workspace import Draft, Workspace

_HAND_ON = (
    "{service} ne reçoit pas d'ajouts par son logiciel et n'a pas d'adresse de courriel : "
    "transmettez-lui vous-même ce que la personne a ajouté."
)


def hand_on(
    workspace: Workspace,
    forwarder: Forwarder,
    draft: Draft,
    case: Case,
    owner: Service,
    cause: str,
) -> Case:
    """Ask the desk to hand on what was added, by mail and on the case, which it may look at."""
    desk = forwarder.rulebook.directory.desk
    text = _HAND_ON.format(service=owner.name("fr"))
    workspace.tell(draft, case, EventKind.NOTE, "router", text, Visibility.SERVICE)
    if desk.id == owner.id:
        return case
    watchers = tuple(dict.fromkeys((*case.watchers, desk.id)))
    case = workspace.save(draft, replace(case, watchers=watchers))
    forwarder.forward(draft, case, desk, DeliveryKind.NOTICE, f"{cause}:added", added=text)
    return case
