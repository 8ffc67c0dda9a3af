"""Writes in advance what is told of the rules of a word, as it is for nearly every text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rules.compiled import Compiled
from rules.conditions.source import Condition, Miss
from rules.conditions.words import Contains
from rules.situation import Situation


class Rest(NamedTuple):
    """What a rule asks beside its words, in written order, then its territory."""

    rule: str
    conditions: tuple[Condition, ...]
    territory: str

    def tell(self, case: Situation) -> Miss:
        """Tell the first that fails."""
        for condition in self.conditions:
            found = condition.missed(self.rule, case)
            if found is not None:
                return found
        return elsewhere(self.rule, self.territory, case)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is told of the first rules of a word, in rank order, where a text has no other of theirs.

    Most lack their other words: this is ready, and never changed. Where a rule lacks none, its rest
    is to be asked; None is a rule that must be asked as a whole.
    """

    told: tuple[Miss | Rest | None, ...]
    others: Mapping[str, Sequence[int]]
    """Word → numbers of the rules that it says something else about."""


def usual(rules: Sequence[Compiled], word: str) -> Usual:
    """Find what is told of rules where a text has this word, and no other of theirs."""
    others: dict[str, list[int]] = {}
    for one in rules:
        for words in _words(one):
            for other in words if word not in words else ():
                others.setdefault(other, []).append(one.number)
    return Usual(tuple([_told(one, word) for one in rules]), others)


def elsewhere(rule: str, territory: str, case: Situation) -> Miss:
    """Tell that a rule's territory is another than the case's."""
    where = list(case.whereabouts.candidates) or "hors territoire"
    return {"rule": rule, "condition": "territoire", "expected": territory, "value": where}


def _words(one: Compiled) -> Sequence[Collection[str]]:
    """Give the groups of lone words that a rule asks for before all else; none if there are none."""
    first = one.asked[0] if one.asked else None
    return (first.lone or ()) if isinstance(first, Contains) else ()


def _told(one: Compiled, word: str) -> Miss | Rest | None:
    words = _words(one)
    absent = [number for number, own in enumerate(words, 1) if word not in own]
    if absent and isinstance(one.asked[0], Contains):
        return one.asked[0].lacking(one.id, absent)
    if not words or one.rule.unless or one.rule.season is not None:
        return None
    return Rest(one.id, one.asked[1:], one.rule.territory)
