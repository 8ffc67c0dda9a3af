"""Names the owner of a case straight from what is written: the oracle's own reading of 3.4 to 3.9."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date

from router.decision import Facts, Part, ServiceId
from router.geography import Whereabouts
from rules.compile import RuleSet
from rules.model import RoleValue, Rule
from rules.scalars import Day, Season

UNKNOWN, NOBODY = object(), object()
"""Why a role has no service: the place must tell, or no territory of the place has one."""
_REFUSALS_UNTIL_THE_DESK = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What a rule that holds wants of the owner; ``rank`` is its place among all rules."""

    rule: Rule
    rank: int
    owner: str | None
    parts: tuple[tuple[str, str, str | None], ...] = ()
    """Words, service or role, category."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is in charge, by which rule, and whether the place must still tell."""

    service: str
    rule: str
    priority: str
    wish: Wish | None = None
    provisional: bool = False
    own_promises: bool = False
    """Whether the rule that won speaks for this very owner."""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """Looks services up for one case."""

    ruleset: RuleSet
    facts: Facts
    here: Whereabouts

    def lookup(self, name: str, here: Whereabouts | None = None) -> object:
        """Find a service by its name or role: a name, UNKNOWN or NOBODY."""
        role = self.ruleset.configuration.roles.get(name)
        if role is None:
            return name
        here = here or self.here
        if not here.candidates:
            return NOBODY
        answers = {self._of(role.values, here, index) for index in range(len(here.candidates))}
        return answers.pop() if len(answers) == 1 else UNKNOWN

    def _of(self, values: Iterable[RoleValue], here: Whereabouts, index: int) -> object:
        """Read a role for one place where the case may lie: the smallest territory around it."""
        geography, candidate = self.ruleset.geography, here.candidates[index]
        around = here.inside if len(here.candidates) == 1 else here.each[index]
        holding = [one for one in values if one.territory in around]
        if holding:
            best = min(holding, key=lambda one: (geography.area(one.territory), one.territory))
            return best.service
        crossing = [
            one
            for one in values
            if one.territory in here.touching and geography.overlaps(one.territory, candidate)
        ]
        if not crossing:
            return NOBODY
        if len(crossing) == 1 or len({one.service for one in crossing}) > 1:
            return UNKNOWN
        whole = geography.area_of_union(one.territory for one in crossing)
        return crossing[0].service if whole >= 0.97 * geography.area(candidate) else UNKNOWN

    def available(self, service: str) -> str | None:
        """Go from deputy to deputy until one is there."""
        seen: set[str] = set()
        while service in self.facts.unavailable or self._is_absent(service):
            entry = self.ruleset.configuration.services.get(service)
            seen.add(service)
            if entry is None or not entry.service.deputy or entry.service.deputy in seen:
                return None
            service = entry.service.deputy
        return service

    def _is_absent(self, service: str) -> bool:
        """Whether the day on which the case came in lies in an absence of a service."""
        entry = self.ruleset.configuration.services.get(service)
        today = self.facts.received_at.astimezone(self.ruleset.zone).date()
        return any(_lies_in(today, one.season) for one in (entry.absences if entry else ()))

    def by_default(self) -> tuple[str, str]:
        """Find the owner by default of the smallest known territory that can take the case."""
        desk, metropole = self.desk
        for territory, name in [*self._nearest_first(), (metropole, desk)]:
            service = self.lookup(name)
            if not isinstance(service, str) or service in self.facts.refused_by:
                continue
            taker = self.available(service)
            if taker is not None and taker not in self.facts.refused_by:
                return taker, territory
        return self.desk

    def first_default(self, here: Whereabouts) -> str:
        """Find who would be the owner by default there, whether or not he refused."""
        for _, name in self._nearest_first(here):
            service = self.lookup(name, here)
            if isinstance(service, str):
                return service
        return self.desk[0]

    def coordinator(self, territory: str) -> str:
        """Find the owner by default of a file's territory, or of the nearest one around it."""
        geography = self.ruleset.geography
        for own in sorted(self._defaults(), key=lambda one: (geography.area(one), one)):
            if geography.contains(own, territory):
                service = self.lookup(self._defaults()[own])
                if isinstance(service, str):
                    return service
        return self.desk[0]

    @property
    def desk(self) -> tuple[str, str]:
        """Give the metropole's owner by default, who takes what nobody else does."""
        metropole = self.ruleset.configuration.metropole
        return self._defaults()[metropole], metropole

    def _nearest_first(self, here: Whereabouts | None = None) -> list[tuple[str, str]]:
        around = (here or self.here).inside
        metropole, geography = self.ruleset.configuration.metropole, self.ruleset.geography
        own = [one for one in self._defaults().items() if one[0] in around and one[0] != metropole]
        return sorted(own, key=lambda one: (geography.area(one[0]), one[0]))

    def _defaults(self) -> Mapping[str, str]:
        """Read who the first file of each territory names."""
        found: dict[str, str] = {}
        for file in reversed(self.ruleset.configuration.files):
            if file.default is not None:
                found[file.territory] = file.default.id
        return found


