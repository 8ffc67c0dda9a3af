"""A rule with its rank, and what it turns out to be for a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.conditions.facts import CategoryIs, RuleHolds
from rules.conditions.logic import Chances, Combined, any_holds, chances, lacking
from rules.conditions.place import Inside
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.dnf import Term, terms
from rules.effects import Active, active, steady
from rules.model import Rule
from rules.situation import PLACE, Situation, Truth


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule with its rank; ``bound`` is its file's territory, without which it never acts."""

    id: str = field(init=False, compare=False, repr=False)
    asked: tuple[Condition, ...] = field(init=False, compare=False, repr=False)
    """The conditions of its first block, in written order."""
    rule: Rule
    number: int
    bound: frozenset[str]
    level: int
    terms: tuple[Term, ...] = field(repr=False, default=())
    categories: frozenset[str] | None = None
    """Categories of which the rule requires one; None when it may hold for any."""
    simple: bool = field(init=False, repr=False, default=False)
    """Whether it is one block of conditions on facts, without exception."""
    sure: bool = field(init=False, repr=False, default=False)
    """Whether it holds wherever its index is hit, in a place that lies inside its territory."""
    _block: tuple[Condition, ...] | None = field(init=False, repr=False, default=None)
    """All that ``si`` asks for when that is one block, cheap conditions first."""
    steady: Active | None = field(init=False, repr=False, compare=False, default=None)
    """What it wants, where that is the same for any case."""

    def __post_init__(self) -> None:
        rule = self.rule
        object.__setattr__(self, "id", rule.id)
        object.__setattr__(self, "steady", steady(rule, self.number))
        object.__setattr__(self, "asked", rule.when[0].conditions if rule.when else ())
        if len(rule.when) == 1:
            block = rule.when[0].by_cost
            nested = any(isinstance(one, Combined | RuleHolds) for one in block)
            object.__setattr__(self, "_block", block)
            object.__setattr__(self, "simple", not nested and not rule.unless)
            sure = self.simple and rule.season is None and is_all_hit(block, rule.territory)
            object.__setattr__(self, "sure", sure)

    def value(self, case: Situation) -> Truth:
        rule, here = self.rule, case.whereabouts
        answer: Truth = True
        if rule.territory not in here.inside:
            answer = here.within(self.bound)
            if answer is False:
                return False
        if rule.season is not None and not rule.season.holds(case.local.date()):
            return False
        if self._block is not None:  # nearly all rules; the same as any_holds
            for condition in self._block:
                own = condition.value(case)
                if own is False:
                    return False
                answer = answer and own
        elif rule.when:
            own = any_holds(rule.when, case)
            if own is False:
                return False
            answer = answer and own
        if rule.unless:
            except_ = any_holds(rule.unless, case)
            if except_ is not False:
                return False if except_ else None
        return answer

    def chances(self, case: Situation) -> Chances:
        """Tell what the rule can turn out to be once the supposed fact is known."""
        inside = case.whereabouts.within(self.bound)
        free = inside is None and case.supposed == PLACE
        true, false = (free, free) if inside is None else (inside, not inside)
        if false and not true:
            return False, True
        rule = self.rule
        if rule.season is not None and not rule.season.holds(case.local.date()):
            return False, True
        if self.simple:  # the same as below
            for condition in self._block or ():
                value = condition.value(case)
                if value is False:
                    return False, True
                if value is None:
                    free = condition.fact == case.supposed
                    true, false = true and free, false or free
            return true, false
        if rule.when:
            own = chances(rule.when, case)
            true, false = true and own[0], false or own[1]
        if rule.unless:
            own = chances(rule.unless, case)
            true, false = true and own[1], false or own[0]
        return true, false

    def lacks(self, case: Situation) -> set[str]:
        """List the facts for lack of which the rule is unknown; ANOTHER stands for other rules'."""
        if self.simple:
            found = {one.fact for one in self._block or () if one.value(case) is None}
        else:
            found = lacking(self.rule.when, case)
        if self.rule.unless:
            found |= lacking(self.rule.unless, case)
        if case.whereabouts.within(self.bound) is None:
            found.add(PLACE)
        return found

    def active(self, case: Situation) -> Active:
        """See what the rule wants for this case."""
        return self.steady or active(self.rule, self.number, case)


def is_all_hit(block: Iterable[Condition], territory: str) -> bool:
    """Whether the index asks all that a block asks: one or two groups of lone words, and the place."""
    groups = 0
    for condition in block:
        if isinstance(condition, Contains) and condition.is_lone:
            groups += len(condition.groups)
        elif not (isinstance(condition, Inside) and territory in condition.territories):
            return False
    return 0 < groups <= 2


def compiled(rule: Rule, number: int, bound: frozenset[str], level: int) -> Compiled:
    """Give a rule its rank, its alternatives, and the categories without which it never holds."""
    own = terms(rule)
    required: set[str] = set()
    for term in own:
        named = [
            literal.condition.categories
            for literal in term
            if literal.positive and isinstance(literal.condition, CategoryIs)
        ]
        if not named:
            return Compiled(rule, number, bound, level, own)
        required |= named[0]
    return Compiled(rule, number, bound, level, own, frozenset(required))
