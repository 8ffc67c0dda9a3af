"""Tells what differs between two versions of a configuration: files, rules, and what is grave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rules.described import described
from rules.model import Configuration, Rule, ServiceEntry
from rules.reliance import reliance

DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new version changes; paths and ids in order.

    ``danger`` are the rules of danger that are added, taken away or changed, those included of
    which only something changed that they rely on: words of a list or category, a text, a place, a
    calendar, a rule they ask for, or where those whom they name are reached.
    ``services`` are those of both versions whose transmission, deputy or ``voit`` is another.
    """

    files_added: tuple[str, ...] = ()
    files_changed: tuple[str, ...] = ()
    files_removed: tuple[str, ...] = ()
    rules_added: tuple[str, ...] = ()
    rules_changed: tuple[str, ...] = ()
    rules_removed: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted({*self.files_added, *self.files_changed, *self.files_removed}))

    def as_json(self) -> dict[str, list[str]]:
        return {one.name: list(getattr(self, one.name)) for one in fields(self)}


def files_between(
    old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """List the files added, changed and taken away."""
    added = sorted(new.keys() - old.keys())
    changed = sorted(path for path in new.keys() & old.keys() if new[path] != old[path])
    removed = sorted(old.keys() - new.keys())
    return tuple(added), tuple(changed), tuple(removed)


def changes_between(
    old: Configuration | None,
    new: Configuration,
    old_files: Mapping[str, bytes],
    new_files: Mapping[str, bytes],
) -> Changes:
    """Compare two versions; ``old`` is None when nothing was ever published."""
    before = _rules(old) if old is not None else {}
    after = _rules(new)
    added = sorted(after.keys() - before.keys())
    removed = sorted(before.keys() - after.keys())
    changed = sorted(
        name
        for name in after.keys() & before.keys()
        if described(after[name]) != described(before[name])
    )
    touched = {*added, *changed, *_relies_otherwise(old, new, before, after)}
    danger = [name for name in touched if _grave(after.get(name)) or _grave(before.get(name))]
    danger += [name for name in removed if _grave(before[name])]
    return Changes(
        *files_between(old_files, new_files),
        tuple(added),
        tuple(changed),
        tuple(removed),
        tuple(sorted(danger)),
        tuple(sorted(_services(old, new))) if old is not None else (),
    )


def _services(old: Configuration, new: Configuration) -> list[str]:
    """List the services that get cases elsewhere, by another, or with other data of the person."""
    return [
        name
        for name in old.services.keys() & new.services.keys()
        if _arrival(old.services[name]) != _arrival(new.services[name])
    ]


def _arrival(entry: ServiceEntry) -> tuple[Any, ...]:
    own = entry.service
    return own.transmit_by, own.transmit_to, own.deputy, sorted(own.sees)


def _rules(configuration: Configuration) -> dict[str, Rule]:
    return {rule.id: rule for file in configuration.files for rule in file.rules}


def _grave(rule: Rule | None) -> bool:
    return rule is not None and rule.priority == DANGER


def _relies_otherwise(
    old: Configuration | None,
    new: Configuration,
    before: Mapping[str, Rule],
    after: Mapping[str, Rule],
) -> list[str]:
    """List the rules of danger of both versions that rely on something that is another now."""
    if old is None:
        return []
    return [
        name
        for name in after.keys() & before.keys()
        if _grave(after[name]) and reliance(old, before[name]) != reliance(new, after[name])
    ]
