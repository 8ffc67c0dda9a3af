"""Settles who is in charge of a case and how urgent it is: what rules hold, and which of them wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from router.decision import Facts, Urgency
from rules.categorise import Categories
from rules.choice import Choice, choose
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.source import Miss
from rules.effects import Active, Gathered, gather
from rules.situation import Situation, Truth


@dataclass(slots=True)
class Found:
    """The rules that a case concerns, by what they turned out to be, in rank order."""

    true: list[Active] = field(default_factory=list)
    unknown: list[Compiled] = field(default_factory=list)
    missed: list[Miss] = field(default_factory=list)
    """What is told of the first rules that were hit and fail."""
    rows: Sequence[Compiled] = ()
    """Rows of the competence table that wait for the category."""
    at_once: list[str] = field(default_factory=list)
    """Danger rules that act though the place is unknown."""
    decided: bool = False
    """Whether one of the true rules decides for sure, so that the table was not asked."""

    @property
    def dangers(self) -> list[Active]:
        if not self.true or not self.true[0].danger:  # they rank above all others
            return []
        return list(takewhile(lambda one: one.danger, self.true))

    def note(self, one: Compiled, value: Truth, case: Situation) -> None:
        """Keep what a rule turned out to be; a danger that lacks only the place acts at once."""
        if value is None and one.rule.priority == "danger" and _lacks_only_place(one, case):
            self.at_once.append(one.rule.id)
            value = True
        if value:
            self.true.append(one.active(case))
        elif value is None:
            self.unknown.append(one)


@dataclass(frozen=True, slots=True)
class Settled:
    """A case with its rules weighed; ``deciding`` are those with an owner, the table last."""

    ruleset: RuleSet
    case: Situation
    told_by: list[str]
    """The words that told the category."""
    found: Found
    deciding: list[Active]
    choice: Choice
    effects: Gathered

    @property
    def danger(self) -> bool:
        return bool(self.found.dangers)

    @property
    def urgency(self) -> Urgency:
        return self.effects.urgency or Urgency.NORMAL

    @property
    def no_rule(self) -> bool:
        return self.choice.priority == "a_defaut" and not self.deciding


@dataclass(frozen=True, slots=True)
class Read:
    """A case with its words cut, its place found and its category told, and no rule weighed."""

    case: Situation
    told_by: list[str]
    """The words that told the category."""
    categories: Categories

    @property
    def beside(self) -> frozenset[str]:
        if self.case.category is None or self.case.facts.category is not None:
            return frozenset()
        return self.categories.beside(
            self.case.category, self.case.text, self.case.facts.place.street
        )

    @property
    def category(self) -> str | None:
        return self.case.category

    @property
    def candidates(self) -> tuple[str, ...]:
        return self.case.whereabouts.candidates

    @property
    def outside(self) -> bool:
        return self.case.whereabouts.outside

    def of(self, facts: Facts) -> Situation:
        """Give the case anew, with counts added to its facts."""
        return replace(self.case, facts=facts, truths={})


def read(ruleset: RuleSet, facts: Facts) -> Read:
    """Read what does not depend on any rule."""
    case = ruleset.situation(facts)
    return Read(case, ruleset.categorise(case), ruleset.categories)


def settle(
    ruleset: RuleSet, facts: Facts, reading: Read | None = None, *, traced: bool = True
) -> Settled:
    """Weigh the rules for a case; ``traced`` also finds those that make no difference.

    ``reading`` is that of the same facts but for their counts.
    """
    if reading is None:
        reading = read(ruleset, facts)
        case = reading.case
    else:
        case = reading.of(facts)
    found = _weigh_all(ruleset, case) if traced else _weigh(ruleset, case)
    return settled(ruleset, case, reading.told_by, found)


def settled(ruleset: RuleSet, case: Situation, told_by: list[str], found: Found) -> Settled:
    """Choose the owner once it is known what the rules turned out to be, in rank order."""
    deciding = [one for one in found.true if one.owner is not None or one.parts]
    if not found.decided:
        _table(ruleset, case, found, deciding)
    choice = choose(ruleset, case, deciding)
    return Settled(ruleset, case, told_by, found, deciding, choice, gather(found.true))


def _weigh_all(ruleset: RuleSet, case: Situation) -> Found:
    """Weigh each rule that is hit, and list those that nearly hold."""
    found = Found()
    hits, rules, surely = ruleset.index.hits(case), ruleset.rules, ruleset.surely
    failed: list[int] = []
    for number in sorted(hits.worth):
        wants = surely[number] if hits.inside else None
        if wants is not None:
            found.true.append(wants)
            continue
        value = rules[number].value(case)
        if value is False:
            failed.append(number)
        else:
            found.note(rules[number], value, case)
    found.missed = ruleset.misses.tell(hits, failed, case)
    return found


def _weigh(ruleset: RuleSet, case: Situation) -> Found:
    """Weigh the rules that can make a difference: once one decides, few of those below it can."""
    found = Found()
    hits, rules, surely = ruleset.index.hits(case), ruleset.rules, ruleset.surely
    may_pass = bool(case.facts.refused_by or case.facts.agent_choice)
    for number in sorted(hits.worth):
        if found.decided and ruleset.only_decide[number]:
            continue
        wants = surely[number] if hits.inside else None
        value = True if wants is not None else rules[number].value(case)
        if value is False:
            continue
        if wants is not None:
            found.true.append(wants)
        else:
            found.note(rules[number], value, case)
        if value and not may_pass and found.true[-1].decides:
            found.decided = True
    return found


def _lacks_only_place(one: Compiled, case: Situation) -> bool:
    """Whether the place alone could make a rule true."""
    if case.whereabouts.outside:
        return False
    candidates = case.whereabouts.candidates
    if len(candidates) < 2:
        return one.chances(case.suppose_place(None))[0]
    return any(one.chances(case.suppose_place(candidate))[0] for candidate in candidates)


def _table(ruleset: RuleSet, case: Situation, found: Found, deciding: list[Active]) -> None:
    """Add the competence table below the rules; without a category it is all unknown."""
    if case.category is None:
        if not deciding:
            found.rows = ruleset.table.open(case.whereabouts)
        return
    family = ruleset.configuration.categories[case.category].family
    for one in ruleset.table.of(family):
        value = one.value(case)
        if value:
            deciding.append(one.active(case))
        elif value is None:
            found.unknown.append(one)
