"""Finds the service behind a name: roles by territory, deputies, and owners by default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from router.geography import Geography, Whereabouts
from rules.model import Configuration, Ref
from rules.situation import Situation

_MEMO = 4096
_FILLED = 0.97  # outlines never fit exactly


class Lack(Enum):
    """Why a role has no service."""

    UNKNOWN = "unknown"  # the place decides, and is not known well enough
    NOBODY = "nobody"  # no territory of the place has a value


Resolved = str | Lack


@dataclass(frozen=True, slots=True)
class Default:
    """An owner by default, and the territory whose file names it."""

    service: str
    territory: str

    @property
    def rule(self) -> str:
        return f"a_defaut:{self.territory}"


class Owners:
    """Resolves names for one rule set."""

    def __init__(self, configuration: Configuration, geography: Geography) -> None:
        self._geography = geography
        self._services = configuration.services
        self._roles: dict[str, list[tuple[str, str]]] = {
            name: [
                (value.territory, value.service)
                for value in sorted(
                    role.values,
                    key=lambda value: (geography.area(value.territory), value.territory),
                )
            ]
            for name, role in configuration.roles.items()
        }
        self._deputies: Mapping[str, str] = {
            name: entry.service.deputy
            for name, entry in configuration.services.items()
            if entry.service.deputy
        }
        defaults: dict[str, Ref] = {}
        for file in configuration.files:
            if file.default is not None:
                defaults.setdefault(file.territory, file.default)
        self._defaults = sorted(
            defaults.items(), key=lambda item: (geography.area(item[0]), item[0])
        )
        self._metropole = configuration.metropole
        self.last = self._last(defaults)
        self._memo: dict[tuple[str, tuple[str, ...], frozenset[str], frozenset[str]], Resolved] = {}

    def _last(self, defaults: Mapping[str, Ref]) -> Default:
        ref = defaults[self._metropole]
        return Default(ref.id, self._metropole)

    def is_role(self, name: str) -> bool:
        return name in self._roles

    def resolve(self, name: str, here: Whereabouts) -> Resolved:
        """Find the service of a name at a place."""
        values = self._roles.get(name)
        if values is None:
            return name
        if here.outside or not here.each:
            return Lack.NOBODY
        # a point may rule out a quarter that its commune alone leaves open
        key = (name, here.candidates, here.inside, here.touching)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) > _MEMO:
                self._memo.clear()
            found = self._memo[key] = self._resolve(values, here)
        return found

    def _resolve(self, values: list[tuple[str, str]], here: Whereabouts) -> Resolved:
        if len(here.each) == 1:
            return self._at(values, here.candidates[0], here.inside, here.touching)
        found = {
            self._at(values, candidate, own, here.touching)
            for candidate, own in zip(here.candidates, here.each, strict=True)
        }
        return found.pop() if len(found) == 1 else Lack.UNKNOWN

    def _at(
        self,
        values: list[tuple[str, str]],
        candidate: str,
        inside: Collection[str],
        touching: Collection[str],
    ) -> Resolved:
        for territory, service in values:
            if territory in inside:
                return service
        partial = {
            territory: service
            for territory, service in values
            if territory in touching and self._geography.overlaps(territory, candidate)
        }
        if not partial:
            return Lack.NOBODY
        services = set(partial.values())
        known = len(services) == 1 and self._cover(partial, candidate)
        return services.pop() if known else Lack.UNKNOWN

    def _cover(self, territories: Collection[str], candidate: str) -> bool:
        """Whether several territories leave nothing of a place; one alone would hold all of it."""
        if len(territories) == 1:
            return False
        covered = self._geography.area_of_union(territories)
        return covered >= _FILLED * self._geography.area(candidate)

    def defaults(self, here: Whereabouts) -> list[Default]:
        """List owners by default, the smallest known territory first, the metropole's last."""
        found = []
        for territory, ref in self._defaults:
            if territory in here.inside and territory != self._metropole:
                service = self.resolve(ref.id, here)
                if isinstance(service, str):
                    found.append(Default(service, territory))
        return [*found, self.last]

    def default_of(self, territory: str, here: Whereabouts) -> Default:
        """Find the owner by default of a file's territory, or of the nearest one around it."""
        around = self._geography.containers(territory)
        for own, ref in self._defaults:
            if own in around:
                service = self.resolve(ref.id, here)
                if isinstance(service, str):
                    return Default(service, own)
        return self.last

    def is_another(self, name: str, case: Situation, owner: str) -> bool | None:
        """Whether a name means another service than the owner; None when that one has refused."""
        here = case.whereabouts
        found = self.resolve(name, here)
        if isinstance(found, Lack):
            return self.defaults(here)[0].service != owner
        if found in case.facts.refused_by:
            return None
        stand_in, _ = self.stand_ins(found, case.away)
        return stand_in is not None and stand_in != owner

    def stand_ins(self, service: str, away: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
        """Follow deputies until one is there; return it with all the names on the way."""
        chain = [service]
        while chain[-1] in away:
            deputy = self._deputies.get(chain[-1])
            if deputy is None or deputy in chain:
                return None, tuple(chain)
            chain.append(deputy)
        return chain[-1], tuple(chain)
