"""Finds the fact to ask by trying every answer on every rule: the oracle's own reading of 3.7."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.compile import RuleSet
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.model import Effects, Rule
from rules.oracle.effects import acting
from rules.oracle.owner import Directory, Owner
from rules.situation import CATEGORY, PLACE, Situation

Chances = tuple[bool, bool]
"""Whether something can turn out true, and whether it can turn out false."""
Ranked = tuple[int, Rule]
"""A rule after its place among all rules."""
_FIRST = [PLACE, "date", CATEGORY]
_TABLE = "competence"


@dataclass(frozen=True, slots=True)
class Asker:
    """Tries what could be answered about one case."""

    ruleset: RuleSet
    case: Situation
    directory: Directory

    def ask(self, owner: Owner, owned: bool, unknown: Sequence[Ranked]) -> str | None:
        """Name the fact whose answer alone could change the owner; ``unknown`` is in rank order."""
        if self.case.whereabouts.outside or owner.rule == "choix_agent":
            return None
        if owner.provisional:
            return PLACE
        above = [one for rank, one in unknown if owner.wish is None or rank < owner.wish.rank]
        counts: dict[str, int] = {}
        for fact in {fact for one in above for fact in self._missing(one)}:
            if not (fact == CATEGORY and owned):
                concerned = [one for one in above if fact in self._missing(one)]
                counts[fact] = len(self._takers(fact, concerned, owner))
        useful = [fact for fact, count in counts.items() if count]
        return min(useful, key=lambda fact: (-counts[fact], _order(fact)), default=None)

    def lacks_only_the_place(self, rule: Rule) -> bool:
        """Whether a rule that is unknown could hold once the place is known."""
        if self.case.whereabouts.outside:
            return False
        return any(self._could(rule, supposed)[0] for supposed in self._answers(PLACE))

    def _takers(self, fact: str, rules: Sequence[Rule], owner: Owner) -> set[str]:
        """List the rules that some answer would let take the case; the whole table counts as one."""
        found: set[str] = set()
        for supposed in self._answers(fact):
            for one in rules:
                true, false = self._could(one, supposed)
                if not true:
                    continue
                another = self._another(one, supposed, owner)
                if another:
                    found.add(_TABLE if one.priority == _TABLE else one.id)
                elif another is False and not false:
                    break  # the owner would surely stay, whatever stands below
        return found

    def _another(self, rule: Rule, supposed: Situation, owner: Owner) -> bool | None:
        """Whether a rule would name another owner; None when it would name nobody who takes it."""
        wanted: Effects | None = acting(rule, supposed).named
        if wanted is None:
            return None
        if wanted.owner is None:
            return True
        here = supposed.whereabouts
        service = self.directory.lookup(wanted.owner.id, here)
        if not isinstance(service, str):
            return self.directory.first_default(here) != owner.service
        if service in supposed.facts.refused_by:
            return None
        taker = self.directory.available(service)
        return taker is not None and taker != owner.service

    def _answers(self, fact: str) -> list[Situation]:
        """Suppose every answer: each candidate, each category, or the fact left free."""
        case, candidates = self.case, self.case.whereabouts.candidates
        if fact == CATEGORY:
            ancestry = self.ruleset.configuration.ancestry
            categories = self.ruleset.configuration.categories
            return [case.suppose_category(one, frozenset(ancestry(one))) for one in categories]
        if fact == PLACE and len(candidates) > 1:
            return [case.suppose_place(candidate) for candidate in candidates]
        return [case.suppose_place(None) if fact == PLACE else case.suppose(fact)]

    # --- what can turn out how ---------------------------------------------------------------------

    def _could(self, rule: Rule, supposed: Situation) -> Chances:
        here = supposed.whereabouts
        bound = here.within(territories(self.ruleset, rule))
        own = [_chances(bound, supposed.supposed == PLACE)]
        if rule.season is not None:
            own.append(_chances(rule.season.holds(supposed.local.date()), False))
        if rule.when:
            own.append(self._either(rule.when, supposed))
        if rule.unless:
            true, false = self._either(rule.unless, supposed)
            own.append((false, true))
        return _all(own)

    def _either(self, blocks: Iterable[Block], supposed: Situation) -> Chances:
        return _any([self._block(block, supposed) for block in blocks])

    def _block(self, block: Block, supposed: Situation) -> Chances:
        return _all([self._condition(one, supposed) for one in block.conditions])

    def _condition(self, condition: Condition, supposed: Situation) -> Chances:
        if isinstance(condition, Combined):
            own = [self._block(block, supposed) for block in condition.blocks]
            if condition.key == "aucun_de":
                true, false = _any(own)
                return false, true
            return _all(own) if condition.key == "tous" else _any(own)
        if isinstance(condition, RuleHolds):
            return _any([self._could(rule, supposed) for rule in self._rules(condition)])
        return _chances(condition.value(supposed), condition.fact == supposed.supposed)

    def _rules(self, condition: RuleHolds) -> list[Rule]:
        return [self.ruleset.by_id[name].rule for name in condition.rules]

    # --- what is missing ---------------------------------------------------------------------------

    def _missing(self, rule: Rule) -> set[str]:
        """List the facts for lack of which a rule is unknown, another rule's own among them."""
        found = self._lacked((*rule.when, *rule.unless))
        if self.case.whereabouts.within(territories(self.ruleset, rule)) is None:
            found.add(PLACE)
        return found

    def _lacked(self, blocks: Iterable[Block]) -> set[str]:
        found: set[str] = set()
        for condition in (one for block in blocks for one in block.conditions):
            if condition.value(self.case) is not None:
                continue
            if isinstance(condition, Combined):
                found |= self._lacked(condition.blocks)
            elif isinstance(condition, RuleHolds):
                found = found.union(*(self._missing(rule) for rule in self._rules(condition)))
            else:
                found.add(condition.fact)
        return found


def territories(ruleset: RuleSet, rule: Rule) -> frozenset[str]:
    """List where a rule may act: its file's territory; a cell of the table acts everywhere."""
    return frozenset([rule.territory] if rule.territory else ruleset.geography.ids())


def _order(fact: str) -> tuple[int, str]:
    return (_FIRST.index(fact) if fact in _FIRST else len(_FIRST), fact)


def _chances(value: bool | None, free: bool) -> Chances:
    return (free, free) if value is None else (value, not value)


def _all(own: Iterable[Chances]) -> Chances:
    listed = list(own)
    return all(true for true, _ in listed), any(false for _, false in listed)


def _any(own: Iterable[Chances]) -> Chances:
    listed = list(own)
    return any(true for true, _ in listed), all(false for _, false in listed)
