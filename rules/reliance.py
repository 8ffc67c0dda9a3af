"""Describes all that a rule relies on outside of itself: what it can do otherwise and read the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rules.conditions.counts import Counted
from rules.conditions.facts import CategoryIs, RuleHolds
from rules.conditions.logic import leaves
from rules.conditions.place import HasPostcode, Inside, NearObject
from rules.conditions.source import Condition
from rules.conditions.time import Received
from rules.described import described
from rules.model import Configuration, Promises, Rule


def reliance(
    configuration: Configuration, rule: Rule, chain: frozenset[str] = frozenset()
) -> list[Any]:
    """Describe what a rule names, so that two versions of it compare equal where nothing moved.

    That is the texts it sends, whom its services and roles reach, the words of its categories, the
    rules it asks for, and its territories, zones, postcodes, layers and calendars.
    """
    effects = (rule.effects, *(step.effects for step in rule.steps))
    found: list[Any] = [_area(configuration, rule.territory)]
    found += [_sent(configuration, one.promises) for one in effects]
    found += [_reached(configuration, ref.id) for ref in rule.named]
    for condition in leaves((*rule.when, *rule.unless)):
        found += _asked(configuration, condition, chain | {rule.id})
    return found


def _asked(
    configuration: Configuration, condition: Condition, chain: frozenset[str]
) -> Iterator[Any]:
    """Describe what a condition names."""
    match condition:
        case CategoryIs():
            yield from _categories(configuration, condition.categories)
        case Counted():
            yield from _categories(configuration, condition.tally.categories)
            yield from _areas(configuration, condition.tally.territories)
        case Inside():
            yield from _areas(configuration, condition.territories)
        case HasPostcode():
            for one in sorted(condition.postcodes):
                yield configuration.territory.postcodes.get(one)
            yield from _areas(configuration, condition.communes)
        case NearObject():
            named = {name for name, _ in condition.layers}
            yield from (own for own in configuration.territory.layers if own.id in named)
        case Received():
            for name in (*condition.within, *condition.unless):
                yield _calendar(configuration, name, frozenset())
        case RuleHolds():
            yield from _rules(configuration, set(condition.rules) - chain, chain)
        case _:
            return


def _rules(configuration: Configuration, names: set[str], chain: frozenset[str]) -> Iterator[Any]:
    for file in configuration.files:
        for own in file.rules:
            if own.id in names:
                yield own.id, described(own), reliance(configuration, own, chain)


def _categories(configuration: Configuration, names: Iterable[str]) -> Iterator[Any]:
    for name in sorted(names):
        own = configuration.categories.get(name)
        if own is not None:
            yield name, described(own.phrases), described(own.promises)


def _areas(configuration: Configuration, names: Iterable[str]) -> Iterator[Any]:
    for name in sorted(names):
        yield _area(configuration, name)


def _area(configuration: Configuration, name: str) -> Any:
    """Give the outlines of a commune, territory or zone; a territory has those of its communes."""
    ground = configuration.territory
    outlines = {one.insee: one.outline for one in ground.communes}
    if name in outlines:
        return outlines[name]
    return [
        (own.outlines, [outlines.get(one) for one in own.communes])
        for own in (*ground.territories, *ground.zones)
        if own.id == name
    ]


def _calendar(configuration: Configuration, name: str, chain: frozenset[str]) -> Any:
    own = configuration.calendars.get(name)
    if own is None or name in chain:
        return None
    more = [_calendar(configuration, one, chain | {name}) for one in (*own.within, *own.unless)]
    return described(own), more


def _sent(configuration: Configuration, promises: Promises) -> list[Any]:
    return [
        (configuration.texts.get(text), configuration.short_texts.get(text))
        for text in promises.replies
    ]


def _reached(configuration: Configuration, name: str, chain: frozenset[str] = frozenset()) -> Any:
    """Tell where the cases of a service or role arrive, and who stands in or is told after it."""
    role = configuration.roles.get(name)
    if role is not None:
        return sorted(
            (one.territory, repr(_reached(configuration, one.service, chain)))
            for one in role.values
        )
    entry = configuration.services.get(name)
    if entry is None or name in chain:
        return None
    own, promises = entry.service, entry.promises
    after = promises.escalation.to.id if promises.escalation else None
    others = [
        _reached(configuration, one, chain | {name}) if one else None for one in (own.deputy, after)
    ]
    away = [repr(one.season) for one in entry.absences]
    said = described(promises), _sent(configuration, promises)
    return own.transmit_by, own.transmit_to, others, away, said
