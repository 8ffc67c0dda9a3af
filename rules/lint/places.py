"""Warns of outlines that do not fit, of roles nobody fills, and of services away from home."""

from __future__ import annotations

from collections.abc import Collection

from router.geography import Geography
from rules.compile import RuleSet
from rules.model import Role
from rules.owners import Lack
from rules.problems import At, Problems
from rules.ranking import rule_places

_FILLED = 0.97  # share of a commune from which on its quartiers fill it; outlines never fit exactly


def advise_places(ruleset: RuleSet, problems: Problems) -> None:
    """Report what is doubtful on the map, and who is named for where."""
    _roles(ruleset, problems)
    _abroad(ruleset, problems)
    _quartiers(ruleset, problems)
    _gaps(ruleset, problems)


def _roles(ruleset: RuleSet, problems: Problems) -> None:
    for role in ruleset.configuration.roles.values():
        without = [
            name
            for commune in ruleset.geography.communes()
            for name in _without(ruleset, role, commune)
        ]
        if without:
            shown = ", ".join(without[:5]) + (
                f" et {len(without) - 5} autres" if without[5:] else ""
            )
            problems.warning(
                role.at,
                "role-sans-valeur",
                f"Le rôle « {role.id} » n'a pas de service à {shown}",
                "Ajoutez-le ; sans lui le responsable par défaut reçoit ces cas.",
            )


def _without(ruleset: RuleSet, role: Role, commune: str) -> list[str]:
    """Name a commune without a service, or those parts of it that are without one."""
    geography, owners = ruleset.geography, ruleset.owners
    if owners.resolve(role.id, geography.whereabouts((commune,))) is Lack.NOBODY:
        return [geography.commune_name(commune)]
    if any(geography.contains(one.territory, commune) for one in role.values):
        return []
    inner = _inside(ruleset, commune)
    found = [
        name
        for name in inner
        if owners.resolve(role.id, geography.whereabouts((name,))) is Lack.NOBODY
    ]
    valued = [one.territory for one in role.values if geography.overlaps(one.territory, commune)]
    if not _fill(geography, commune, {*inner, *valued}):
        found.append(f"{geography.commune_name(commune)} hors de ses quartiers")
    return found


def _inside(ruleset: RuleSet, commune: str) -> list[str]:
    """List the territories that are drawn inside a commune."""
    geography = ruleset.geography
    return [
        one.id
        for one in ruleset.configuration.territory.territories
        if one.outlines
        and geography.contains(commune, one.id)
        and not geography.contains(one.id, commune)
    ]


def _fill(geography: Geography, commune: str, parts: Collection[str]) -> bool:
    return geography.area_of_union(parts) >= _FILLED * geography.area(commune)


def _abroad(ruleset: RuleSet, problems: Problems) -> None:
    """Report services of one commune that own cases outside it."""
    services, geography = ruleset.configuration.services, ruleset.geography
    everywhere = frozenset({ruleset.configuration.metropole})
    named = [
        (ref, [frozenset({one.rule.territory}), rule_places(one.rule, geography)])
        for one in ruleset.rules
        for ref in one.rule.owners
    ]
    named += [
        (cell.owner, [everywhere if cell.territory is None else frozenset({cell.territory})])
        for cell in ruleset.configuration.cells
    ]
    named += [
        (file.default, [frozenset({file.territory})])
        for file in ruleset.configuration.files
        if file.default is not None
    ]
    for ref, bounds in named:  # all bounds hold: a file never acts outside its territory
        entry = services.get(ref.id)
        home = entry.service.insee if entry else None
        if home is None or not geography.known(home):
            continue
        if not any(
            places and all(geography.contains(home, place) for place in places) for places in bounds
        ):
            problems.warning(
                ref.at,
                "service-hors-commune",
                f"Le service « {ref.id} » de {geography.commune_name(home)} reçoit ici des cas "
                "d'autres communes",
                "Bornez la règle à sa commune, ou nommez un rôle.",
            )
    _abroad_by_role(ruleset, problems)


def _abroad_by_role(ruleset: RuleSet, problems: Problems) -> None:
    """Report the same of a role: a slip in its table sends a whole commune to the next one."""
    services, geography = ruleset.configuration.services, ruleset.geography
    for role in ruleset.configuration.roles.values():
        for value in role.values:
            entry = services.get(value.service)
            home = entry.service.insee if entry else None
            if home is None or not geography.known(home):
                continue
            if not geography.contains(home, value.territory):
                problems.warning(
                    value.at,
                    "service-hors-commune",
                    f"Le rôle « {role.id} » donne les cas de "
                    f"{geography.commune_name(value.territory)} au service « {value.service} » de "
                    f"{geography.commune_name(home)}",
                    "Corrigez le service, si ce n'est pas voulu.",
                )


def _quartiers(ruleset: RuleSet, problems: Problems) -> None:
    geography = ruleset.geography
    drawn = [one.id for one in ruleset.configuration.territory.territories if one.outlines]
    for index, one in enumerate(drawn):
        for other in drawn[index + 1 :]:
            apart = not geography.overlaps(one, other)
            if apart or geography.contains(one, other) or geography.contains(other, one):
                continue
            problems.warning(
                At("territoire/territoire.yaml"),
                "territoires-croises",
                f"Les territoires « {one} » et « {other} » se chevauchent",
                "Corrigez leurs contours : un lieu ne doit avoir qu'un plus petit territoire.",
            )


def _gaps(ruleset: RuleSet, problems: Problems) -> None:
    """Report a commune that is cut into quartiers which do not fill it."""
    geography = ruleset.geography
    drawn = [one.id for one in ruleset.configuration.territory.territories if one.outlines]
    for commune in geography.communes():
        inner = [
            name
            for name in drawn
            if geography.contains(commune, name) and not geography.contains(name, commune)
        ]
        if len(inner) < 2:
            continue
        filled = geography.area_of_union(inner) / geography.area(commune)
        if filled < _FILLED:
            problems.warning(
                At("territoire/territoire.yaml"),
                "territoires-troues",
                f"Les territoires de {geography.commune_name(commune)} laissent "
                f"{1 - filled:.0%} de la commune sans quartier",
                "Complétez leurs contours, si un rôle ou une règle compte sur eux.",
            )
