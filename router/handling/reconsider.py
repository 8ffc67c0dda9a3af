"""Looks again at a case though nobody wrote: its rules were withdrawn, or something fell due."""

from __future__ import annotations

from router.case import Case, EventKind, Status
from router.decision import ServiceId
from router.handling.dispatch import UNSTARTED, Dispatcher
from router.handling.moving import tell_moved
from router.record import Cause
from router.telling.everyone import Everyone
from router.workspace import Draft, Workspace

_ENDED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED, Status.MERGED}
_FELL_DUE = "À l'échéance, les règles confient cette demande à un autre service. Vous n'avez plus rien à faire."
_TAKEN_BACK = "Cette demande est confiée à un autre service : les règles ont été rétablies."


def reconsider(
    draft: Draft,
    case: Case,
    cause: str,
    workspace: Workspace,
    dispatcher: Dispatcher,
    everyone: Everyone,
) -> Case:
    """Decide a case again under the rules of now.

    A case that was started stays where it is, and so does one that an agent placed; what the rules
    would have said is then noted on it. One that moves is told to the service that had it and to
    its reporters.
    """
    if case.status in _ENDED:
        return case
    before = case
    case, decision = dispatcher.decide_again(draft, case, cause, Cause.RULES)
    if case.owner != before.owner:
        tell_moved(draft, before, case, cause, _TAKEN_BACK, dispatcher, everyone)
    elif decision.owner != case.owner:
        text = (
            f"Les règles rétablies désignent {_name(dispatcher, decision.owner)} ; la demande, "
            f"déjà commencée, reste à {_name(dispatcher, case.owner)}."
        )
        workspace.tell(draft, case, EventKind.NOTE, "rules", text)
    return case


def fell_due(
    draft: Draft, case: Case, cause: str, dispatcher: Dispatcher, everyone: Everyone
) -> Case:
    """Decide a case again because its clock says so, with the counts and under the rules of now.

    Where nobody began, it goes to whom they name; its clocks are then set anew, and the timer that
    called is dead. An alarm is never lost to an engine that fails.
    """
    before = case
    case, decision = dispatcher.decide_again(draft, case, cause, Cause.TIMER)
    if decision.reached.replies:
        everyone.steps(draft, case, decision, cause)
    if case.owner != before.owner:
        tell_moved(draft, before, case, cause, _FELL_DUE, dispatcher, everyone)
    return case


def stays(case: Case) -> bool:
    """Whether a case stays where it is whatever the rules say now, unless they see a danger in it."""
    placed = case.agent_choice is not None or bool(case.parts_open)
    return case.owner not in case.refused_by and (placed or case.status not in UNSTARTED)


def _name(dispatcher: Dispatcher, service: ServiceId) -> str:
    found = dispatcher.rulebook.directory.service(service)
    return f"« {found.name('fr')} »" if found else f"« {service} »"
