"""`guichet rules publish`: a draft becomes the live rules, in all processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.city_time import CITY, DAY
from app.console import DEFAULT_DATA, FAILED, Data, DatabaseUrl, Json, err, print_json, say
from app.draft import Draft, draft_of
from app.french import counted
from app.rulebook import load_files
from app.rules.publishing import Published, author_of, publish
from app.rules.refused import Refused, refusing
from app.rules.second_person import Needed, options
from app.stores import opened
from app.system import SystemClock
from app.written import check_writable, write
from router.errors import InvalidInput
from router.store import Store
from router.versions import RulesetVersion
from web.published.page import page

By = Annotated[str, typer.Option("--par", help="Who acts (default: GUICHET_PAR, the session).")]
Teams = Annotated[
    list[str] | None,
    typer.Option(
        "--equipe", help="A team of `peut_modifier` that this person speaks for; without it, none."
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence; kept for ever.")]
Public = Annotated[
    Path | None, typer.Option("--public", help="Write the live rules as a page for citizens.")
]


def publish_rules(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the draft.")] = None,
    reason: Reason = "",
    by: By = "",
    teams: Teams = None,
    public: Public = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Publish a draft that was replayed; rules of danger, or another's files, wait for a second person.

    Example: guichet rules publish config/ --reason "Éclairage de Rezé" --par Awa --public regles.html
    """

    async def run() -> tuple[Draft, Published] | None:
        async with opened(data, database_url) as store:
            done = await _publish(store, folder, reason, by, teams) if folder else None
            if public is not None:
                await write_page(store, public)
            return done

    with refusing(as_json=as_json):
        if folder is None and public is None:
            raise InvalidInput("Donnez le dossier du brouillon, ou --public et un fichier.")
        check_writable(public)
        done = asyncio.run(run())
        if done is None:
            if as_json:
                print_json({"page": str(public)})
            else:
                say(f"Page écrite : {public}")
            return
        _tell(*done, as_json=as_json)
        if done[0].kept:
            raise typer.Exit(FAILED)


async def _publish(
    store: Store, folder: Path, reason: str, by: str, teams: list[str] | None
) -> tuple[Draft, Published]:
    if not reason.strip():
        raise InvalidInput('Dites pourquoi : --reason "…".')
    now = SystemClock().now()
    live = await store.active()
    draft = await asyncio.to_thread(draft_of, folder, live, now.date())
    author = author_of(by, teams)
    return draft, await publish(store, draft, live, author, reason.strip(), now)


def _tell(draft: Draft, done: Published, *, as_json: bool) -> None:
    if as_json:
        print_json(_json(draft, done))
        return
    for kept in draft.kept:
        say(f"! {kept}", to=err)
    if done.version is None:
        say(_told_nothing(draft))
        return
    if done.waited:
        _tell_waiting(done.version, done.needed)
        return
    number = done.version.version
    for line in [*told_changes(done.changes.as_json()), _replay(done.replay)]:
        say(line)
    warnings = sum(one.severity == "warning" for one in draft.problems)
    if warnings:
        told = counted(warnings, "avertissement")
        say(f"{told} : « guichet rules check » {'les' if warnings > 1 else 'le'} montre.")
    if not done.needed:
        say(f"Version {number} en service.")
        return
    say(f"Version {number} en attente de l'accord d'une deuxième personne :")
    _tell_needed(number, done.needed)
    for old in done.withdrawn:
        say(f"La version {old}, qui attendait avec le même contenu, est retirée.")


def _told_nothing(draft: Draft) -> str:
    """Say why nothing is published; a draft of which a faulty file is left out is not live."""
    if not draft.kept:
        return "Rien à publier : ce contenu est déjà en service."
    names = ", ".join(f"« {one.path} »" for one in draft.kept)
    if len(draft.kept) == 1:
        faulty, mend = f"le fichier fautif {names} est laissé de côté", "Corrigez-le"
    else:
        faulty, mend = f"les fichiers fautifs {names} sont laissés de côté", "Corrigez-les"
    return f"Rien n'est publié : {faulty}, et le reste est déjà en service. {mend}, puis publiez."


def _tell_waiting(version: RulesetVersion, needed: Needed) -> None:
    say(
        f"Ce brouillon attend déjà, sous le numéro {version.version} : {version.author} l'a "
        f"proposé le {CITY.shown(version.at)}. Il lui faut l'accord d'une deuxième personne :"
    )
    _tell_needed(version.version, needed)


def _tell_needed(number: int, needed: Needed) -> None:
    for sentence in needed.sentences:
        say(f"  {sentence}")
    say(f"  guichet rules approve {number} --par NOM {needed.speaking}".rstrip())
    if needed.by_team_alone:
        say(f"  Si vous en êtes, publiez avec {options((needed.foreign or {}).values())}")


def _replay(record: Mapping[str, Any] | None) -> str:
    """Say what the replay of a draft looked at, so that nobody thinks that it looked at more."""
    if record is None:
        return "Rejeu : aucune demande n'a encore été décidée, il n'y avait rien à rejouer."
    since = CITY.shown(datetime.fromisoformat(record["since"]), DAY)
    if not record["cases"]:
        return (
            f"Rejeu : il commençait au {since} et n'a trouvé aucun cas : il ne dit rien de ce qui "
            "changerait."
        )
    changed = counted(record["changed"], "cas changerait", "cas changeraient")
    return f"Rejeu : {changed} sur {counted(record['replayed'], 'rejoué')} depuis le {since}."


def _json(draft: Draft, done: Published) -> dict[str, object]:
    version = done.version
    return {
        "version": version.version if version else None,
        "state": version.state.value if version else "unchanged",
        "hash": draft.rulebook.hash,
        "changes": done.changes.as_json(),
        "kept": [
            {"file": one.path, "version": one.version, "errors": [str(e) for e in one.problems]}
            for one in draft.kept
        ],
        "second_person": done.needed.as_json(),
        "replay": done.replay,
    }


def told_changes(changes: dict[str, list[str]]) -> list[str]:
    """Say in a few lines what a version changed."""
    names = {
        "files_added": "fichiers ajoutés",
        "files_changed": "fichiers changés",
        "files_removed": "fichiers retirés",
        "rules_added": "règles ajoutées",
        "rules_changed": "règles changées",
        "rules_removed": "règles retirées",
    }
    return [f"{told} : {_some(changes[key])}" for key, told in names.items() if changes.get(key)]


def _some(names: list[str], most: int = 12) -> str:
    more = f" et {len(names) - most} autres" if len(names) > most else ""
    return ", ".join(names[:most]) + more


async def write_page(store: Store, path: Path) -> None:
    """Write the page of the live rules.

    Raises:
        Refused: nothing was ever published.
    """
    live = await store.active()
    if live is None:
        raise Refused("Rien n'est publié : il n'y a pas de page à écrire.")
    rulebook = await asyncio.to_thread(load_files, live.files)
    text = page(rulebook.ruleset.configuration, rulebook.geography, live, SystemClock().now())
    await asyncio.to_thread(write, path, text)
