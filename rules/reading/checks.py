"""Checks across files without a map: owners by default, names that lead back to themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.conditions.facts import RuleHolds
from rules.conditions.logic import leaves
from rules.model import Configuration, Ref, RuleFile
from rules.problems import At, Problems
from rules.reading.yaml_mistakes import DEEPEST


def check(
    configuration: Configuration,
    rules: Mapping[str, At],
    problems: Problems,
    *,
    unreadable: bool = False,
) -> None:
    """Report what is wrong across files; ``unreadable`` tells that a rule file is missing here."""
    communes = {one.insee: one.name for one in configuration.territory.communes}
    first = _defaults(configuration, communes, problems)
    _metropole_default(configuration, first, problems, unreadable)
    services = configuration.services
    deputies = {
        name: (entry.service.deputy,) for name, entry in services.items() if entry.service.deputy
    }
    places = {name: entry.at for name, entry in services.items()}
    _cycles("suppleant", deputies, places, problems)
    escalations = {
        name: (entry.promises.escalation.to.id,)
        for name, entry in services.items()
        if entry.promises.escalation
    }
    _cycles("escalade", escalations, places, problems)
    _escalations(configuration, escalations, problems)
    cited = {
        rule.id: tuple(
            name
            for leaf in leaves((*rule.when, *rule.unless))
            if isinstance(leaf, RuleHolds)
            for name in leaf.rules
        )
        for file in configuration.files
        for rule in file.rules
    }
    _cycles("regle", cited, rules, problems)
    _depth(cited, rules, problems)


def _defaults(
    configuration: Configuration, communes: Mapping[str, str], problems: Problems
) -> dict[str, tuple[RuleFile, Ref]]:
    first: dict[str, tuple[RuleFile, Ref]] = {}
    for file in configuration.files:
        if file.default is None or not file.territory:
            continue
        if file.territory not in first:
            first[file.territory] = (file, file.default)
            continue
        other, default = first[file.territory]
        if default.id != file.default.id:
            territory = communes.get(file.territory, file.territory)
            problems.error(
                file.default.at,
                "a-defaut-double",
                f"Deux fichiers donnent un responsable par défaut différent au territoire "
                f"« {territory} » : « {default.id} » ({other.path}) et « {file.default.id} »",
                "Gardez le même dans les deux, ou un seul.",
            )
    return first


def _metropole_default(
    configuration: Configuration,
    first: Mapping[str, tuple[RuleFile, Ref]],
    problems: Problems,
    unreadable: bool,
) -> None:
    own = [file for file in configuration.files if file.territory == configuration.metropole]
    found = first.get(configuration.metropole)
    if found is None:
        if any("a_defaut" in file.broken for file in own):
            return  # it is there, and its own mistake is already told
        if unreadable or not all(file.territory for file in configuration.files):
            return
        at = own[0].at if own else None
        if at is None:
            at = configuration.files[0].at if configuration.files else At("regles")
        problems.error(
            at,
            "a-defaut-manquant",
            f"Aucun fichier du territoire « {configuration.metropole} » n'a de clé « a_defaut »",
            "Ajoutez « a_defaut: service ».",
        )
    elif found[1].id in configuration.roles:
        problems.error(
            found[1].at,
            "a-defaut-mort",
            f"Le responsable par défaut de la métropole « {found[1].id} » est un rôle, "
            "qui peut rester sans valeur",
            "Nommez un service.",
        )


_RINGS = {
    "suppleant": "Les suppléants tournent en rond",
    "escalade": "Les escalades tournent en rond",
    "regle": "Les règles se citent en rond",
}


def _cycles(
    kind: str, leads: Mapping[str, Iterable[str]], places: Mapping[str, At], problems: Problems
) -> None:
    """Report each cycle once, at the first of its members."""
    told: set[frozenset[str]] = set()
    leads = _entangled(leads)
    for start in sorted(leads, key=lambda name: (places.get(name, At("")), name)):
        for ring in _rings(start, leads):
            if frozenset(ring) in told:
                continue
            told.add(frozenset(ring))
            shown = " → ".join([*ring, ring[0]])
            problems.error(
                places.get(ring[0], At("regles")),
                "cycle",
                f"{_RINGS[kind]} : {shown}",
                "Coupez l'un de ces liens.",
            )


def _entangled(leads: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Leave out, one layer after another, the names that lead to none that is left."""
    left = {name: tuple(own) for name, own in leads.items()}
    citing: dict[str, list[str]] = {}
    for name, own in left.items():
        for one in own:
            citing.setdefault(one, []).append(name)
    ends = [name for name, own in left.items() if not any(one in left for one in own)]
    while ends:
        name = ends.pop()
        if left.pop(name, None) is not None:
            ends += [
                one
                for one in citing.get(name, ())
                if one in left and not any(other in left for other in left[one])
            ]
    return left


def _depth(
    cited: Mapping[str, tuple[str, ...]], places: Mapping[str, At], problems: Problems
) -> None:
    """Report a chain of rules that cite each other further than a person could follow."""
    if _entangled(cited):
        return  # a ring, told on its own
    deep = set(cited)
    for _ in range(DEEPEST):
        deep = {name for name in deep if not deep.isdisjoint(cited[name])}
    if deep:
        first = min(deep, key=lambda name: (places.get(name, At("")), name))
        problems.error(
            places.get(first, At("regles")),
            "trop-profond",
            f"À partir de « {first} », des règles se citent sur plus de {DEEPEST} niveaux",
            "Reprenez leurs conditions dans une seule règle.",
        )


def _escalations(
    configuration: Configuration, services: Mapping[str, Iterable[str]], problems: Problems
) -> None:
    """Report a rule that escalates to its own owner, at once or through that of services."""
    for file in configuration.files:
        for rule in file.rules:
            owner, to = rule.effects.owner, rule.effects.promises.escalation
            if owner is None or to is None:
                continue
            chain = [owner.id, to.to.id]
            while chain[-1] != owner.id and (after := next(iter(services.get(chain[-1], ())), "")):
                if after in chain[1:]:
                    break  # a ring of services, told on its own
                chain.append(after)
            if chain[-1] == owner.id:
                shown = " → ".join(chain)
                problems.error(
                    to.to.at,
                    "cycle",
                    f"L'escalade de la règle « {rule.id} » revient à son responsable : {shown}",
                    "Nommez un autre service.",
                )


def _rings(start: str, leads: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """List the cycles through ``start`` that a depth-first walk meets."""
    found: list[list[str]] = []
    seen: set[str] = set()
    path: list[str] = [start]
    stack = [iter(leads.get(start, ()))]
    while stack:
        name = next(stack[-1], None)
        if name is None:
            stack.pop()
            path.pop()
        elif name == start:
            found.append(list(path))
        elif name not in seen:
            seen.add(name)
            path.append(name)
            stack.append(iter(leads.get(name, ())))
    return found
