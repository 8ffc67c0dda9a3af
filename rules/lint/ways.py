"""Warns of ways of transmission by which nobody, or not everything, arrives."""

from __future__ import annotations

from collections.abc import Iterator

from router.directory import Service
from rules.compile import RuleSet
from rules.model import Configuration, Effects, Ref, Rule
from rules.problems import Problems


def advise_ways(ruleset: RuleSet, problems: Problems) -> None:
    """Report each ``transmettre_par`` by which nobody whom its rule puts in charge is reached.

    Report also each other installation that has no mail for what it is only told.
    """
    configuration = ruleset.configuration
    _installations(configuration, problems)
    for file in configuration.files:
        for rule in file.rules:
            for effects, owners in _wanted(rule):
                _check(configuration, rule, effects, owners, problems)


def _installations(configuration: Configuration, problems: Problems) -> None:
    for entry in configuration.services.values():
        if entry.service.transmit_by == "cellule" and not entry.service.contact.email:
            problems.warning(
                entry.at,
                "courriel-manquant",
                f"Le service « {entry.service.id} » est un autre guichet et n'a pas de courriel",
                "Ajoutez « courriel: … » à « contact » : ce dont il est seulement informé ou alerté"
                " part par courriel.",
            )


def _wanted(rule: Rule) -> Iterator[tuple[Effects, tuple[Ref, ...]]]:
    """List the effects that name a way, each with those whom it is for; a rule promises for no other."""
    base = _owners(rule.effects)
    if rule.effects.promises.transmit_by:
        yield rule.effects, base
    for step in rule.steps:
        if step.effects.promises.transmit_by:
            yield step.effects, _owners(step.effects) or base


def _owners(effects: Effects) -> tuple[Ref, ...]:
    parts = tuple(part.owner for part in effects.parts)
    return (effects.owner, *parts) if effects.owner else parts


def _check(
    configuration: Configuration,
    rule: Rule,
    effects: Effects,
    owners: tuple[Ref, ...],
    problems: Problems,
) -> None:
    way = effects.promises.transmit_by or ""
    services = [entry.service for ref in owners for entry in configuration.services_of(ref.id)]
    if not services or any(_has(service, way) for service in services):
        return
    first = services[0]
    where = f"« {way} » n'est pas un moyen de « {first.id} »"
    problems.warning(
        effects.way_at or rule.at,
        "moyen-absent",
        f"{where}, responsable de la règle « {rule.id} »",
        f"Enlevez « transmettre_par » : ce service est joint par « {first.transmit_by} ».",
    )


def _has(service: Service, way: str) -> bool:
    """Whether a service is reached this way; mail reaches whoever has an address."""
    if way != "email" or service.transmit_by == "email":
        return service.transmit_by == way
    return bool(service.contact.email)
