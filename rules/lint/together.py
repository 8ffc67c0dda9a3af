"""Finds conditions that hold two by two but never all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import prod
from typing import Any

from router.decision import Nature, Urgency
from rules.conditions import facts
from rules.conditions.place import Inside
from rules.conditions.words import Contains
from rules.dnf import Literal, Term
from rules.lint.meaning import phrase_implies
from rules.lint.overlap import Comparison, degrees
from rules.phrases import Phrase

_MOST = 10_000
"""Comparisons for one fact of one alternative; of more, nothing is told."""
Literals = Sequence[Literal]
Values = Callable[[Any], Iterable[object]]


@dataclass(frozen=True, slots=True)
class Together:
    """Looks at all conditions of an alternative that are about one fact at once.

    What is not told surely is not told: moments, counts, streets, postal codes, objects of a layer.
    """

    compare: Comparison

    def clash(self, term: Term) -> Literals | None:
        """Find conditions, as few as will do, that cannot all be as the term wants them."""
        by_kind: dict[type, list[Literal]] = {}
        for literal in term:
            by_kind.setdefault(type(literal.condition), []).append(literal)
        for kind, own in by_kind.items():
            if len(own) > 1 and self._empty(kind, own):
                return self._fewest(kind, own)
        return None

    def _fewest(self, kind: type, own: list[Literal]) -> list[Literal]:
        for literal in tuple(own):
            fewer = [one for one in own if one is not literal]
            own = fewer if self._empty(kind, fewer) else own
        return own

    def _empty(self, kind: type, own: Literals) -> bool:
        wanted: list[Any] = [one.condition for one in own if one.positive]
        out: list[Any] = [one.condition for one in own if not one.positive]
        if kind is Inside:
            return self._nowhere(wanted, out)
        if kind is Contains:
            return _unsaid(wanted, out)
        if kind is facts.SenderIs:  # one person may be of several kinds
            barred = frozenset(chain.from_iterable(one.kinds for one in out))
            return any(one.kinds <= barred for one in wanted)
        if kind is facts.CategoryIs:
            every: frozenset[object] = frozenset(self.compare.family_trees)
            return _none_left(wanted, out, self.compare.categories, every)
        return kind in _VALUES and _none_left(wanted, out, *_VALUES[kind])

    def _nowhere(self, wanted: list[Any], out: list[Any]) -> bool:
        """Whether no territories, one of each condition, share a ground that is not excluded."""
        barred = [name for one in out for name in one.territories]
        within, overlaps = self.compare.within, self.compare.geography.overlaps
        ways = [[name for name in one.territories if not within([name], barred)] for one in wanted]
        if not ways or prod(map(len, ways)) > _MOST:
            return False
        return not any(
            all(overlaps(here, there) for here, there in combinations(way, 2))
            for way in product(*ways)
        )


def _none_left(
    wanted: list[Any], out: list[Any], values: Values, every: frozenset[object] | None
) -> bool:
    """Whether no value is left; ``every`` are all that there are, None where nobody can list them."""
    left = [frozenset(values(one)) for one in wanted] + ([every] if every else [])
    return bool(left) and frozenset.intersection(*left) <= set(chain(*map(values, out)))


def _unsaid(wanted: list[Any], out: list[Any]) -> bool:
    """Whether each word of a group that is wanted is excluded by itself."""
    barred = sum(len(group.phrases) for one in out for group in one.groups)
    return any(
        len(group.phrases) * barred <= _MOST
        and all(any(_says(phrase, one) for one in out) for phrase in group.phrases)
        for one in wanted
        for group in one.groups
    )


def _says(phrase: Phrase, condition: Contains) -> bool:
    """Whether a text that holds a phrase fulfils a condition."""
    return all(
        any(phrase_implies(phrase, other) for other in group.phrases) for group in condition.groups
    )


_VALUES: dict[type, tuple[Values, frozenset[object] | None]] = {
    facts.ChannelIs: (lambda one: one.channels, None),
    facts.LanguageIs: (lambda one: one.languages, None),
    facts.UrgencyIs: (lambda one: one.urgencies, frozenset(Urgency)),
    facts.NatureIs: (lambda one: one.natures, frozenset(Nature)),
    facts.Annoyance: (degrees, frozenset(range(1, 11))),
    facts.HasAttachment: (lambda one: [one.wanted], frozenset({True, False})),
}
"""Kind of condition → the values that it admits, and all that there are."""
