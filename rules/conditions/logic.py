"""Joins conditions: blocks are AND, lists of blocks OR, in Kleene's three-valued logic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from rules.conditions.facts import RuleHolds
from rules.conditions.source import Condition, Source
from rules.situation import Situation, Truth

LOGIC = frozenset({"un_de", "tous", "aucun_de"})
ANOTHER = ""
"""Is the fact of a condition that asks for another rule."""
Chances = tuple[bool, bool]
"""Whether something can turn out true, and whether it can turn out false."""


@dataclass(frozen=True, slots=True)
class Block:
    """Conditions that must all hold, in written order."""

    conditions: tuple[Condition, ...]
    by_cost: tuple[Condition, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "by_cost", tuple(sorted(self.conditions, key=lambda one: one.cost))
        )

    def value(self, case: Situation) -> Truth:
        answer: Truth = True
        for condition in self.by_cost:
            own = condition.value(case)
            if own is False:
                return False
            if own is None:
                answer = None
        return answer


def any_holds(blocks: Iterable[Block], case: Situation) -> Truth:
    answer: Truth = False
    for block in blocks:
        own = block.value(case)
        if own:
            return True
        if own is None:
            answer = None
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined(Source):
    """``un_de`` (one block holds), ``tous`` (all do) and ``aucun_de`` (none does).

    Under any other key it is a list of values of which one is enough.
    """

    blocks: tuple[Block, ...]
    fact: ClassVar[str] = ""
    cost: ClassVar[int] = 5

    def value(self, case: Situation) -> Truth:
        if self.key == "tous":
            return Block(tuple(c for block in self.blocks for c in block.conditions)).value(case)
        found = any_holds(self.blocks, case)
        if self.key != "aucun_de" or found is None:
            return found
        return not found

    def actual(self, case: Situation) -> object:
        if self.key not in LOGIC:
            return self.blocks[0].conditions[0].actual(case)
        return [
            {condition.key: condition.actual(case)}
            for block in self.blocks
            for condition in block.conditions
        ]


def chances(blocks: tuple[Block, ...], case: Situation) -> Chances:
    """Tell what a list of blocks can turn out to be once the supposed fact is known."""
    true, false = False, True
    for block in blocks:
        own = _block(block, case)
        true, false = true or own[0], false and own[1]
        if true and not false:
            break  # the other blocks cannot change it any more
    return true, false


def _block(block: Block, case: Situation) -> Chances:
    true, false = True, False
    for condition in block.by_cost:
        own = _condition(condition, case)
        true, false = true and own[0], false or own[1]
        if false and not true:
            break  # the other conditions cannot change it any more
    return true, false


def _condition(condition: Condition, case: Situation) -> Chances:
    if isinstance(condition, Combined):
        if condition.key == "tous":
            merged = tuple(c for block in condition.blocks for c in block.conditions)
            return _block(Block(merged), case)
        true, false = chances(condition.blocks, case)
        return (false, true) if condition.key == "aucun_de" else (true, false)
    if isinstance(condition, RuleHolds):
        own = [case.possible(rule) for rule in condition.rules]
        return any(true for true, _ in own), all(false for _, false in own)
    value = condition.value(case)
    if value is None:
        free = condition.fact == case.supposed
        return free, free
    return value, not value


def lacking(blocks: tuple[Block, ...], case: Situation) -> set[str]:
    """List the facts for lack of which conditions of these blocks are unknown.

    ``ANOTHER`` stands for those that another rule lacks.
    """
    found: set[str] = set()
    for block in blocks:
        for condition in block.conditions:
            if condition.value(case) is not None:
                continue
            if isinstance(condition, Combined):
                found |= lacking(condition.blocks, case)
            else:
                found.add(condition.fact)
    return found


def leaves(blocks: Iterable[Block]) -> Iterable[Condition]:
    """List the simple conditions, those inside ``un_de``, ``tous`` and ``aucun_de`` too."""
    for block in blocks:
        for condition in block.conditions:
            if isinstance(condition, Combined):
                yield from leaves(condition.blocks)
            else:
                yield condition
