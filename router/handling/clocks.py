"""Sets the clocks of a case: its deadline, and the alarm when nobody has answered by then."""

from __future__ import annotations

from datetime import datetime

from router.case import Alarm, Case
from router.decision import Decision
from router.rule_ports import Rulebook
from router.work import Timer, TimerKind
from router.workspace import Draft, Workspace


def alarm_of(rulebook: Rulebook, received_at: datetime, decision: Decision) -> Alarm | None:
    """Say when who is told, as the decision promises it; None without an escalation."""
    said, at = decision.escalation, rulebook.escalates_at(received_at, decision)
    if said is None or at is None:
        return None
    return Alarm(f"{decision.rule} : {said.after} → {said.to}", at, said.to)


def due_again(rulebook: Rulebook, case: Case, decision: Decision) -> datetime | None:
    """Say when a case that moves is due: the deadline of a lead that keeps the clock stays.

    What was promised before a danger was known holds no more: nobody in danger is told to wait.
    """
    if decision.danger:
        return rulebook.due_at(case.received_at, decision)
    if case.lead is not None and case.due_at is not None:
        return case.due_at
    return rulebook.due_at(case.received_at, decision) or case.due_at


def set_timers(draft: Draft, workspace: Workspace, case: Case) -> None:
    """Set the timers of a case's generation; those of an earlier one are dead."""
    alarm = case.escalation
    if case.due_at is not None:
        _set(draft, workspace, case, TimerKind.DEADLINE, case.due_at)
    if alarm is not None and alarm.name not in case.escalated:
        _set(draft, workspace, case, TimerKind.ESCALATION, alarm.at)


def _set(draft: Draft, workspace: Workspace, case: Case, kind: TimerKind, at: datetime) -> None:
    draft.timers.append(Timer(workspace.ids.next(), case.id, kind, at, case.generation))
