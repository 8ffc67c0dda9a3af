"""Who must agree before a version of the rules goes live: nobody, or a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rules.grounds import SERVICES, grounds, of_service
from app.rules.refused import Refused
from rules.changes import Changes
from rules.model import Configuration


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts: a name, and the teams for which he says that he speaks (there are no accounts)."""

    name: str
    teams: tuple[str, ...] = ()

    @property
    def speaks_as(self) -> frozenset[str]:
        return frozenset(plain(one) for one in (self.name, *self.teams))


@dataclass(frozen=True, slots=True)
class Needed:
    """Why a second person is needed: rules of danger, and what is others' with who may edit it.

    ``agree`` is that for which only one of its own teams may agree: what → teams. What a team holds
    is a rule file by its path, or a piece of a file of all: ``services.yaml, service voirie``.
    ``grave`` are the changed files in which rules of danger are touched, and ``services`` those that
    get cases elsewhere now, by somebody else, or with other data of the person.
    """

    danger: tuple[str, ...] = ()
    foreign: Mapping[str, tuple[str, ...]] | None = None
    agree: Mapping[str, tuple[str, ...]] | None = None
    grave: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.danger or self.foreign or self.services)

    @property
    def by_team_alone(self) -> bool:
        """Whether an author who names his teams needs nobody any more."""
        return bool(self.foreign) and not (self.danger or self.services)

    @classmethod
    def from_json(cls, asked: Mapping[str, Any]) -> Needed:
        """Read what was kept of it with a version."""
        foreign, agree = (
            {path: tuple(teams) for path, teams in asked.get(key, {}).items()}
            for key in ("foreign", "agree" if "agree" in asked else "foreign")
        )
        danger, grave, services = (
            tuple(asked.get(key, ())) for key in ("danger", "grave", "services")
        )
        return cls(danger, foreign, agree, grave, services)

    def within(self, other: Needed) -> bool:
        """Whether nobody must agree to this but those who must to another as well."""
        return all(
            (mine or {}).keys() <= (theirs or {}).keys()
            for mine, theirs in ((self.foreign, other.foreign), (self.agree, other.agree))
        )

    @property
    def sentences(self) -> list[str]:
        told = []
        if self.danger:
            told.append(f"règles de danger touchées : {', '.join(self.danger)}")
        if self.services:
            told.append(
                f"« {SERVICES} » : la transmission, le suppléant ou « voit » change pour "
                f"{', '.join(self.services)}"
            )
        for path, teams in (self.foreign or {}).items():
            told.append(f"« {path} » se modifie par {', '.join(teams)}")
        for path, teams in (self.agree or {}).items():
            if path not in (self.foreign or {}):
                told.append(f"« {path} » : l'accord vient de {' ou '.join(teams)}")
        return told

    @property
    def covered(self) -> dict[str, tuple[str, ...]]:
        """List the files for which somebody agrees, each with the teams of which he is one."""
        teams = {**(self.foreign or {}), **(self.agree or {})}
        return {path: teams.get(path, ()) for path in sorted({*teams, *self.grave})}

    @property
    def speaking(self) -> str:
        """Write the options by which the second person says for which teams he speaks."""
        return options((self.agree or {}).values())

    def as_json(self) -> dict[str, Any]:
        foreign, agree = (
            {path: list(teams) for path, teams in (own or {}).items()}
            for own in (self.foreign, self.agree)
        )
        own = {"danger": list(self.danger), "foreign": foreign, "agree": agree}
        return {**own, "grave": list(self.grave), "services": list(self.services)}


def options(teams: Iterable[Sequence[str]]) -> str:
    """Name one team of each: ``--equipe superviseurs-reze``."""
    return " ".join(f"--equipe {one}" for one in dict.fromkeys(each[0] for each in teams))


def plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def needed(
    changes: Changes, old: Configuration | None, new: Configuration, author: Author
) -> Needed:
    """Tell why a second person must agree to what replaces a live version.

    ``old`` is None where that one can no longer be read: then every rule counts as changed.
    Who may edit a file is what its live version says, so that nobody lets himself in.
    """
    permits = {**permits_of(new), **(permits_of(old) if old else {})}
    held = {path: permits[path] for path in changes.files if permits.get(path)}
    held |= grounds(changes.files, old, new)
    foreign = foreign_to(author, held)
    grave = {
        file.path
        for configuration in (old, new)
        for file in (configuration.files if configuration else ())
        if any(rule.id in changes.danger for rule in file.rules)
    }
    touched = tuple(path for path in changes.files if path in grave)
    graves = (*touched, *map(of_service, changes.services))
    agree = {what: held[what] for what in graves if what in held}
    return Needed(changes.danger, foreign, foreign | agree, touched, changes.services)


def agreed_told(second: Author, asked: Needed) -> list[str]:
    """Name what the agreement of a second person covers, and for which team he speaks."""
    told = [f"règles de danger : {', '.join(asked.danger)}"] if asked.danger else []
    if asked.services:
        told.append(f"services : {', '.join(asked.services)}")
    for path, teams in asked.covered.items():
        own = [team for team in teams if plain(team) in second.speaks_as]
        told.append(f"« {path} »" + (f", au nom de {', '.join(own)}" if own else ""))
    return told


def permits_of(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    return {file.path: file.may_edit for file in configuration.files}


def foreign_to(author: Author, held: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """List what others than the author may edit; who names no team is of none."""
    return {
        what: teams for what, teams in held.items() if not author.speaks_as & set(map(plain, teams))
    }


def check_second(author: str, second: Author, asked: Mapping[str, Any]) -> None:
    """Check that a second person may agree to what an author has proposed.

    Raises:
        Refused: it is the author, or a person of none of the teams of a file concerned.
    """
    if plain(author) == plain(second.name):
        raise Refused(
            f"« {second.name} » est l'auteur de cette version : l'accord doit venir d'une autre "
            "personne."
        )
    permits: dict[str, Sequence[str]] = dict(asked.get("agree", asked.get("foreign", {})))
    missing = {
        path: teams
        for path, teams in permits.items()
        if not second.speaks_as & set(map(plain, teams))
    }
    if missing:
        told = ", ".join(f"{' ou '.join(teams)} pour « {path} »" for path, teams in missing.items())
        raise Refused(
            f"L'accord doit venir de {told} : si vous en êtes, ajoutez {options(missing.values())}."
        )
