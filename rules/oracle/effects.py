"""Gathers what is to be done straight from what is written: the oracle's own reading of 3.5 and 3.17."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from router.decision import ServiceId, Urgency
from rules.model import Effects, Escalation, Promises, Rule
from rules.oracle.owner import Directory, Owner
from rules.scalars import Duration
from rules.situation import Situation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Acting:
    """A rule that holds: ``lasting`` effects hold while it does, ``once`` those of steps just reached."""

    rule: Rule
    lasting: tuple[Effects, ...]
    once: tuple[Effects, ...]
    numbers: tuple[int, ...] = ()
    """Confirmations of the steps just reached."""

    @property
    def named(self) -> Effects | None:
        """Find the effects that name an owner: of several steps reached, the highest."""
        naming = [own for own in self.lasting if own.owner is not None or own.parts]
        return naming[-1] if naming else None

    @property
    def acting(self) -> tuple[Effects, ...]:
        """List the effects that act once: of the rule itself, and of the steps just reached."""
        return (*(own for own in self.lasting if own is self.rule.effects), *self.once)

    @property
    def replies(self) -> list[str]:
        return [text for own in self.acting for text in own.promises.replies]


def acting(rule: Rule, case: Situation) -> Acting:
    """See which effects of a rule that holds are due."""
    today, facts = case.local.date(), case.facts
    steps = sorted(rule.steps, key=lambda step: step.confirmations)
    reached = [step for step in steps if step.confirmations <= facts.confirmations]
    fresh = [step for step in reached if step.confirmations > facts.confirmations_before]
    lasting = [rule.effects, *(step.effects for step in reached)]
    now = [
        step for step in fresh if step.effects.season is None or step.effects.season.holds(today)
    ]
    return Acting(
        rule,
        tuple(own for own in lasting if own.season is None or own.season.holds(today)),
        tuple(step.effects for step in now),
        tuple(step.confirmations for step in now),
    )


@dataclass(frozen=True, slots=True)
class Promised:
    """What is promised for who is in charge."""

    delay: Duration | None
    escalation: Escalation | None
    transmit_by: str | None
    replies: tuple[str, ...]


def gathered(
    holding: Sequence[Acting], directory: Directory, owner: Owner, promised: Promised
) -> dict[str, Any]:
    """Collect the effects of all rules that hold, as fields of a decision."""
    lasting = [own for one in holding for own in one.lasting]
    once = [own for one in holding for own in one.acting]
    dangers = [one for one in holding if one.rule.priority == "danger"]
    warnings = _distinct(text for one in dangers for text in one.replies)
    degrees = [own.urgency for own in lasting if own.urgency is not None]
    order = list(Urgency)
    return {
        "urgency": max(degrees, key=order.index, default=Urgency.NORMAL),
        "notify": _told((ref.id for own in once for ref in own.notify), directory, owner),
        "consult": _told((ref.id for own in lasting for ref in own.consult), directory, owner),
        "labels": _distinct(label for own in lasting for label in own.labels),
        "proposals": _distinct(word for own in once for word in own.proposals),
        "confidential": any(own.confidential for own in lasting),
        "publish": not any(own.private for own in lasting),
        "proof": next((own.proof for own in lasting if own.proof), None),
        "danger": bool(dangers),
        "danger_replies": len(warnings),
        "replies": _distinct((*warnings, *promised.replies)),
        "delay": str(promised.delay) if promised.delay else None,
        "transmit_by": promised.transmit_by,
    }


def wanted(holding: Sequence[Acting], case: Situation) -> tuple[str, ...]:
    """Find the first fact that a rule wants to know and the case has not; at most one is asked."""
    if case.whereabouts.outside:
        return ()
    facts, place = case.facts, case.facts.place
    known: dict[str, object] = {
        "lieu": case.whereabouts.known,
        "commune": place.communes or place.point,
        "categorie": case.category,
        "photo": facts.attachment,
        "piece_jointe": facts.attachment,
        **dict.fromkeys(("rue", "adresse"), place.street or place.point),
    }
    stated = {
        "desordre": facts.annoyance,
        "langue": facts.language,
        "canal": facts.channel,
        "nature": facts.nature,
        "expediteur": facts.sender_kinds,
        "urgence": facts.urgency,
    }
    asked = [fact for one in holding for own in one.lasting for fact in own.ask]
    missing = [fact for fact in asked if not known.get(fact) and stated.get(fact) is None]
    return tuple(missing[:1])


def promised(
    holding: Sequence[Acting], directory: Directory, owner: Owner, category: str | None
) -> Promised:
    """Read what is promised: by the owner's own rule, else the category, else the service."""
    configuration = directory.ruleset.configuration
    said: list[Promises] = []
    replies: list[tuple[str, ...]] = []
    if owner.wish is not None and owner.own_promises:
        own = [one for one in holding if one.rule is owner.wish.rule]
        said += [effects.promises for one in own for effects in reversed(one.lasting)]
        replies += [tuple(one.replies) for one in own]
    around = [configuration.categories[name] for name in upwards(directory, category)]
    beneath = [one.promises for one in around]
    if owner.service in configuration.services:
        beneath.append(configuration.services[owner.service].promises)
    said += beneath
    replies += [one.replies for one in beneath]
    danger = any(one.rule.priority == "danger" for one in holding)
    return Promised(
        _of_danger(holding, owner) if danger else _first(said, lambda one: one.delay),
        _first(said, lambda one: one.escalation),
        _first(said, lambda one: one.transmit_by),
        next(filter(None, replies), ()),
    )


def _of_danger(holding: Sequence[Acting], owner: Owner) -> Duration | None:
    """Read how long whoever is in danger is told to wait: what the rule that decides says, alone."""
    if owner.wish is None or not owner.own_promises or owner.wish.rule.priority != "danger":
        return None
    own = [one for one in holding if one.rule is owner.wish.rule]
    said = [effects.promises for one in own for effects in reversed(one.lasting)]
    return _first(said, lambda one: one.delay)


def upwards(directory: Directory, category: str | None) -> Iterable[str]:
    """List a category and those above it, nearest first."""
    while category is not None:
        yield category
        category = directory.ruleset.configuration.categories[category].parent


def _first(said: Iterable[Promises], what: Callable[[Promises], T | None]) -> T | None:
    return next((found for one in said if (found := what(one))), None)


def _told(names: Iterable[str], directory: Directory, owner: Owner) -> tuple[ServiceId, ...]:
    """List the services behind names, once each; the owner knows already, a role may have to wait."""
    found = [directory.lookup(name) for name in _distinct(names)]
    return _distinct(
        ServiceId(service)
        for service in found
        if isinstance(service, str) and service != owner.service
    )


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
