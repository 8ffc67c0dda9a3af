"""Finds the one fact worth asking: the one whose answer alone could give the case another owner."""

from __future__ import annotations

from collections.abc import Iterable

from rules.choice import BY_AGENT, Choice
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import ANOTHER, lacking, leaves
from rules.owners import Lack
from rules.situation import CATEGORY, PLACE, Situation

_FIRST = (PLACE, "date", CATEGORY)


def ask(
    ruleset: RuleSet,
    case: Situation,
    choice: Choice,
    unknown: list[Compiled],
    *,
    owned: bool,
) -> str | None:
    """Name the fact to ask, or None; ``owned`` tells whether a true rule has an owner."""
    if case.whereabouts.outside or choice.rule == BY_AGENT:
        return None
    if choice.provisional:
        return PLACE
    above = unknown
    if choice.winner is not None:
        last = choice.winner.number
        above = [one for one in unknown if one.number < last]
    if not above:
        return None
    lacks = [(one, _lacks(ruleset, one, case)) for one in above]
    counts: dict[str, int] = {}
    for fact in sorted(set[str]().union(*(own for _, own in lacks)), key=_order):
        if fact == CATEGORY and owned:
            continue
        concerned = [one for one, lacking in lacks if fact in lacking]
        helped = _helped(ruleset, case, choice, concerned, fact)
        if helped:
            counts[fact] = helped
    return min(counts, key=lambda fact: (-counts[fact], _order(fact))) if counts else None


def _order(fact: str) -> tuple[int, str]:
    return (_FIRST.index(fact) if fact in _FIRST else len(_FIRST), fact)


def _lacks(ruleset: RuleSet, one: Compiled, case: Situation) -> set[str]:
    """List the facts for lack of which a rule is unknown: none but these can make it true."""
    found = lacking(one.rule.when, case)
    if one.rule.unless:
        found |= lacking(one.rule.unless, case)
    if case.whereabouts.within(one.bound) is None:
        found.add(PLACE)
    if ANOTHER in found:
        found.remove(ANOTHER)
        for name in _cited(one, case):
            found |= _lacks(ruleset, ruleset.by_id[name], case)
    return found


def _cited(one: Compiled, case: Situation) -> Iterable[str]:
    """List the rules that a rule asks for and that are unknown themselves."""
    for condition in leaves((*one.rule.when, *one.rule.unless)):
        if isinstance(condition, RuleHolds):
            yield from (name for name in condition.rules if case.truth(name) is None)


def _helped(
    ruleset: RuleSet, case: Situation, choice: Choice, rules: list[Compiled], fact: str
) -> int:
    """Count the rules that could take the case over, were this fact known and no other.

    The competence table counts as one: its many rows are one question.
    """
    free, table = case.suppose(fact), len(ruleset.rules)
    if fact != CATEGORY:
        rules = [one for one in rules if not _barred(one, case)]
    able = [one for one in rules if one.chances(free)[0]]
    helped: set[int] = set()
    for supposed, concerned in _answers(ruleset, case, fact, able, helped):
        for one in concerned:
            if one.number >= table and table in helped:
                break  # only rows of the table are left
            true, false = one.chances(supposed)
            if not true:
                continue
            other = _names_another(ruleset, supposed, choice, one)
            if other:
                helped.add(min(one.number, table))
            elif other is False and not false:
                break  # under this answer the owner stays: rules below cannot matter
    return len(helped)


def _answers(
    ruleset: RuleSet, case: Situation, fact: str, rules: list[Compiled], helped: set[int]
) -> Iterable[tuple[Situation, list[Compiled]]]:
    """List the possible answers, each with the rules that it may concern.

    ``helped`` grows meanwhile: once the table is in it, its rows need no answer of their own.
    """
    if not rules:
        return
    if fact == PLACE:
        candidates = case.whereabouts.candidates
        for candidate in candidates:
            yield case.suppose_place(candidate if len(candidates) > 1 else None), rules
    elif fact == CATEGORY:
        yield from _categories(ruleset, case, rules, helped)
    else:
        yield case.suppose(fact), rules


def _categories(
    ruleset: RuleSet, case: Situation, rules: list[Compiled], helped: set[int]
) -> Iterable[tuple[Situation, list[Compiled]]]:
    """List the categories; where only the table matters, one for each family will do."""
    own = [one for one in rules if one.number < len(ruleset.rules)]
    indifferent = all(one.categories is not None for one in own)
    wanted = frozenset[str]().union(*(one.categories or () for one in own))
    tried: set[str] = set()
    for name, ancestry in ruleset.categories.ancestries.items():
        family = ruleset.configuration.categories[name].family
        concerned = own
        if indifferent and wanted.isdisjoint(ancestry):
            concerned = []
        elif own:
            concerned = [one for one in own if not _indifferent(one, ancestry)]
        if not concerned and (family in tried or len(ruleset.rules) in helped):
            continue
        tried.add(family)
        yield case.suppose_category(name, ancestry), [*concerned, *ruleset.cells.get(family, ())]


def _barred(one: Compiled, case: Situation) -> bool:
    """Whether the category, known or not, keeps a rule from holding whatever else is answered."""
    if one.categories is None:
        return False
    return case.ancestry is None or one.categories.isdisjoint(case.ancestry)


def _indifferent(one: Compiled, ancestry: frozenset[str]) -> bool:
    """Whether a rule asks for categories, and for none of these."""
    return one.categories is not None and one.categories.isdisjoint(ancestry)


def _names_another(
    ruleset: RuleSet, supposed: Situation, choice: Choice, one: Compiled
) -> bool | None:
    """Whether a rule would name another owner; None when it would name none or one that refused."""
    wants = one.active(supposed)
    facts = supposed.facts
    if wants.parts:
        return True
    if wants.owner is None:
        return None
    found = ruleset.owners.resolve(wants.owner.id, supposed.whereabouts)
    if isinstance(found, Lack):
        defaults = ruleset.owners.defaults(supposed.whereabouts)
        return defaults[0].service != choice.owner
    if found in facts.refused_by:
        return None
    owner, _ = ruleset.owners.stand_ins(found, facts.unavailable)
    return owner is not None and owner != choice.owner
