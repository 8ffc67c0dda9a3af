"""Warns of layers that hold no object and yet are asked for."""

from __future__ import annotations

from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.place import NearObject
from rules.problems import Problems


def advise_layers(ruleset: RuleSet, problems: Problems) -> None:
    """Report each empty layer once, at the first condition that asks for it."""
    empty = {one.id for one in ruleset.configuration.territory.layers if not one.objects}
    for one in ruleset.rules:
        for condition in leaves((*one.rule.when, *one.rule.unless)):
            if not isinstance(condition, NearObject):
                continue
            for name, _ in condition.layers:
                if name in empty:
                    empty.remove(name)
                    problems.warning(
                        condition.at,
                        "couche-vide",
                        f"La couche « {name} » ne contient aucun objet : aucun lieu n'en est proche",
                        "Ajoutez ses objets à son fichier.",
                    )
