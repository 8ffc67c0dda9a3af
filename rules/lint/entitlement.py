"""Checks that a file keeps to its ground: its territory, its services, the families left to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from router.directory import Level
from router.geography import Geography
from rules.compile import RuleSet
from rules.conditions.facts import CategoryIs, RuleHolds
from rules.conditions.place import HasPostcode, Inside
from rules.conditions.source import Condition
from rules.dnf import terms
from rules.model import Cell, Configuration, Ref, Rule, RuleFile
from rules.owners import Lack
from rules.problems import At, Problems
from rules.ranking import rule_places

_DESK = "accueil"


class Entitlement:
    """Checks the rule files of one configuration; ``today`` ends agreements, when it is known."""

    def __init__(self, ruleset: RuleSet, problems: Problems, today: date | None) -> None:
        self.ruleset = ruleset
        self.configuration: Configuration = ruleset.configuration
        self.geography: Geography = ruleset.geography
        self.problems = problems
        self.today = today
        self.rules = {one.id: one for file in self.configuration.files for one in file.rules}
        self.communes = frozenset(ruleset.geography.communes())
        self.coded = any(map(ruleset.geography.postcodes_of_commune, self.communes))

    def report(self) -> None:
        for file in self.configuration.files:
            commune = self._commune(file)
            self._default(file)
            if commune is not None:
                self._services(file, commune)
            for rule in file.rules:
                self._inside(file, rule)
                if rule.priority != "danger":
                    self._reserved(file, rule, commune)

    def _commune(self, file: RuleFile) -> str | None:
        """Find the commune that a file's territory is, or lies inside."""
        around = self.geography.containers(file.territory) & self.communes
        return min(around) if around else None

    # --- territory -------------------------------------------------------------------------------

    def _inside(self, file: RuleFile, rule: Rule) -> None:
        told: set[At] = set()
        for term in terms(rule):
            for literal in term:
                condition = literal.condition
                if not literal.positive or condition.at in told:
                    continue
                if isinstance(condition, Inside):
                    away = [
                        name for name in sorted(condition.territories) if not self._here(file, name)
                    ]
                elif isinstance(condition, HasPostcode):
                    away = [code for code in sorted(condition.postcodes) if self._gone(file, code)]
                else:
                    continue
                if away:
                    told.add(condition.at)
                    self._away(file, rule, condition.at, away)

    def _here(self, file: RuleFile, territory: str) -> bool:
        return self.geography.overlaps(file.territory, territory)

    def _gone(self, file: RuleFile, postcode: str) -> bool:
        """Whether no commune of a file has a postal code, where codes are known at all."""
        own = self.geography.communes_of_postcode(postcode)
        return self.coded and not any(self._here(file, commune) for commune in own)

    def _away(self, file: RuleFile, rule: Rule, at: At, away: list[str]) -> None:
        names = ", ".join(f"« {self._name(name)} »" for name in away)
        self.problems.error(
            at,
            "hors-territoire",
            f"La règle « {rule.id} » vise {names}, hors du territoire « "
            f"{self._name(file.territory)} » de son fichier",
            "Enlevez ce lieu, ou placez la règle dans le fichier de ce territoire.",
        )

    def _name(self, territory: str) -> str:
        return self.geography.commune_name(territory)

    # --- services --------------------------------------------------------------------------------

    def _default(self, file: RuleFile) -> None:
        """A role by default must have a value in the whole territory of its file."""
        if file.default is None or not self.ruleset.owners.is_role(file.default.id):
            return
        here = self.geography.whereabouts((file.territory,))
        if isinstance(self.ruleset.owners.resolve(file.default.id, here), Lack):
            self.problems.error(
                file.default.at,
                "a-defaut-mort",
                f"Le rôle « {file.default.id} » n'a pas de service certain dans le territoire "
                f"« {self._name(file.territory)} »",
                "Nommez un service.",
            )

    def _services(self, file: RuleFile, commune: str) -> None:
        named: list[Ref] = [file.default] if file.default else []
        for rule in file.rules:
            named += rule.named
        for ref in named:
            if not self._granted(file, ref.id, commune):
                self.problems.error(
                    ref.at,
                    "service-non-accorde",
                    f"Le service « {ref.id} » n'est pas de {self._name(commune)} "
                    "et ne lui a pas été accordé",
                    "Nommez un service de la commune, un rôle, le guichet de la métropole, "
                    "ou ajoutez un accord dans competences.yaml.",
                )

    def _granted(self, file: RuleFile, name: str, commune: str) -> bool:
        entry = self.configuration.services.get(name)
        if entry is None or entry.service.insee == commune:
            return True  # a role, or a service of its own
        service = entry.service
        if service.level is Level.METROPOLE and service.family == _DESK:
            return True
        return name == self.ruleset.owners.last.service or self._agreed(file, service.family)

    def _agreed(self, file: RuleFile, family: str) -> bool:
        return any(
            one.family == family
            and self.geography.contains(one.grantee, file.territory)
            and (one.until is None or self.today is None or self.today <= one.until)
            for one in self.configuration.agreements
        )

    # --- reserved families -----------------------------------------------------------------------

    def _reserved(self, file: RuleFile, rule: Rule, commune: str | None) -> None:
        holder = "commune" if commune is None else "metropole"
        reserved = set(self.configuration.reserved.get(holder, ()))
        families = sorted(_required_families(rule, self.configuration, self.rules) & reserved)
        for family in families:
            if self._agreed(file, family):
                continue
            for ref in rule.owners:
                if self._entitled_role(ref.id, holder) or self._as_table(rule, family, ref):
                    continue
                whom = "à la métropole" if holder == "metropole" else "aux communes"
                self.problems.error(
                    ref.at,
                    "famille-reservee",
                    f"La règle « {rule.id} » confie à « {ref.id} » la famille « {family} », "
                    f"réservée {whom}",
                    "Nommez le service de la table des compétences, ou ajoutez un accord.",
                )

    def _entitled_role(self, name: str, holder: str) -> bool:
        role = self.configuration.roles.get(name)
        level = Level.METROPOLE if holder == "metropole" else Level.CITY
        return role is not None and all(
            self.configuration.services[value.service].service.level is level
            for value in role.values
        )

    def _as_table(self, rule: Rule, family: str, ref: Ref) -> bool:
        """Whether the table names the same owner wherever the rule acts."""
        places = rule_places(rule, self.geography) or frozenset({rule.territory})
        grounds = {
            commune
            for commune in self.communes
            for place in places
            if self.geography.overlaps(commune, place)
            and self.geography.overlaps(commune, rule.territory)
        }
        inner = {one for one in places if self.geography.containers(one) & grounds} - grounds
        return all(self._same_at(family, ref, place) for place in inner or grounds)

    def _same_at(self, family: str, ref: Ref, place: str) -> bool:
        here = self.geography.whereabouts((place,))
        owner = self.ruleset.owners.resolve(ref.id, here)
        for cell in self._cells(family, place):
            if ref.id == cell.owner.id or self.ruleset.owners.resolve(cell.owner.id, here) == owner:
                return True
        return False

    def _cells(self, family: str, place: str) -> Iterable[Cell]:
        cells = [cell for cell in self.configuration.cells if cell.family == family]
        around = [
            cell
            for cell in cells
            if cell.territory is None or self.geography.contains(cell.territory, place)
        ]
        around.sort(
            key=lambda cell: (
                float("inf") if cell.territory is None else self.geography.area(cell.territory)
            )
        )
        yield from around[:1]
        for cell in cells:
            if cell.territory is not None and self.geography.contains(place, cell.territory):
                yield cell


def _required_families(
    rule: Rule, configuration: Configuration, rules: Mapping[str, Rule]
) -> set[str]:
    """List the families of the categories that a rule requires, also through rules that it cites."""
    found: set[str] = set()
    waiting, seen = [rule], {rule.id}
    while waiting:
        for condition in _wanted(waiting.pop()):
            if isinstance(condition, CategoryIs):
                own = (configuration.categories.get(name) for name in condition.categories)
                found |= {category.family for category in own if category is not None}
            elif isinstance(condition, RuleHolds):
                cited = [name for name in condition.rules if name in rules and name not in seen]
                seen.update(cited)
                waiting += [rules[name] for name in cited]
    return found


def _wanted(rule: Rule) -> Iterator[Condition]:
    """List the conditions that an alternative of a rule wants to hold."""
    for term in terms(rule):
        for literal in term:
            if literal.positive:
                yield literal.condition
