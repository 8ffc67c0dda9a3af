"""Finds the one fact worth asking: the one whose answer alone could give the case another owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.choice import BY_AGENT, Choice
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import ANOTHER, Chances, leaves
from rules.situation import CATEGORY, PLACE, Situation

_FIRST = (PLACE, "date", CATEGORY)


def ask(
    ruleset: RuleSet,
    case: Situation,
    choice: Choice,
    unknown: Sequence[Compiled],
    *,
    owned: bool,
) -> str | None:
    """Name the fact to ask, or None; ``owned`` tells whether a true rule has an owner.

    ``unknown`` are rules, and rows of the table where these lack the place; rows that lack the
    category are looked up in the table itself.
    """
    if case.whereabouts.outside or choice.rule == BY_AGENT:
        return None
    if choice.provisional:
        return PLACE
    above = unknown
    if choice.winner is not None:
        last = choice.winner.number
        above = [one for one in unknown if one.number < last]
    lacks = [(one, _lacks(ruleset, one, case)) for one in above]
    facts = set[str]().union(*(own for _, own in lacks))
    if owned:
        facts.discard(CATEGORY)
    elif case.category is None:
        facts.add(CATEGORY)
    able = _able(lacks, facts, case)
    counts: dict[str, int] = {}
    for fact in sorted(facts, key=_order):
        helped = _Answers(ruleset, case, choice, fact, able.get(fact, [])).helped()
        if helped:
            counts[fact] = helped
    return min(counts, key=lambda fact: (-counts[fact], _order(fact))) if counts else None


def _order(fact: str) -> tuple[int, str]:
    return (_FIRST.index(fact) if fact in _FIRST else len(_FIRST), fact)


def _lacks(ruleset: RuleSet, one: Compiled, case: Situation) -> set[str]:
    """List the facts for lack of which a rule is unknown: none but these can make it true."""
    found = one.lacks(case)
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


def _able(
    lacks: Iterable[tuple[Compiled, set[str]]], facts: set[str], case: Situation
) -> Mapping[str, list[Compiled]]:
    """Sort rules by those facts that alone, once known, could make them true."""
    able: dict[str, list[Compiled]] = {}
    for one, lacking in lacks:
        if one.simple and len(lacking) > 1:
            continue
        for fact in lacking & facts:
            if one.simple or _helps(one, case, fact):
                able.setdefault(fact, []).append(one)
    return able


def _helps(one: Compiled, case: Situation, fact: str) -> bool:
    if fact != CATEGORY and _barred(one, case):
        return False
    return one.chances(case.suppose(fact))[0]


def _barred(one: Compiled, case: Situation) -> bool:
    """Whether the category, known or not, keeps a rule from holding whatever else is answered."""
    if one.categories is None:
        return False
    return case.ancestry is None or one.categories.isdisjoint(case.ancestry)


@dataclass(slots=True)
class _Answers:
    """Tries the possible answers to one fact on the rules that it could make true, in rank order."""

    ruleset: RuleSet
    case: Situation
    choice: Choice
    fact: str
    able: list[Compiled]
    _helped: set[int] = field(default_factory=set)
    _another: dict[int, bool | None] = field(default_factory=dict)

    def helped(self) -> int:
        """Count the rules that could take the case over, were this fact known and no other.

        The competence table counts as one: its many rows are one question.
        """
        if self.fact == CATEGORY:
            self._try_categories()
        elif not self.able:
            return 0
        elif self.fact == PLACE:
            self._try_places()
        else:
            self._try(self.case.suppose(self.fact), self.able)
        return len(self._helped)

    @property
    def _table(self) -> int:
        """The number from which on rules are rows of the table, which stands for them all."""
        return len(self.ruleset.rules)

    def _try(self, supposed: Situation, rules: Iterable[Compiled]) -> bool:
        """Note the rules that would take the case over; False once one keeps the owner."""
        table = self._table
        for one in rules:
            if one.number >= table and table in self._helped:
                return False  # only rows of the table are left
            true, false = self._chances(one, supposed)
            if not true:
                continue
            another = self._names_another(one, supposed)
            if another:
                self._helped.add(min(one.number, table))
            elif another is False and not false:
                return False  # under this answer the owner stays: rules below cannot matter
        return True

    def _chances(self, one: Compiled, supposed: Situation) -> Chances:
        if one.simple and self.fact != PLACE:  # it lacks this fact alone
            return True, self.fact != CATEGORY
        return one.chances(supposed)

    def _names_another(self, one: Compiled, supposed: Situation) -> bool | None:
        """Whether a rule would name another owner; None when it would name none or one that refused."""
        if self.fact == PLACE:
            return self._would_name(one, supposed)
        if one.number not in self._another:
            self._another[one.number] = self._would_name(one, supposed)
        return self._another[one.number]

    def _would_name(self, one: Compiled, supposed: Situation) -> bool | None:
        wants = one.active(supposed)
        if wants.parts:
            return True
        if wants.owner is None:
            return None
        return self.ruleset.owners.is_another(wants.owner, supposed, self.choice.owner)

    def _try_places(self) -> None:
        candidates = self.case.whereabouts.candidates
        most = len({min(one.number, self._table) for one in self.able})
        for candidate in candidates:
            if len(self._helped) == most:
                return  # no other answer could help one more
            supposed = self.case.suppose_place(candidate if len(candidates) > 1 else None)
            self._try(supposed, self.able)

    def _try_categories(self) -> None:
        """Try the categories; where only the table matters, one for each family will do."""
        ruleset, case = self.ruleset, self.case
        named = ruleset.categories.by_name((one.categories, one) for one in self.able)
        tried: set[str] = set()
        if not named:
            if case.category is None and ruleset.table.is_able(case.whereabouts):
                self._try_table(ruleset.table.families)
            return
        for name, ancestry in ruleset.categories.ancestries.items():
            family = ruleset.configuration.categories[name].family
            concerned = named.get(name)
            if concerned is None and family in tried:
                continue
            tried.add(family)
            if not concerned or self._try(case.suppose_category(name, ancestry), concerned):
                self._try_table((family,))

    def _try_table(self, families: tuple[str, ...]) -> None:
        """Note whether the table would take the case over, in one of these families."""
        table, owner = self.ruleset.table, self.choice.owner
        if self._table not in self._helped and table.gives_away(families, self.case, owner):
            self._helped.add(self._table)
