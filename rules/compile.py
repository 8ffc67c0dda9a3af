"""Turns a configuration into a rule set: rules in rank order, an index, and the names resolved."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from router.decision import Facts
from router.geography import Geography
from rules.absences import Absences
from rules.calendars import Calendars, school_zone
from rules.categorise import categories_of
from rules.compiled import Compiled, compiled
from rules.conditions.facts import CategoryIs
from rules.conditions.logic import Block, Chances, leaves
from rules.conditions.place import Inside
from rules.conditions.words import Contains
from rules.effects import only_decides, words_of
from rules.index import Index
from rules.lexicon import lexicon
from rules.misses import Misses
from rules.model import Cell, Configuration, Effects, Promises, Rule
from rules.owners import Owners
from rules.phrases import Phrase
from rules.prefixes import Prefixes
from rules.problems import At
from rules.ranking import LEVEL, rule_area
from rules.repair import Repairs
from rules.situation import Situation, Truth
from rules.table import Row, Table
from rules.text import Text
from rules.words import tokens

_EVERYWHERE_AREA = float("inf")


class RuleSet:
    """One immutable version of the rules, ready to decide."""

    def __init__(self, configuration: Configuration, geography: Geography) -> None:
        self.configuration = configuration
        self.geography = geography
        self.hash = configuration.digest
        self.zone = ZoneInfo(configuration.timezone)
        communes = geography.communes()
        self.calendars = Calendars(
            configuration.calendars, school_zone(communes[0]) if communes else "B"
        )
        self.categories = categories_of(configuration.categories)
        self.promised = {name: self._promised(name) for name in configuration.categories}
        """What is promised for a category, by itself or the nearest above it."""
        services = configuration.services
        self.absences = Absences({name: one.absences for name, one in services.items()})
        self.owners = Owners(configuration, geography)
        self.rules = self._compile_rules()
        self.misses = Misses(self.rules)
        self.only_decide = bytes(only_decides(one.rule) for one in self.rules)
        """By number, 1 for a rule that is without effect below the one that decides."""
        self.surely = tuple(one.steady if one.sure else None for one in self.rules)
        """By number, what a rule wants that is true once hit, inside the territory of its file."""
        self.spelled = _spelled(one.rule for one in self.rules)
        """By folded word, how the rules write those that stand alone."""
        self.by_id = {one.rule.id: one for one in self.rules}
        self.index = Index((one.rule.territory, one.terms) for one in self.rules)
        self._vocabulary = self.index.words.union(self.spelled)
        self.table = self._compile_table()
        phrases = self._phrases()
        self.prefixes = Prefixes(phrases)
        self.repairs = self._repairs(phrases)

    def is_danger(self, rule: str) -> bool:
        found = self.by_id.get(rule)
        return found is not None and found.rule.priority == "danger"

    def _promised(self, category: str) -> Promises:
        found = Promises()
        for name in self.configuration.ancestry(category):
            found = found.completed_by(self.configuration.categories[name].promises)
        return found

    def _compile_rules(self) -> tuple[Compiled, ...]:
        ranked = [
            ((LEVEL[rule.priority], rule_area(rule, self.geography), rank, rule.at.line), rule)
            for rank, file in enumerate(self.configuration.files)
            for rule in file.rules
        ]
        ranked.sort(key=lambda pair: (*pair[0], pair[1].at.column))
        return tuple(
            compiled(rule, number, frozenset({rule.territory}), key[0])
            for number, (key, rule) in enumerate(ranked)
        )

    def _compile_table(self) -> Table:
        everywhere = frozenset(self.geography.ids())
        families: dict[str, set[str]] = {}
        for category in self.configuration.categories.values():
            families.setdefault(category.family, set()).add(category.id)
        keyed = [(self._cell_area(cell), cell) for cell in self.configuration.cells]
        keyed.sort(key=lambda pair: (pair[0], pair[1].id))
        rows: list[tuple[str, Row]] = []
        for number, (_, cell) in enumerate(keyed, start=len(self.rules)):
            own = frozenset(families.get(cell.family, ()))
            where = everywhere if cell.territory is None else frozenset({cell.territory})
            rule = _cell_rule(cell, own, where)
            one = compiled(rule, number, everywhere, LEVEL["competence"])
            rows.append((cell.family, Row(one, where)))
            self.by_id[rule.id] = one
        return Table(rows, families, self.owners)

    def _cell_area(self, cell: Cell) -> float:
        return _EVERYWHERE_AREA if cell.territory is None else self.geography.area(cell.territory)

    def _phrases(self) -> list[Phrase]:
        """List what rules and categories look for."""
        phrases = [phrase for one in self.rules for phrase in phrases_of(one.rule)]
        phrases += [
            phrase
            for category in self.configuration.categories.values()
            for phrase in category.phrases
        ]
        return phrases

    def _repairs(self, phrases: list[Phrase]) -> Repairs:
        """Learn the words that rules and categories look for, in all their forms."""
        forms = {word for phrase in phrases for word in phrase.words()}
        written = {piece for phrase in phrases for piece in phrase.pieces}
        return Repairs(forms, written, self._names(), lexicon())

    def _names(self) -> frozenset[str]:
        communes = self.configuration.territory.communes
        return frozenset(word for one in communes for word in tokens(one.name))

    def situation(self, facts: Facts, *, as_typed: bool = False) -> Situation:
        """See a case as the conditions do; ``as_typed`` leaves typing errors alone."""
        text = Text(facts.text, facts.subject, self.prefixes)
        if not as_typed and may_be_french(facts):
            found = self.repairs.of(text, facts.place.street)
            if found:
                text.repair(found)
        return self.seen(facts, text)

    def seen(self, facts: Facts, text: Text) -> Situation:
        """See a case with its words already cut and read."""
        local = facts.received_at.astimezone(self.zone)
        return Situation(
            facts=facts,
            text=text,
            local=local,
            whereabouts=self.geography.locate(facts.place),
            geography=self.geography,
            calendars=self.calendars,
            away=self._away(facts, local),
            rule_truth=self._truth,
            rule_possible=self._possible,
            known=text.words & self._vocabulary,
        )

    def without_absences(self) -> RuleSet:
        """Give the same rules for a day on which nobody is on leave."""
        if not self.absences:
            return self
        there = copy.copy(self)
        there.absences = Absences({})
        return there

    def _away(self, facts: Facts, local: datetime) -> Collection[str]:
        """List who takes nothing: whom the facts name, and whom an absence keeps away that day."""
        if not self.absences:
            return facts.unavailable
        away = self.absences.on(local.date())
        return away.union(facts.unavailable) if facts.unavailable else away

    def categorise(self, case: Situation) -> list[str]:
        """Set the category of a case: the one given, else by its words, which are returned."""
        given = case.facts.category
        words: list[str] = []
        if given is None or given not in self.categories.ancestries:
            given, words = self.categories.of(case.text, case.facts.place.street)
        if given is not None:
            case.category, case.ancestry = given, self.categories.ancestries[given]
        return words

    def resolve_for(self, candidates: tuple[str, ...], name: str) -> str | None:
        """Find the service of a role for the candidates of a decision."""
        here = self.geography.whereabouts(candidates)
        found = self.owners.resolve(name, here)
        return found if isinstance(found, str) else None

    def category_of(self, words: str) -> str | None:
        """Find the category of a few words."""
        return self.categories.of(Text(words, begins=self.prefixes))[0]

    def _truth(self, rule: str, case: Situation) -> Truth:
        return self.by_id[rule].value(case)

    def _possible(self, rule: str, case: Situation) -> Chances:
        return self.by_id[rule].chances(case)


def may_be_french(facts: Facts) -> bool:
    """Whether typing errors are repaired: in French, and where the language is not known."""
    return not facts.language or facts.language.startswith("fr")


def phrases_of(rule: Rule) -> Iterable[Phrase]:
    """List what a rule looks for."""
    return (
        phrase
        for condition in leaves((*rule.when, *rule.unless))
        if isinstance(condition, Contains)
        for group in condition.groups
        for phrase in group.phrases
    )


def _spelled(rules: Iterable[Rule]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in (group for rule in rules for group in words_of(rule)):
        for word, written in (group.spelled or {}).items():
            found.setdefault(word, set()).update(written)
    return {word: frozenset(written) for word, written in found.items()}


def _cell_rule(cell: Cell, categories: frozenset[str], where: frozenset[str]) -> Rule:
    at: At = cell.owner.at
    family = CategoryIs(key="categorie", written=cell.family, at=at, categories=categories)
    place = Inside(key="dans", written=cell.column, at=at, territories=where)
    return Rule(
        id=cell.id,
        at=at,
        territory="",
        priority="competence",
        when=(Block((family, place)),),
        effects=Effects(owner=cell.owner),
    )


def compile_rules(configuration: Configuration, geography: Geography) -> RuleSet:
    """Compile a configuration; pure, and the same whatever the order in which files were read."""
    return RuleSet(configuration, geography)
