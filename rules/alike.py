"""Tells which past cases two versions of the rules surely decide alike, without deciding them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from router.decision import Facts
from rules.alternatives import Alternatives
from rules.compile import RuleSet, may_be_french, phrases_of
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.consequences import bearing
from rules.described import described
from rules.ground import shift
from rules.model import Rule
from rules.noticed import Noticed
from rules.prefixes import Prefixes
from rules.settle import read
from rules.situation import Situation
from rules.text import Text


class Alike:
    """Two versions that stand on nearly the same ground and differ by a few rules.

    A case for which none of these rules can hold, in either version, comes out the same: all others
    are the same and stand in the same order. Words that are typed wrongly must be read alike too,
    and the competence table must say the same of its category.
    """

    def __init__(
        self,
        one: RuleSet,
        other: RuleSet,
        changed: Iterable[Compiled],
        families: Collection[str] = (),
    ) -> None:
        """Take two versions and all rules that only one has, or that decide otherwise there.

        ``families`` are those of which the competence table says something else.
        """
        rules = tuple(changed)
        self._ruleset = one
        self._alternatives = Alternatives(rules, one.index.usage)
        self._noticed = Noticed(one.repairs, other.repairs, self._alternatives.hang_on)
        self._prefixes = Prefixes(phrase for own in rules for phrase in phrases_of(own.rule))
        self._bearing = bearing(one.configuration)
        self._families = families

    def quiet(self, rules: Iterable[str]) -> bool:
        """Whether the first version surely does nothing beside, where only these rules hold."""
        return self._bearing is not None and self._bearing.isdisjoint(rules)

    def surely(self, facts: Facts) -> bool:
        """Whether both versions surely name the same owner, rule and urgency for a case.

        The category is left open unless the table differs: to find it is most of the work of
        reading a message.
        """
        if not self._no_rule_differs(facts):
            return False
        return not self._families or not self._is_of_these_families(facts)

    def _is_of_these_families(self, facts: Facts) -> bool:
        """Whether the table may be asked for a row that differs; it is not without a category."""
        category = read(self._ruleset, facts).category
        if category is None:
            return False
        return self._ruleset.configuration.categories[category].family in self._families

    def _no_rule_differs(self, facts: Facts) -> bool:
        ruleset, alternatives = self._ruleset, self._alternatives
        text = Text(facts.text, facts.subject, self._prefixes)
        told = self._noticed.among(text.words)
        if may_be_french(facts) and (told or alternatives.reads_all):
            if not told.isdisjoint(self._noticed.apart):
                return False
            found = ruleset.repairs.of(text, facts.place.street)
            if found:
                text.repair(found)
                told = self._noticed.among(text.words)
        if not told and alternatives.all_hang_on_words:
            return True
        case = Situation(
            facts,
            text,
            facts.received_at.astimezone(ruleset.zone),
            ruleset.geography.locate(facts.place),
            ruleset.geography,
            ruleset.calendars,
        )
        return not alternatives.any_may_hold(case, told)


def alike(one: RuleSet, other: RuleSet) -> Alike | None:
    """Compare two versions; None where a difference may touch any case, as another order does."""
    moved = shift(one.configuration, other.configuration)
    if moved is None:
        return None
    mine, theirs = _by_id(one), _by_id(other)
    changed = {
        name
        for name in mine.keys() | theirs.keys()
        if mine.get(name) != theirs.get(name)  # most are the same line for line
        and described(mine.get(name)) != described(theirs.get(name))
    }
    every = [*one.rules, *other.rules]
    changed |= {
        own.rule.id for own in every if any(ref.id in moved.roles for ref in own.rule.named)
    }
    while more := {own.rule.id for own in every if _cited(own.rule) & changed} - changed:
        changed |= more
    if [name for name in mine if name not in changed] != [
        name for name in theirs if name not in changed
    ]:
        return None
    rules = (own for own in every if own.rule.id in changed)
    return Alike(one, other, rules, moved.families)


def _by_id(ruleset: RuleSet) -> Mapping[str, Rule]:
    """Give the rules by id, in rank order."""
    return {own.rule.id: own.rule for own in ruleset.rules}


def _cited(rule: Rule) -> set[str]:
    """List the rules that a rule asks for."""
    asked = (one for one in leaves((*rule.when, *rule.unless)) if isinstance(one, RuleHolds))
    return {name for one in asked for name in one.rules}
