"""Decides by looking at every rule and every condition: the oracle of the engine, slow on purpose.

It shares with the engine what a leaf condition says about one fact, how a place becomes
territories, and how facts, place and stand-ins are written down. It finds words, categories, ranks,
truths, the owner, the effects, the question, the promises and what is told of the rules on its own,
without an index, an order of costs or memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from router.decision import Decision, Facts
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.facts import RuleHolds
from rules.conditions.logic import Block, Combined, leaves
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.decide import conclude
from rules.index import Access, access
from rules.misses import MOST_MISSED, miss
from rules.model import Cell, Effects, Rule
from rules.oracle.effects import acting, gathered, promised, wanted
from rules.oracle.owner import Directory, Wish, choose
from rules.oracle.question import Asker, Ranked, territories
from rules.oracle.record import escalation, keeper, reached, recorded
from rules.phrases import Phrase
from rules.ranking import LEVEL, rule_area
from rules.settle import Found, settled
from rules.situation import Situation, Truth
from rules.text import NEGATIONS, Text
from rules.words import BREAK

_FARTHEST = 2  # words between a negation and what it denies


def decide(ruleset: RuleSet, facts: Facts) -> Decision:
    """Decide as :func:`rules.decide.decide` does, the long way."""
    case = ruleset.situation(facts)
    told_by = _categorise(ruleset, case)
    directory = Directory(ruleset, facts, case.whereabouts)
    asker = Asker(ruleset, case, directory)
    found, held, unknown = Found(), list[Ranked](), list[Ranked]()
    missed = list[Compiled]()
    for rank, one in enumerate(_ranked(ruleset)):
        value = _rule(ruleset, one.rule, case)
        if value is None and one.rule.priority == "danger" and asker.lacks_only_the_place(one.rule):
            found.at_once.append(one.rule.id)
            value = True
        if value:
            found.true.append(one.active(case))
            held.append((rank, one.rule))
        elif value is None:
            found.unknown.append(one)
            unknown.append((rank, one.rule))
        elif _hit(ruleset, one, case):
            missed.append(one)
    found.missed = [miss(one, case) for one in missed[:MOST_MISSED]]
    own, told = _outcome(ruleset, case, asker, held, unknown)
    decision = conclude(settled(ruleset, case, told_by, found))  # for what it wrote of the text
    trace = {**decision.trace, **told, "words": _words(found, case, told_by)}
    return replace(decision, trace=trace, **own)


def _outcome(
    ruleset: RuleSet, case: Situation, asker: Asker, held: list[Ranked], unknown: list[Ranked]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw owner, effects and question from the rules that hold, and those that might.

    Gives fields of a decision, and parts of its trace.
    """
    directory = asker.directory
    holding = [acting(rule, case) for _, rule in held]
    wishes = [
        _wish(rank, one.rule, one.named)
        for (rank, _), one in zip(held, holding, strict=True)
        if one.named is not None
    ]
    owned = bool(wishes)
    for rank, rule in _table(ruleset):
        value = _rule(ruleset, rule, case)
        if value:
            wishes.append(_wish(rank, rule, rule.effects))
            owned = True
        elif value is None and (case.category is not None or not owned):
            unknown.append((rank, rule))
    owner = choose(directory, wishes)
    asked = asker.ask(owner, owned, unknown)
    said = promised(holding, directory, owner, case.category)
    open_ = [rule for _, rule in unknown]
    told = recorded(case, directory, owner, wishes, holding, open_, said, asked)
    keeps = keeper(directory, owner, case.category)
    does = gathered(holding, directory, owner, said)
    return {
        "owner": owner.service,
        "rule": owner.rule,
        "priority": owner.priority,
        "parts": owner.parts,
        "no_rule": owner.priority == "a_defaut" and not wishes,
        "questions": (asked,) if asked else wanted(holding, case),
        "reached": reached(holding, directory, owner, does["replies"]),
        "escalation": escalation(said, directory),
        "lead": None if keeps == owner.service else keeps,
        **does,
    }, told


def _wish(rank: int, rule: Rule, named: Effects) -> Wish:
    parts = tuple((part.words, part.owner.id, part.category) for part in named.parts)
    return Wish(rule, rank, named.owner.id if named.owner else None, parts)


def _table(ruleset: RuleSet) -> list[Ranked]:
    """Order the cells of the competence table, as rules below all rules."""

    def area(cell: Cell) -> float:
        return ruleset.geography.area(cell.territory) if cell.territory else float("inf")

    cells = sorted(ruleset.configuration.cells, key=lambda cell: (area(cell), cell.id))
    return [
        (rank, ruleset.by_id[cell.id].rule)
        for rank, cell in enumerate(cells, start=len(ruleset.rules))
    ]


@lru_cache(maxsize=1)
def _ranked(ruleset: RuleSet) -> tuple[Compiled, ...]:
    """Order the rules: priority, the smaller territory, files, lines."""
    files = [file.path for file in ruleset.configuration.files]

    def rank(one: Compiled) -> tuple[float, ...]:
        rule = one.rule
        area = rule_area(rule, ruleset.geography)
        return LEVEL[rule.priority], area, files.index(rule.at.file), rule.at.line, rule.at.column

    return tuple(sorted(ruleset.rules, key=rank))


# --- truths --------------------------------------------------------------------------------------


def _rule(ruleset: RuleSet, rule: Rule, case: Situation) -> Truth:
    own: list[Truth] = [case.whereabouts.within(territories(ruleset, rule))]
    own.append(rule.season is None or rule.season.holds(case.local.date()))
    if rule.when:
        own.append(_either(ruleset, rule.when, case))
    if rule.unless:
        own.append(_not(_either(ruleset, rule.unless, case)))
    return _all(own)