def _lies_in(today: date, season: Season) -> bool:
    """Whether a day lies in a period, its ends included; a yearly one may go over New Year."""
    first, last = season.start or Day(1, 1), season.end or Day(12, 31)
    if not season.yearly:
        start, end = (first.year or MINYEAR), (last.year or MAXYEAR)
        return date(start, first.month, first.day) <= today <= date(end, last.month, last.day)
    after = (today.month, today.day) >= (first.month, first.day)
    before = (today.month, today.day) <= (last.month, last.day)
    over_new_year = (first.month, first.day) > (last.month, last.day)
    return after or before if over_new_year else after and before


def choose(directory: Directory, wishes: list[Wish]) -> Owner:
    """Choose the owner; the wishes are those of the rules that hold, and of the table, by rank."""
    facts = directory.facts
    chosen = facts.agent_choice
    danger = any(wish.rule.priority == "danger" for wish in wishes)
    if chosen and chosen not in facts.refused_by and not danger:
        return Owner(chosen, "choix_agent", "choix_agent")
    if len(facts.refused_by) >= _REFUSALS_UNTIL_THE_DESK:
        service, territory = directory.desk
        there = directory.available(service) or service
        return Owner(there, f"a_defaut:{territory}", "a_defaut")
    for wish in wishes:
        owner = _shared(directory, wish) if wish.parts else _one(directory, wish)
        if owner is not None:
            return owner
    service, territory = directory.by_default()
    return Owner(service, f"a_defaut:{territory}", "a_defaut")


def _one(directory: Directory, wish: Wish) -> Owner | None:
    """Give a case to whom a rule names; None when that one, or his deputy, refused it."""
    rule = wish.rule
    service = directory.lookup(wish.owner or "")
    if not isinstance(service, str):
        taker, _ = directory.by_default()
        return Owner(taker, rule.id, rule.priority, wish, provisional=service is UNKNOWN)
    if service in directory.facts.refused_by:
        return None
    there = directory.available(service)
    if there in directory.facts.refused_by:
        return None
    if there is None:
        return Owner(directory.by_default()[0], rule.id, rule.priority, wish)
    return Owner(there, rule.id, rule.priority, wish, own_promises=True)


def _shared(directory: Directory, wish: Wish) -> Owner | None:
    """Split a case: who coordinates owns it, and each part has an owner of its own.

    None when who should coordinate, or his deputy, refused it.
    """
    rule = wish.rule
    named = directory.coordinator(rule.territory)
    there = directory.available(named)
    if {named, there} & set(directory.facts.refused_by):
        return None
    parent = there or directory.by_default()[0]
    found = [(words, directory.lookup(name), category) for words, name, category in wish.parts]
    if any(service is UNKNOWN for _, service, _ in found):
        return Owner(parent, rule.id, rule.priority, wish, provisional=True, own_promises=True)
    parts = []
    for words, service, category in found:
        own = service if isinstance(service, str) else parent
        taker = directory.available(own) or parent
        about = category or directory.ruleset.category_of(words)
        parts.append(Part(words, ServiceId(taker), about))
    return Owner(parent, rule.id, rule.priority, wish, own_promises=True, parts=tuple(parts))
