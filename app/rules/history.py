"""`guichet rules history`: what was published, by whom, when, why, and what it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from app.city_time import CITY
from app.console import DEFAULT_DATA, Data, DatabaseUrl, Json, print_json, say
from app.french import counted
from app.rules.publish import told_changes
from app.rules.publishing import asked_of
from app.rules.refused import refusing
from app.stores import opened
from router.versions import RulesetVersion, VersionState

_STATES = {
    VersionState.PUBLISHED: "publiée",
    VersionState.PENDING: "en attente d'une deuxième personne",
    VersionState.WITHDRAWN: "retirée avant d'être publiée",
}


def history(
    data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: Json = False
) -> None:
    """List the versions of the rules: who, when, why, and what changed.

    Example: guichet rules history --json
    """

    async def run() -> tuple[Sequence[RulesetVersion], int]:
        async with opened(data, database_url) as store:
            active = await store.active()
            return await store.versions(), active.version if active else 0

    with refusing(as_json=as_json):
        versions, live = asyncio.run(run())
        if as_json:
            print_json([_json(one, live) for one in versions])
            return
        if not versions:
            say("Rien n'a encore été publié.")
        for one in versions:
            for line in _lines(one, live):
                say(line)


def _json(version: RulesetVersion, live: int) -> dict[str, Any]:
    return {
        "version": version.version,
        "live": version.version == live,
        "state": version.state.value,
        "hash": version.hash,
        "author": version.author,
        "approved_by": version.approved_by or None,
        "reason": version.reason,
        "at": version.at.isoformat(),
        "base": version.base,
        **version.record,
    }


def _lines(version: RulesetVersion, live: int) -> list[str]:
    state = "en service" if version.version == live else _STATES[version.state]
    agreed = f", avec l'accord de {version.approved_by}" if version.approved_by else ""
    record = version.record
    lines = [
        f"Version {version.version} ({state}), {CITY.shown(version.at)}, "
        f"par {version.author}{agreed} : {version.reason}"
    ]
    lines += [f"  {line}" for line in told_changes(record.get("changes", {}))]
    covered = asked_of(version).covered
    if version.approved_by and covered:
        lines.append(f"  l'accord de {version.approved_by} vaut pour : {', '.join(covered)}")
    if kept := record.get("kept"):
        lines.append(f"  fichiers fautifs laissés comme avant : {', '.join(kept)}")
    if lint := record.get("lint"):
        lines.append(f"  {counted(lint['warnings'], 'avertissement')} à la vérification")
    if failed := record.get("tests", {}).get("failed"):
        lines.append(f"  {counted(failed, 'essai échouait', 'essais échouaient')}")
    if replay := record.get("replay"):
        lines.append(
            f"  rejeu : {counted(replay['changed'], 'cas changerait', 'cas changeraient')} sur "
            f"{counted(replay['replayed'], 'rejoué')}"
        )
    if restored := record.get("restores"):
        lines.append(f"  retour au contenu de la version {restored}")
    if emergency := record.get("emergency"):
        lines.append(f"  en urgence, sans l'accord d'une deuxième personne : {emergency}")
    return lines
