"""Warns of rules that only say again what another one says."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.logic import Block
from rules.described import described
from rules.dnf import Term
from rules.lint.overlap import Comparison
from rules.model import Effects, Promises, Rule
from rules.problems import Problems

MOST_TOLD = 500
"""Rules said again that one check tells."""


def advise_twins(ruleset: RuleSet, compare: Comparison, problems: Problems) -> None:
    """Report each rule of the same conditions and owner as one above it, to which it adds nothing.

    What promises something in vain is told among the rules that never win.
    """
    first: dict[Hashable, Compiled] = {}
    told = 0
    for below in ruleset.rules:
        rule = below.rule
        if rule.effects.owner is None:
            continue
        above = first.setdefault(_likeness(rule), below)
        if above is below or rule.effects.promises != Promises() or not _adds_nothing(above, below):
            continue
        if told < MOST_TOLD and _same(compare, above.terms, below.terms):
            told += 1
            where = f"« {above.rule.id} » ({above.rule.at.file}, ligne {above.rule.at.line})"
            problems.warning(
                rule.at,
                "jamais-gagnante",
                f"La règle « {rule.id} » ne gagne jamais : {where} dit la même chose avant elle",
                "Supprimez-la, ou changez ses conditions.",
            )


def _likeness(rule: Rule) -> Hashable:
    """Tell what two rules must share to be worth comparing."""
    owner = rule.effects.owner
    when, unless = frozenset(map(_written, rule.when)), frozenset(map(_written, rule.unless))
    return owner.id if owner else "", rule.territory, rule.priority, rule.season, when, unless


def _written(block: Block) -> Hashable:
    return frozenset((one.key, tuple(sorted(one.written))) for one in block.conditions)


def _adds_nothing(above: Compiled, below: Compiled) -> bool:
    mine, theirs = below.rule.effects, above.rule.effects
    alone = theirs.season is None and described(replace(mine, owner=None)) == described(Effects())
    steps = described(below.rule.steps) in ([], described(above.rule.steps))
    return steps and (alone or described(mine) == described(theirs))


def _same(compare: Comparison, one: tuple[Term, ...], other: tuple[Term, ...]) -> bool:
    """Whether each alternative of either follows from one of the other's."""
    return all(
        any(compare.term_implies(mine, wide) for wide in theirs)
        for ours, theirs in ((one, other), (other, one))
        for mine in ours
    )