def _either(ruleset: RuleSet, blocks: Iterable[Block], case: Situation) -> Truth:
    return _any([_block(ruleset, block, case) for block in blocks])


def _block(ruleset: RuleSet, block: Block, case: Situation) -> Truth:
    return _all([_condition(ruleset, one, case) for one in block.conditions])


def _condition(ruleset: RuleSet, condition: Condition, case: Situation) -> Truth:
    if isinstance(condition, Combined):
        own = [_block(ruleset, block, case) for block in condition.blocks]
        if condition.key == "tous":
            return _all(own)
        return _not(_any(own)) if condition.key == "aucun_de" else _any(own)
    if isinstance(condition, RuleHolds):
        return _any([_rule(ruleset, ruleset.by_id[name].rule, case) for name in condition.rules])
    if isinstance(condition, Contains):
        return all(any(_places(p, case) for p in group.phrases) for group in condition.groups)
    return condition.value(case)


def _all(values: list[Truth]) -> Truth:
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def _any(values: list[Truth]) -> Truth:
    if any(value is True for value in values):
        return True
    return None if any(value is None for value in values) else False


def _not(value: Truth) -> Truth:
    return None if value is None else not value


# --- words ---------------------------------------------------------------------------------------


def _places(phrase: Phrase, case: Situation) -> list[int]:
    """List where a phrase stands, by trying every word of the text."""
    text = case.text
    found = [place for place in range(len(text.folded)) if _stands(phrase, case, place)]
    if phrase.unless_negated:
        found = [place for place in found if not _negated(text, place)]
    return found


def _stands(phrase: Phrase, case: Situation, place: int) -> bool:
    folded, exact = case.text.folded, case.text.exact
    size = len(phrase.pieces)
    if phrase.kind == "near":
        window = range(place, min(place + phrase.span + 1, len(folded)))
        if BREAK in folded[place : place + phrase.span + 1]:
            window = range(place, folded.index(BREAK, place))
        return any(_stands(part, case, place) for part in phrase.parts) and all(
            any(_stands(part, case, other) for other in window) for part in phrase.parts
        )
    if place + size > len(folded):
        return False
    if phrase.kind == "exact":
        return tuple(exact[place : place + size]) == phrase.pieces
    if phrase.kind == "prefix":
        *whole, last = phrase.pieces
        words = folded[place : place + size]
        return words[:-1] == whole and words[-1].startswith(last)
    return all(folded[place + step] in forms for step, forms in enumerate(phrase.forms))


def _negated(text: Text, place: int) -> bool:
    folded = text.folded
    for before in range(place - 1, max(-1, place - _FARTHEST - 2), -1):
        if before + 1 in text.starts:
            return False
        if folded[before] in NEGATIONS - {"pas", "plus"}:
            return True
        after = before > 0 and before not in text.starts and folded[before - 1] in {"pas", "plus"}
        if after and folded[before] in {"de", "d"}:
            return True
    return False


def _words(found: Found, case: Situation, told_by: list[str]) -> list[str]:
    """List the words that made rules true, as they are written, then those of the category."""
    matched: dict[str, None] = {}
    for one in found.true:
        for condition in leaves(one.rule.when):
            if isinstance(condition, Contains):
                for group in condition.groups:
                    own = (phrase.written for phrase in group.phrases if _places(phrase, case))
                    matched.update(dict.fromkeys(own))
    matched.update(dict.fromkeys(told_by))
    return list(matched)


# --- categories ----------------------------------------------------------------------------------


def _categorise(ruleset: RuleSet, case: Situation) -> list[str]:
    """Set the category: the one given, else the one of most distinct words, deepest, first."""
    categories = ruleset.configuration.categories
    given = case.facts.category
    words: list[str] = []
    if given is None or given not in categories:
        given = None
        best: tuple[int, int, int, int] | None = None
        for order, (name, category) in enumerate(categories.items()):
            distinct: dict[object, tuple[int, str]] = {}
            for phrase in category.phrases:
                for place in _places(phrase, case)[:1]:
                    key = phrase.forms or phrase.written
                    spoken = (place, phrase.written)
                    if key not in distinct or place < distinct[key][0]:
                        distinct[key] = spoken
            if distinct:
                first = min(place for place, _ in distinct.values())
                rank = (-len(distinct), -category.depth, first, order)
                if best is None or rank < best:
                    best, given = rank, name
                    words = [written for _, written in sorted(distinct.values())]
    if given is not None:
        case.category = given
        case.ancestry = frozenset(ruleset.configuration.ancestry(given))
    return words


# --- near misses ---------------------------------------------------------------------------------


def _hit(ruleset: RuleSet, one: Compiled, case: Situation) -> bool:
    """Whether what a rule hangs on is there, so that it is told as a near miss."""
    return any(_reached(access(term, ruleset.index.usage), case) for term in one.terms)


def _reached(by: Access, case: Situation) -> bool:
    if by.group is not None:
        return any(_within_reach(phrase, case) for phrase in by.group.phrases)
    if by.places:
        near = not by.places.isdisjoint(case.whereabouts.touching)
        return near or case.facts.place.postcode in by.postcodes
    if by.categories:
        return case.ancestry is None or not by.categories.isdisjoint(case.ancestry)
    if by.channels:
        return case.facts.channel is None or case.facts.channel in by.channels
    return True


def _within_reach(phrase: Phrase, case: Situation) -> bool:
    words = [word for word in case.text.folded if word != BREAK]
    if phrase.anchors:
        return any(word in phrase.anchors for word in words)
    return any(word.startswith(phrase.beginning) for word in words)
