"""Says what a rule set wants counted for a case, of the rules alone that it may concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from router.counting import CountQuestion, Same
from router.decision import Facts
from router.geography import Geography
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.counts import Counted, Tally
from rules.conditions.logic import leaves
from rules.delays import before
from rules.settle import Read

_COUNTED_ANYWAY = 50
"""So far is counted at least: a draft that names a larger number can be replayed on past cases."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A tally that rules of one territory ask for, with the smallest and largest number they name."""

    tally: Tally
    name: str
    same: tuple[Same, ...]
    least: int
    most: int
    bound: frozenset[str]
    everywhere: bool
    categories: tuple[str, ...]
    areas: tuple[str, ...]


class Counts:
    """The tallies of one rule set, by the category of the cases that they concern."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        wishes = [
            (one, self._wish(one, leaf))
            for one in ruleset.rules
            for leaf in leaves((*one.rule.when, *one.rule.unless))
            if isinstance(leaf, Counted)
        ]
        self._by_category: dict[str | None, tuple[_Wish, ...]] = {
            name: _merged(wish for one, wish in wishes if _concerns(one, ancestry))
            for name, ancestry in ruleset.categories.ancestries.items()
        }
        self._by_category[None] = _merged(w for one, w in wishes if one.categories is None)

    def asked(self, facts: Facts, reading: Read) -> tuple[CountQuestion, ...]:
        """List the questions for a case; none for one that lies elsewhere."""
        wishes = self._by_category.get(reading.category, ())
        if not wishes or reading.outside:
            return ()
        if not all(wish.everywhere for wish in wishes):
            touching = reading.case.whereabouts.touching
            wishes = tuple(w for w in wishes if w.everywhere or not touching.isdisjoint(w.bound))
        return tuple(self._question(wish, facts.received_at) for wish in wishes)

    def _question(self, wish: _Wish, until: datetime) -> CountQuestion:
        return CountQuestion(
            wish.name,
            wish.least,
            before(until, wish.tally.window, self._ruleset.zone),
            until,
            wish.same,
            wish.categories,
            wish.areas,
            wish.tally.itself,
            max(_COUNTED_ANYWAY, 2 * wish.most),
        )

    def _wish(self, one: Compiled, leaf: Counted) -> _Wish:
        tally = leaf.tally
        return _Wish(
            tally,
            tally.name,
            tuple(map(Same, tally.same)),
            leaf.least,
            leaf.least,
            one.bound,
            self._ruleset.configuration.metropole in one.bound,
            _below(tally.categories, self._ruleset.categories.ancestries),
            _inside(tally.territories, self._ruleset.geography),
        )


def _concerns(one: Compiled, ancestry: frozenset[str]) -> bool:
    return one.categories is None or not one.categories.isdisjoint(ancestry)


def _merged(wishes: Iterable[_Wish]) -> tuple[_Wish, ...]:
    """Ask each tally once, for all the territories of the rules that want it."""
    found: dict[str, _Wish] = {}
    for wish in wishes:
        known = found.get(wish.name, wish)
        found[wish.name] = replace(
            wish,
            least=min(known.least, wish.least),
            most=max(known.most, wish.most),
            bound=known.bound | wish.bound,
            everywhere=known.everywhere or wish.everywhere,
        )
    return tuple(found.values())


def _below(names: Iterable[str], ancestries: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """List categories with all their children."""
    wanted = set(names)
    return tuple(
        sorted(name for name, own in ancestries.items() if not wanted.isdisjoint(own))
        if wanted
        else ()
    )


def _inside(names: Iterable[str], geography: Geography) -> tuple[str, ...]:
    """List the territories that lie in one of these, as a case names the smallest one it is in.

    A zone smaller than all of them stands for the smallest that holds it. Everything needs no list.
    """
    found: set[str] = set()
    for name in names:
        if all(geography.contains(name, commune) for commune in geography.communes()):
            return ()
        own = {each for each in geography.ids() if geography.contains(name, each)}
        around = (each for each in geography.containers(name) if each != name)
        found |= own if len(own) > 1 else {name, min(around, key=geography.area, default=name)}
    return tuple(sorted(found))
