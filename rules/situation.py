"""One case as the conditions see it: every fact computed once, the same for all rules."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from router.decision import Facts
from router.geography import Geography, Whereabouts
from rules.calendars import Calendars
from rules.text import Text

Truth = bool | None
"""True, false, or None: unknown."""

PLACE = "lieu"
CATEGORY = "categorie"


@dataclass(slots=True)
class Situation:
    """A case under evaluation.

    ``away`` are the services that take nothing on the day of reception. ``category`` is with its
    parents in ``ancestry``; both are None when unknown. ``supposed`` names
    the fact that a hypothesis leaves free: a condition that lacks only this one may turn out either
    way. ``truth`` answers for another rule by its id.
    """

    facts: Facts
    text: Text
    local: datetime
    whereabouts: Whereabouts
    geography: Geography
    calendars: Calendars
    away: Collection[str] = ()
    category: str | None = None
    ancestry: frozenset[str] | None = None
    supposed: str = ""
    rule_truth: Callable[[str, Situation], Truth] | None = None
    rule_possible: Callable[[str, Situation], tuple[bool, bool]] | None = None
    truths: dict[str, Truth] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    """Those of its words that some rule looks for."""

    def truth(self, rule: str) -> Truth:
        if rule not in self.truths:
            self.truths[rule] = self.rule_truth(rule, self) if self.rule_truth else None
        return self.truths[rule]

    def possible(self, rule: str) -> tuple[bool, bool]:
        return self.rule_possible(rule, self) if self.rule_possible else (False, False)

    def suppose_place(self, candidate: str | None) -> Situation:
        """Suppose that the place is known to lie in a candidate, its exact point left free.

        What the point that is known rules out or makes sure stays so.
        """
        known = here = self.whereabouts
        if candidate is not None:
            here = self.geography.whereabouts((candidate,))
            if self.facts.place.point is not None:
                here = replace(
                    here, inside=here.inside | known.inside, touching=here.touching & known.touching
                )
        return self._supposing(PLACE, here, self.category, self.ancestry)

    def suppose_category(self, category: str, ancestry: frozenset[str]) -> Situation:
        return self._supposing(CATEGORY, self.whereabouts, category, ancestry)

    def suppose(self, fact: str) -> Situation:
        return self._supposing(fact, self.whereabouts, self.category, self.ancestry)

    def _supposing(
        self, fact: str, here: Whereabouts, category: str | None, ancestry: frozenset[str] | None
    ) -> Situation:
        # written out, since a decision makes some ten of these and `replace` is slow
        return Situation(
            self.facts,
            self.text,
            self.local,
            here,
            self.geography,
            self.calendars,
            self.away,
            category,
            ancestry,
            fact,
            self.rule_truth,
            self.rule_possible,
        )
