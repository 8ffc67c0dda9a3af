"""Says what a decision does beside naming who is in charge, how urgently, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass

from router.decision import Decision
from rules.model import Configuration, Effects


@dataclass(frozen=True, slots=True)
class Consequences:
    """Who gets which part, which texts are sent, who is told, and whether it is confidential.

    ``parts`` are pairs of words and service; what has no order is sorted, so that equals compare.
    """

    parts: tuple[tuple[str, str], ...] = ()
    replies: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    confidential: bool = False

    @classmethod
    def of(cls, decision: Decision) -> Consequences:
        return cls(
            tuple(sorted((part.words, part.owner) for part in decision.parts)),
            decision.replies,
            tuple(sorted(decision.notify)),
            decision.confidential,
        )


def bearing(configuration: Configuration) -> frozenset[str] | None:
    """List the rules that may have any; None where categories or services reply, whatever holds."""
    categories, services = configuration.categories.values(), configuration.services.values()
    promised = [one.promises for one in categories] + [one.promises for one in services]
    if any(one.replies for one in promised):
        return None
    return frozenset(
        rule.id
        for file in configuration.files
        for rule in file.rules
        if any(map(_bears_any, (rule.effects, *(step.effects for step in rule.steps))))
    )


def _bears_any(effects: Effects) -> bool:
    return bool(effects.parts or effects.promises.replies or effects.notify or effects.confidential)
