"""Tells services of a case that is not theirs: those to be informed, and those asked for an opinion."""

from __future__ import annotations

from dataclasses import replace

from router.case import Case
from router.decision import Decision, ServiceId
from router.delivery import DeliveryKind
from router.telling.forwarding import Forwarder
from router.workspace import Draft


def told(decision: Decision) -> tuple[ServiceId, ...]:
    """List who is written of a case without having it, and so may look at it."""
    return tuple(dict.fromkeys((*decision.notify, *decision.consult)))


def inform(forwarder: Forwarder, draft: Draft, case: Case, decision: Decision, cause: str) -> Case:
    """Write to those whom the rules name now; gives the case that remembers it, not kept yet.

    Each is informed once of a case, and again by a danger that comes to decide it, and by every
    step that is reached and names it; each is asked for an opinion once. To be informed, asked and
    alerted are three things: none stands for another.
    """
    danger = decision.danger and decision.rule not in case.dangers
    new = [one for one in decision.notify if danger or one not in case.informed]
    notices = [one for one in dict.fromkeys((*decision.reached.notify, *new)) if one != case.owner]
    opinions = [one for one in decision.consult if one not in (*case.consulted, case.owner)]
    for services, kind in ((notices, DeliveryKind.NOTICE), (opinions, DeliveryKind.OPINION)):
        for service in services:
            forwarder.forward(draft, case, forwarder.service(service), kind, cause)
    if danger:
        case = replace(case, dangers=(*case.dangers, decision.rule))
    return remembered(case, notices, opinions, told(decision))


def remembered(
    case: Case,
    informed: tuple[ServiceId, ...] | list[ServiceId],
    consulted: tuple[ServiceId, ...] | list[ServiceId],
    watchers: tuple[ServiceId, ...] = (),
) -> Case:
    """Add to those who were told of a case."""
    return replace(
        case,
        informed=tuple(dict.fromkeys((*case.informed, *informed))),
        consulted=tuple(dict.fromkeys((*case.consulted, *consulted))),
        watchers=tuple(dict.fromkeys((*case.watchers, *watchers))),
    )
