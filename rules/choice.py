"""Chooses the one owner of a case among the true rules, the table, and the owners by default."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.decision import Part, ServiceId
from rules.compile import RuleSet
from rules.effects import Active
from rules.owners import Default, Lack
from rules.situation import Situation

MOST_REFUSALS = 3
BY_AGENT = "choix_agent"


@dataclass(slots=True)
class Choice:
    """The owner, and how it came to be.

    ``winner`` is the rule that decides, None for an agent or an owner by default. ``provisional``
    is true while the place must still tell who the rule means. ``chain`` names who would take the
    case were nobody away, then who stands in, down to the owner; ``part_chains`` do for the parts.
    """

    owner: str
    rule: str
    priority: str
    winner: Active | None = None
    provisional: bool = False
    keeps_promises: bool = True
    parts: tuple[Part, ...] = ()
    chain: tuple[str, ...] = ()
    part_chains: tuple[tuple[str, ...], ...] = ()
    passed_over: list[str] = field(default_factory=list)


def choose(ruleset: RuleSet, case: Situation, deciding: list[Active]) -> Choice:
    """Choose the owner; ``deciding`` are the true rules with an owner, in rank order."""
    facts = case.facts
    passed_over: list[str] = []
    agent = facts.agent_choice
    if agent and agent not in facts.refused_by and not any(one.danger for one in deciding):
        return Choice(agent, BY_AGENT, BY_AGENT)
    if len(facts.refused_by) >= MOST_REFUSALS:
        last = ruleset.owners.last
        owner, chain = ruleset.owners.stand_ins(last.service, case.away)
        if owner is None:
            owner, chain = last.service, (*chain, last.service)
        over = [one.id for one in deciding]
        return Choice(owner, last.rule, "a_defaut", chain=chain, passed_over=over)
    for one in deciding:
        choice = _by_rule(ruleset, case, one)
        if choice is not None:
            choice.passed_over = passed_over
            return choice
        passed_over.append(one.id)
    default, chain = _default(ruleset, case)
    return Choice(chain[-1], default.rule, "a_defaut", chain=chain, passed_over=passed_over)


def _by_rule(ruleset: RuleSet, case: Situation, one: Active) -> Choice | None:
    """Let a rule name its owner; None when its service has refused."""
    if one.parts:
        return _split(ruleset, case, one)
    if one.owner is None:
        return None
    found = ruleset.owners.resolve(one.owner, case.whereabouts)
    if isinstance(found, Lack):
        _, chain = _default(ruleset, case)
        return Choice(
            chain[-1],
            one.id,
            one.priority,
            winner=one,
            provisional=found is Lack.UNKNOWN,
            keeps_promises=False,
            chain=chain,
        )
    if found in case.facts.refused_by:
        return None
    return _available(ruleset, case, one, found)


def _available(ruleset: RuleSet, case: Situation, one: Active, service: str) -> Choice | None:
    """Let the owner, or who stands in for it, take the case; None when that one has refused."""
    owner, chain = ruleset.owners.stand_ins(service, case.away)
    if owner in case.facts.refused_by:
        return None
    if owner is None:
        _, by_default = _default(ruleset, case)
        return Choice(
            by_default[-1],
            one.id,
            one.priority,
            winner=one,
            keeps_promises=False,
            chain=(*chain, *by_default),
        )
    return Choice(owner, one.id, one.priority, winner=one, chain=chain)


def _default(ruleset: RuleSet, case: Situation) -> tuple[Default, tuple[str, ...]]:
    """Find the owner by default that neither refused nor is away, else the metropole's.

    The names begin with those who are away and have nobody to stand in.
    """
    refused, absent = case.facts.refused_by, tuple[str, ...]()
    for default in ruleset.owners.defaults(case.whereabouts):
        if default.service in refused:
            continue
        owner, chain = ruleset.owners.stand_ins(default.service, case.away)
        if owner is None:
            absent += chain
        elif owner not in refused:
            return default, (*absent, *chain)
    last = ruleset.owners.last
    return last, (*absent, last.service)


def _split(ruleset: RuleSet, case: Situation, one: Active) -> Choice | None:
    """Split a case: its parts have owners, and the file's owner by default coordinates.

    None when that one, or who stands in for it, has refused to.
    """
    named = ruleset.owners.default_of(one.rule.territory, case.whereabouts).service
    if named in case.facts.refused_by:
        return None
    choice = _available(ruleset, case, one, named)
    if choice is None:
        return None
    choice.keeps_promises = True
    parts, chains = list[Part](), list[tuple[str, ...]]()
    for part in one.parts:
        found = ruleset.owners.resolve(part.owner.id, case.whereabouts)
        if found is Lack.UNKNOWN:
            choice.provisional = True
            return choice
        own = choice.owner if isinstance(found, Lack) else found
        there, chain = ruleset.owners.stand_ins(own, case.away)
        category = part.category or ruleset.category_of(part.words)
        parts.append(Part(part.words, ServiceId(there or choice.owner), category))
        chains.append(chain if there else (*chain, choice.owner))
    choice.parts, choice.part_chains = tuple(parts), tuple(chains)
    return choice
