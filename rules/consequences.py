"""Says what a decision does beside naming who is in charge, how urgently, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass

from router.decision import Decision, Escalation
from rules.model import Configuration, Effects, Promises


@dataclass(frozen=True, slots=True)
class Consequences:
    """Who gets which part, which texts are sent, who is told or asked, and what is promised.

    ``parts`` are pairs of words and service; what has no order is sorted, so that equals compare.
    ``transmit_by`` is None where the service's own way is taken.
    """

    parts: tuple[tuple[str, str], ...] = ()
    replies: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    confidential: bool = False
    consult: tuple[str, ...] = ()
    transmit_by: str | None = None
    escalation: Escalation | None = None
    delay: str | None = None
    proposals: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, decision: Decision) -> Consequences:
        return cls(
            tuple(sorted((part.words, part.owner) for part in decision.parts)),
            decision.replies,
            tuple(sorted(decision.notify)),
            decision.confidential,
            tuple(sorted(decision.consult)),
            decision.transmit_by,
            decision.escalation,
            decision.delay,
            tuple(sorted(decision.proposals)),
            tuple(sorted(decision.labels)),
        )


def bearing(configuration: Configuration) -> frozenset[str] | None:
    """List the rules that may have any; None where categories or services promise, whatever holds."""
    categories, services = configuration.categories.values(), configuration.services.values()
    promised = [one.promises for one in categories] + [one.promises for one in services]
    if any(one != _NONE for one in promised):
        return None
    return frozenset(
        rule.id
        for file in configuration.files
        for rule in file.rules
        if any(map(_bears_any, (rule.effects, *(step.effects for step in rule.steps))))
    )


_NONE = Promises()


def _bears_any(effects: Effects) -> bool:
    asked = effects.notify or effects.consult or effects.proposals
    noted = effects.labels or effects.confidential
    return bool(effects.parts or effects.promises != _NONE or asked or noted)
