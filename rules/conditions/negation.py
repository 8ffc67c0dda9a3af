"""Takes the flag ``ignorer_si_nie`` off conditions: danger never looks at negation."""

from __future__ import annotations

from dataclasses import replace

from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.groups import Group


def without_negation(block: Block) -> Block:
    return Block(tuple(_condition(condition) for condition in block.conditions))


def _condition(condition: Condition) -> Condition:
    if isinstance(condition, Combined):
        return replace(condition, blocks=tuple(map(without_negation, condition.blocks)))
    if isinstance(condition, Contains):
        return replace(condition, groups=tuple(map(_group, condition.groups)))
    return condition


def _group(group: Group) -> Group:
    if not any(phrase.unless_negated for phrase in group.phrases):
        return group
    return Group(tuple(phrase.heedless() for phrase in group.phrases))
