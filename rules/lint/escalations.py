"""Finds escalations that come back, through a role, to who has the case already."""

from __future__ import annotations

from collections.abc import Iterator

from router.geography import Whereabouts
from rules.compile import RuleSet
from rules.model import Ref
from rules.problems import Problems
from rules.ranking import rule_places

_MOST_NAMED = 5


class Escalations:
    """Follows the escalations of one rule set at every place where a role may differ.

    Those that come back without any role are told where the names are read.
    """

    def __init__(self, ruleset: RuleSet, problems: Problems) -> None:
        self._ruleset = ruleset
        self._geography = ruleset.geography
        self._services = ruleset.configuration.services
        self._problems = problems
        self._communes = ruleset.geography.communes()
        self._smaller = sorted(
            {
                value.territory
                for role in ruleset.configuration.roles.values()
                for value in role.values
                if not self._around_a_commune(value.territory)
            }
        )
        self._by_role = any(
            entry.promises.escalation and ruleset.owners.is_role(entry.promises.escalation.to.id)
            for entry in self._services.values()
        )

    def report(self) -> None:
        """Report those of rules, then those of services; an error where no place is left."""
        for one in self._ruleset.rules:
            owner, said = one.rule.effects.owner, one.rule.effects.promises.escalation
            if owner is not None and said is not None:
                bounds = [frozenset({one.rule.territory}), rule_places(one.rule, self._geography)]
                grounds = [own for own in bounds if own]
                self._check(f"de la règle « {one.rule.id} »", owner.id, said.to, grounds)
        for name, entry in self._services.items():
            home, said = entry.service.insee, entry.promises.escalation
            if said is not None:
                grounds = [frozenset({home})] if home and self._geography.known(home) else []
                self._check(f"du service « {name} »", name, said.to, grounds)

    def _check(self, whose: str, owner: str, to: Ref, grounds: list[frozenset[str]]) -> None:
        if not self._by_role and not any(map(self._ruleset.owners.is_role, (owner, to.id))):
            return  # the same at every place
        places = list(self._places(grounds))
        back = [place for place in places if self._returns(owner, to.id, place)]
        if not back:
            return
        names = [f"« {self._geography.commune_name(place)} »" for place in back[:_MOST_NAMED]]
        more = f" et {len(back) - _MOST_NAMED} autres lieux" if back[_MOST_NAMED:] else ""
        who = "à lui-même" if whose.startswith("du service") else "à son responsable"
        message = (
            f"L'escalade {whose} revient {who} : « {to.id} » y mène à {', '.join(names)}{more}"
        )
        fix = "Nommez un autre service, ou un rôle qui en donne un autre."
        if len(back) == len(places):
            self._problems.error(to.at, "cycle", message, fix)
        else:
            self._problems.warning(to.at, "escalade-au-meme", message, fix)

    def _returns(self, owner: str, to: str, place: str) -> bool:
        here = self._geography.whereabouts((place,))
        first, after = self._service(owner, here), self._service(to, here)
        seen: set[str] = set()
        while after is not None and after != first and after not in seen:
            seen.add(after)
            said = self._services[after].promises.escalation
            after = self._service(said.to.id, here) if said else None
        return after is not None and after == first

    def _service(self, name: str, here: Whereabouts) -> str | None:
        found = self._ruleset.owners.resolve(name, here)
        return found if isinstance(found, str) else None

    def _places(self, grounds: list[frozenset[str]]) -> Iterator[str]:
        """List the communes of a ground, and what is smaller and has a role's value of its own."""
        for place in (*self._communes, *self._smaller):
            if all(any(self._geography.overlaps(place, one) for one in own) for own in grounds):
                yield place

    def _around_a_commune(self, place: str) -> bool:
        return any(self._geography.contains(place, commune) for commune in self._communes)
