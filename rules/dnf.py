"""Writes a rule as alternatives, each a list of conditions that must hold or must not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.model import Rule

MOST_TERMS = 64


class TooManyTerms(Exception):
    """A rule has more alternatives than anybody can follow."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A simple condition that must hold (``positive``) or must not."""

    condition: Condition
    positive: bool = True


Term = tuple[Literal, ...]
_ALWAYS: tuple[Term, ...] = ((),)


def terms(rule: Rule) -> tuple[Term, ...]:
    """List the alternatives of a rule, ``sauf`` included.

    Raises:
        TooManyTerms: there are more than 64.
    """
    found = _some(rule.when, True) if rule.when else _ALWAYS
    return _and(found, _none(rule.unless)) if rule.unless else found


def _some(blocks: Iterable[Block], positive: bool) -> tuple[Term, ...]:
    found: list[Term] = []
    for block in blocks:
        found += _all(block, positive)
    return _checked(tuple(found))


def _all(block: Block, positive: bool) -> tuple[Term, ...]:
    found = _ALWAYS
    for condition in block.conditions:
        found = _and(found, _condition(condition, positive))
    return found


def _none(blocks: Iterable[Block]) -> tuple[Term, ...]:
    """Negate a list of blocks: in each of them, one condition must fail."""
    found = _ALWAYS
    for block in blocks:
        failing: list[Term] = []
        for condition in block.conditions:
            failing += _condition(condition, False)
        found = _and(found, tuple(failing))
    return found


def _condition(condition: Condition, positive: bool) -> tuple[Term, ...]:
    if not isinstance(condition, Combined):
        return ((Literal(condition, positive),),)
    if condition.key == "tous":
        merged = (Block(tuple(c for block in condition.blocks for c in block.conditions)),)
        return _some(merged, True) if positive else _none(merged)
    if (condition.key != "aucun_de") is positive:
        return _some(condition.blocks, True)
    return _none(condition.blocks)


def _and(one: tuple[Term, ...], other: tuple[Term, ...]) -> tuple[Term, ...]:
    return _checked(tuple((*left, *right) for left in one for right in other))


def _checked(found: tuple[Term, ...]) -> tuple[Term, ...]:
    if len(found) > MOST_TERMS:
        raise TooManyTerms
    return found
