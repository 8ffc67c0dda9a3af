"""Keeps each decision with its facts, and what a draft in shadow would have made of them."""

from __future__ import annotations

from router.case import Case
from router.decision import Decision, Facts, ServiceId
from router.record import Cause, Outcome, Shadowed, recorded
from router.rule_ports import HasShadow, Rulebook
from router.workspace import Draft, Workspace


def keep(
    draft: Draft,
    workspace: Workspace,
    shadow: Rulebook | None,
    case: Case,
    decision: Decision,
    facts: Facts,
    cause: Cause,
    *,
    applied: bool = True,
) -> None:
    """Add a decision on a case to what its unit writes; ``case`` is as it was before it."""
    draft.decisions.append(
        recorded(
            workspace.ids.next(),
            case.id,
            workspace.now,
            decision,
            facts,
            cause,
            replaced="" if cause is Cause.NEW else case.rule,
            applied=applied,
            shadow=_beside(shadow, facts) if shadow is not None else None,
        )
    )


def shadow_of(rulebook: Rulebook) -> Rulebook | None:
    """Find the draft that decides beside a rule book; asked once a batch."""
    return rulebook.shadow if isinstance(rulebook, HasShadow) else None


def _beside(shadow: Rulebook, facts: Facts) -> Shadowed:
    """Have the draft decide; whatever it does, the case goes its way under the live rules."""
    try:
        outcome = Outcome.of(shadow.decide(facts))
    except Exception:  # an engine that fails on a draft is shown by the report of the shadow
        outcome = Outcome(ServiceId(""), "", failed=True)
    return Shadowed(shadow.hash, outcome)
