"""`guichet rules explain`: why a case went where it did, or where a message would go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    print_json,
    say,
)
from app.draft import live_rulebook
from app.known_commune import check_commune
from app.rulebook import LoadedRulebook, load_folder
from app.rules.case_explained import as_json_of, decided, lines_of, nearest_of, told_of
from app.rules.refused import refusing
from app.stores import kept_in, opened
from app.system import SystemClock
from app.trying.attempt import attempts
from app.trying.result import decision_told
from router.archive import Action
from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse, printed
from rules.explain import explain as explained
from rules.explain_missing import rules_of
from rules.nearness import nearest
from rules.reading.arrival import arrival
from rules.reading.stated import Stated, stated
from rules.scalars import Unreadable


def explain(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Tracking number of a case.")] = "",
    text: Annotated[str, typer.Option("--texte", help="What a person would write.")] = "",
    commune: Annotated[str, typer.Option("--commune", help="Name or INSEE code.")] = "",
    received: Annotated[
        str, typer.Option("--recu", help="When: samedi 22h10, 2026-11-24T22:30.")
    ] = "",
    channel: Annotated[str, typer.Option("--canal", help="By which channel.")] = "web",
    subject: Annotated[str, typer.Option("--sujet", help="Subject of the mail.")] = "",
    street: Annotated[str, typer.Option("--rue", help="Name of the street.")] = "",
    postcode: Annotated[str, typer.Option("--code-postal", help="Postal code.")] = "",
    point: Annotated[str, typer.Option("--point", help="Latitude, longitude: 47.2,-1.5.")] = "",
    precision: Annotated[str, typer.Option("--precision", help="Of the point, in metres.")] = "",
    category: Annotated[str, typer.Option("--categorie", help="Id of the category.")] = "",
    language: Annotated[str, typer.Option("--langue", help="fr, en, ar…")] = "",
    senders: Annotated[
        list[str] | None, typer.Option("--expediteur", help="Who writes; may be given again.")
    ] = None,
    nature: Annotated[str, typer.Option("--nature", help="signalement, question, idee…")] = "",
    annoyance: Annotated[str, typer.Option("--desordre", help="From 1 to 10.")] = "",
    attachment: Annotated[str, typer.Option("--piece-jointe", help="oui or non.")] = "",
    config: Config = DEFAULT_CONFIG,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Say where a case went, or a message would go, and why.

    A message goes by the rules of --config where it is given, else by those that are live in the
    store, else by the folder config/. What is stated beside the text is read as in `cas` of the
    essais, and stands in the place of what the text says of it.

    Example: guichet rules explain 7K4M-Q2XD-9TZ
    Example: guichet rules explain --texte "lampadaire cassé" --commune Rezé --rue "rue de la Paix"
    """
    said = {
        "sujet": subject, "rue": street, "code_postal": postcode, "point": point,
        "precision": precision, "categorie": category, "langue": language, "nature": nature,
        "desordre": annoyance, "piece_jointe": attachment,
    }  # fmt: skip
    beside: dict[str, Sequence[str]] = {key: [value] for key, value in said.items() if value}
    beside |= {"expediteur": senders} if senders else {}
    with refusing(as_json=as_json):
        if bool(number) == bool(text):
            raise InvalidInput('Donnez le numéro d\'une demande, ou --texte "…".')
        if number and beside:
            raise InvalidInput("Ce que vous dites du message va avec --texte.")
        if number:
            asyncio.run(_explain_case(_number(number), data, database_url, as_json))
        else:
            source = context.get_parameter_source("config")
            asked = source is not None and source.name == "COMMANDLINE"
            live = None if asked else asyncio.run(_live(data, database_url))
            rulebook = live or load_folder(config_folder(config))
            check_commune(commune, rulebook)
            at = _moment(received)
            line = {"text": text, "commune": commune, "at": at, "channel": channel}
            line["subject"] = subject
            known = stated(beside, rulebook.ruleset.configuration)
            asyncio.run(_explain_text(line, known, rulebook, as_json))


async def _live(data: Path, database_url: str) -> LoadedRulebook | None:
    """Load the rules that are live; None where there is no store, or nothing is published."""
    if not database_url and not kept_in(data):
        return None
    async with opened(data, database_url) as store:
        live = await store.active()
    return await asyncio.to_thread(live_rulebook, live)


def _moment(received: str) -> str:
    """Read a moment as the essais write it ("samedi 22h10"); another spelling is left as it is."""
    try:
        return arrival(received).at.isoformat() if received else ""
    except Unreadable:
        return received


async def _explain_text(
    line: Mapping[str, Any], known: Stated, rulebook: LoadedRulebook, as_json: bool
) -> None:
    async with attempts(rulebook) as attempt:
        result = await attempt.run(line, SystemClock().now())
        if result["action"] == Action.QUARANTINE:
            raise InvalidInput(f"{result['reason'][:1].upper()}{result['reason'][1:]}.")
        decision, facts = attempt.decided, await attempt.facts()
    if decision is not None and facts is not None and known.said:
        facts = known.onto(facts)
        decision = rulebook.decide(facts)
        result["decision"] = decision_told(decision, decision.owner, decision.questions)
    if as_json or decision is None:
        print_json(result["decision"] or {"reason": result["reason"]})
        return
    near = nearest(rulebook.ruleset, facts) if facts else None
    for told in explained(decision, ruleset=rulebook.ruleset, near=near).splitlines():
        say(told)


# --- a case ----------------------------------------------------------------------------------


def _number(text: str) -> TrackingNumber:
    try:
        return parse(text)
    except InvalidInput:
        raise InvalidInput(
            f"« {text[:40]} » n'est pas un numéro de demande (7K4M-Q2XD-9TZ en est un)."
        ) from None


async def _explain_case(
    wanted: TrackingNumber, data: Path, database_url: str, as_json: bool
) -> None:
    async with opened(data, database_url) as store:
        case = await store.case(wanted)
        if case is None:
            raise InvalidInput(f"Aucune demande ne porte le numéro {printed(wanted)}.")
        events = await store.events(case.id)
        if case.parent is not None and not decided(events):
            events = await store.events(case.parent)  # a part was decided with the whole
        versions = await store.versions()
        live = await store.active()
        told = [told_of(one, versions) for one in decided(events)]
        near = await nearest_of(store, told[-1]) if told and not as_json else None
    if not told:
        raise InvalidInput(f"La demande {printed(wanted)} n'a encore été décidée par aucune règle.")
    rulebook = await asyncio.to_thread(live_rulebook, live)
    ruleset = rulebook.ruleset if rulebook else None
    rules = rules_of(ruleset)
    if as_json:
        print_json(as_json_of(case, told, rules))
    else:
        for line in lines_of(case, told, rules, ruleset, near):
            say(line)
