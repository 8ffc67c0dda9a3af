"""Tells how the ground under two versions of the rules differs where that bears on their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rules.described import described
from rules.model import Cell, Configuration, Promises, ServiceEntry

_WHOLE = ("territory", "timezone", "metropole")
_NOTHING = Promises()
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Shift:
    """What differs beside the rules and touches only some cases.

    ``roles`` mean other services in one version than in the other; of ``families`` the competence
    table names others.
    """

    roles: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()


def shift(one: Configuration, other: Configuration) -> Shift | None:
    """Compare what stands beside the rules; None where a difference may touch any case.

    Of a service only what bears on a decision is compared: who stands in for it, when it is away,
    what it promises. Its address, hours and names change nothing that a replay compares.
    """
    if any(getattr(one, name) != getattr(other, name) for name in _WHOLE):
        return None
    if list(one.categories) != list(other.categories):  # the first named wins a tie
        return None
    if _differing(one.categories, other.categories) or _differing(one.calendars, other.calendars):
        return None
    if _differing(_bearing(one.services), _bearing(other.services)):
        return None
    roles = _differing(one.roles, other.roles)
    if not roles.isdisjoint(_alarmed(one)):
        return None
    defaults = _defaults(one)
    if defaults != _defaults(other) or any(name in roles for _, name in defaults):
        return None
    families = _differing(_rows(one), _rows(other))
    families |= {own.family for own in (*one.cells, *other.cells) if own.owner.id in roles}
    return Shift(roles, families)


def _differing(one: Mapping[str, Value], other: Mapping[str, Value]) -> frozenset[str]:
    """List the names that mean another thing in one version, wherever in a file they stand."""
    return frozenset(
        name
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name)
        and described(one.get(name)) != described(other.get(name))
    )


def _bearing(services: Mapping[str, ServiceEntry]) -> Mapping[str, Any]:
    """Give what bears on decisions, of the services of which anything does."""
    found = {
        name: (
            one.service.deputy,
            [described(absence.season) for absence in one.absences],
            None if one.promises == _NOTHING else one.promises,
        )
        for name, one in services.items()
    }
    return {name: own for name, own in found.items() if any(own)}


def _alarmed(configuration: Configuration) -> frozenset[str]:
    """List the services and roles to which the alarms of categories and services go."""
    promised = [one.promises for one in configuration.services.values()]
    promised += [one.promises for one in configuration.categories.values()]
    alarms = (one.escalation for one in promised)
    return frozenset(alarm.to.id for alarm in alarms if alarm is not None)


def _defaults(configuration: Configuration) -> list[tuple[str, str]]:
    """List the owners by default; the first that a territory names counts."""
    return [(file.territory, file.default.id) for file in configuration.files if file.default]


def _rows(configuration: Configuration) -> Mapping[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in configuration.cells:
        found.setdefault(cell.family, []).append(cell)
    return found
