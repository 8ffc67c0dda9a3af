"""Tells the service that a rule names when a case has waited too long."""

from __future__ import annotations

import json
from dataclasses import replace

from router.case import Case, EventKind, Visibility
from router.delivery import DeliveryKind
from router.handling.dispatch import Dispatcher
from router.words.rule_names import by_rule
from router.workspace import Draft, Workspace


def escalate(draft: Draft, case: Case, workspace: Workspace, dispatcher: Dispatcher) -> Case:
    """Let the alarm of a case go off, once for each rule and step; the case stays where it is."""
    alarm, directory = case.escalation, dispatcher.rulebook.directory
    if alarm is None or alarm.name in case.escalated or alarm.at > workspace.now:
        return case
    service = directory.service(alarm.to) or directory.desk
    owner = directory.service(case.owner)
    watchers = tuple(dict.fromkeys((*case.watchers, service.id)))
    escalated = (*case.escalated, alarm.name)
    case = workspace.save(draft, replace(case, escalated=escalated, watchers=watchers))
    rule, _, step = alarm.name.partition(" : ")
    text = (
        f"Sans réponse de {_name(owner.name('fr') if owner else case.owner)} depuis la réception, "
        f"{_name(service.name('fr'))} est alerté ({by_rule(rule)} : {step})."
    )
    data = json.dumps({"escalation": alarm.name, "service": service.id}, ensure_ascii=False)
    workspace.tell(draft, case, EventKind.NOTE, "clock", text, Visibility.SERVICE, data)
    cause = f"escalation:{case.id}:{alarm.name}"
    dispatcher.forwarder.forward(draft, case, service, DeliveryKind.ALERT, cause, added=text)
    return case


def _name(name: str) -> str:
    return f"« {name} »"
