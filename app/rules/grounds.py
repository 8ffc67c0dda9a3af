"""Tells whose ground a change touches in the files that all teams share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rules.described import described
from rules.model import Configuration

SERVICES = "services.yaml"
_COMPETENCES = "competences.yaml"


def grounds(
    files: Iterable[str], old: Configuration | None, new: Configuration
) -> dict[str, tuple[str, ...]]:
    """List what changes in the files of all, each with the teams whose ground it is.

    Teams are those of ``peut_modifier`` in the live version, so that nobody lets himself in: of the
    rule files of a territory for its services, cells and roles, else those of the metropole. Where
    nobody named a team, nothing is anybody's.
    """
    source = old or new
    teams = _teams(source)
    common = teams.get(source.metropole, ())
    rule_files = {
        file.path for one in (old, new) for file in (one.files if one else ()) if one is not None
    }
    found: dict[str, tuple[str, ...]] = {
        path: common for path in files if path not in rule_files and path != SERVICES
    }
    for what, territory in _touched(old, new):
        found[what] = teams.get(territory or source.metropole, common)
    return {what: own for what, own in found.items() if own}


def of_service(name: str) -> str:
    """Name the lines of a service as the second person reads them."""
    return f"{SERVICES}, service {name}"


def _teams(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """List the teams of each territory: those of all its files, or else of any of them."""
    named: dict[str, list[tuple[str, ...]]] = {}
    for file in configuration.files:
        if file.may_edit:
            named.setdefault(file.territory, []).append(file.may_edit)
    found = {}
    for territory, each in named.items():
        every = tuple(dict.fromkeys(team for teams in each for team in teams))
        shared = tuple(team for team in every if all(team in teams for teams in each))
        found[territory] = shared or every
    return found


def _touched(old: Configuration | None, new: Configuration) -> Iterator[tuple[str, str | None]]:
    """List the changed services, role values and cells of towns, each with its territory."""
    names = {one.insee: one.name for one in new.territory.communes}
    before, after = _lines(old, names) if old else {}, _lines(new, names)
    for what in sorted(before.keys() | after.keys()):
        first, then = before.get(what), after.get(what)
        if described(first) != described(then):
            held = first or then
            yield what, held[0] if held else None


def _lines(
    configuration: Configuration, names: Mapping[str, str]
) -> dict[str, tuple[str | None, object]]:
    """Give each line that has a holder: what it is → the territory that holds it, what it says."""
    found: dict[str, tuple[str | None, object]] = {
        of_service(name): (entry.service.insee, entry)
        for name, entry in configuration.services.items()
    }
    for role in configuration.roles.values():
        for value in role.values:
            where = names.get(value.territory, value.territory)
            found[f"{SERVICES}, rôle {role.id}, {where}"] = (value.territory, value.service)
    for cell in configuration.cells:
        if cell.territory is not None:
            where = names.get(cell.territory, cell.territory)
            what = f"{_COMPETENCES}, case « {cell.family} », {where}"
            found[what] = (cell.territory, cell.owner.id)
    return found
